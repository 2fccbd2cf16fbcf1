//! A story of everything that happens to bookings, told to everyone who may hear of it: what they see is what a fresh page shows.

use super::Topic;
use super::listener_tests::Listener;
use super::stage_tests::Stage;
use crate::booking::model::{Action, BookByHand, BookingQuery, BookingView, ListAs, Side, Status};
use crate::booking::{self, CancelBooking, Reschedule, settlement};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::event::EventKind;
use crate::id::{BookingId, ServiceId};
use crate::page::PageQuery;
use crate::payment::port::IntentStatus;
use crate::review::model::WriteReview;
use crate::time::Instant;
use crate::{review, scheduling};
use sqlx::PgPool;

const STEPS: usize = 200;
/// Minutes between two steps: a hold runs out before someone goes on with it, and before the duty says so.
const PAUSES: [i64; 7] = [0, 0, 0, 1, 2, 5, 12];
const ALIVE: [Status; 5] = [Status::Held, Status::Requested, Status::Confirmed, Status::InProgress, Status::Completed];

#[derive(Debug, Clone, Copy)]
enum Turn {
    Hold,
    ByHand,
    /// Someone finishes in the gateway's form, or tries to.
    Money,
    /// By anyone for whom the step is open just now.
    Step(Action),
}

/// One after the other, and between them any: what is open to nobody then is left out.
const TURNS: [Turn; 29] = [
    Turn::Hold,
    Turn::Step(Action::Pay),
    Turn::Money,
    Turn::Hold,
    Turn::Step(Action::Release),
    Turn::Step(Action::Approve),
    Turn::Step(Action::Edit),
    Turn::Hold,
    Turn::Step(Action::Pay),
    Turn::Step(Action::Reschedule),
    Turn::Step(Action::Consent),
    Turn::Hold,
    Turn::Step(Action::Decline),
    Turn::Step(Action::Start),
    Turn::Step(Action::Complete),
    Turn::ByHand,
    Turn::Step(Action::Reschedule),
    Turn::Step(Action::Refuse),
    Turn::Hold,
    Turn::Step(Action::Release),
    Turn::Step(Action::RunningLate),
    Turn::Step(Action::OnTheWay),
    Turn::Step(Action::NoShow),
    Turn::Money,
    Turn::Hold,
    Turn::Step(Action::Reschedule),
    Turn::Step(Action::Withdraw),
    Turn::Step(Action::Cancel),
    Turn::Step(Action::Review),
];

/// What a story without would not be about.
const TOLD: [EventKind; 15] = [
    EventKind::BookingHeld,
    EventKind::BookingReleased,
    EventKind::BookingExpired,
    EventKind::BookingRequested,
    EventKind::BookingConfirmed,
    EventKind::BookingDeclined,
    EventKind::BookingCancelled,
    EventKind::RescheduleProposed,
    EventKind::BookingRescheduled,
    EventKind::BookingStarted,
    EventKind::BookingCompleted,
    EventKind::BookingNoShow,
    EventKind::BookingEdited,
    EventKind::PaymentPaid,
    EventKind::RefundSettled,
];

impl Stage {
    async fn open_a_booking(&mut self) {
        let Some(id) = self.unopened.pop_front() else { return };
        let ctx = match self.made[&id] {
            Some(at) if self.random.below(2) == 0 => self.customers[at].clone(),
            _ => self.owner.clone(),
        };
        self.listeners.push(Listener::open(ctx, Topic::Booking(id), self.shop).await);
    }

    async fn hold(&mut self) -> Result<()> {
        let (customer, service) = (self.random.below(3), self.shop.services[self.random.below(2)]);
        let Some(starts_at) = self.free_start(service).await else { return Ok(()) };
        let id = self.hold_at(customer, service, starts_at).await?;
        if self.random.below(2) == 0 {
            return Ok(());
        }
        self.pay(&self.customers[customer], id, Some("pm_card_visa")).await
    }

    /// One of the next.
    async fn free_start(&mut self, service: ServiceId) -> Option<Instant> {
        let free = scheduling::get_availability(&self.owner, &self.shop.query(service)).await.expect("free times");
        let next: Vec<Instant> = free.days.into_iter().flat_map(|day| day.slots).map(|slot| slot.starts_at).take(6).collect();
        if next.is_empty() {
            return None;
        }
        Some(next[self.random.below(next.len())])
    }

    async fn book_by_hand(&mut self) -> Result<()> {
        let service_id = self.shop.services[self.random.below(2)];
        let Some(starts_at) = self.free_start(service_id).await else { return Ok(()) };
        let input = BookByHand {
            service_id,
            starts_at,
            resource_id: None,
            add_ons: Vec::new(),
            customer_name: "Maud Ferris".into(),
            customer_email: String::new(),
            customer_phone: String::new(),
            notes: String::new(),
            address: None,
            is_paid_by_link: false,
            is_free: false,
            is_outside_hours: false,
        };
        let id = booking::book_by_hand(&self.owner, input).await?.booking.id;
        self.note(id, None);
        Ok(())
    }

    /// The gateway says what became of a form that was open.
    async fn money(&mut self) -> Result<()> {
        let gateway = &self.world.gateway;
        let open = gateway.intents().into_iter().filter(|intent| intent.status == IntentStatus::RequiresMethod);
        let mut open: Vec<String> = open.map(|intent| intent.reference).collect();
        open.sort();
        if open.is_empty() {
            return Ok(());
        }
        let reference = &open[self.random.below(open.len())];
        match self.random.below(4) {
            0 => gateway.customer_is_declined(reference, "card_declined"),
            _ => gateway.customer_pays(reference),
        };
        let message = gateway.message_about(&format!("evt_{}", self.world.next()), reference);
        settlement::receive(&self.world.system(), message.clone()).await?;
        // delivered twice
        settlement::receive(&self.world.system(), message).await
    }

    /// A booking, and someone who may do this with it now.
    async fn find(&mut self, action: Action) -> Option<(Ctx, BookingView)> {
        let page = PageQuery { limit: Some(100), cursor: None };
        let query = BookingQuery { side: ListAs::Provider, status: ALIVE.to_vec(), page, ..BookingQuery::default() };
        let mut alive = booking::list(&self.owner, &query).await.expect("theirs").items;
        let first = self.random.below(alive.len() + 1);
        alive.rotate_left(first);
        for item in alive {
            let ctx = self.someone(action, item.id);
            let view = booking::get(&ctx, item.id).await.expect("theirs to see");
            if view.may(action) {
                return Some((ctx, view));
            }
        }
        None
    }

    fn someone(&mut self, action: Action, id: BookingId) -> Ctx {
        let customer = self.made[&id].map(|at| self.customers[at].clone());
        let side = match action {
            Action::Pay | Action::Release | Action::Edit => 0,
            Action::Approve | Action::Decline | Action::Start | Action::Complete | Action::OnTheWay | Action::RunningLate => 1,
            _ => self.random.below(3),
        };
        match (side, customer) {
            (0, Some(customer)) => customer,
            (2, _) => self.admin.clone(),
            _ => self.owner.clone(),
        }
    }

    async fn step(&mut self, action: Action) -> Result<()> {
        let Some((ctx, booking)) = self.find(action).await else { return Ok(()) };
        let id = booking.id;
        match action {
            Action::Pay => {
                let card = (self.random.below(2) == 0).then_some("pm_card_visa");
                self.pay(&ctx, id, card).await
            }
            Action::Release => booking::release(&ctx, id).await,
            Action::Approve => booking::approve(&ctx, id).await.map(drop),
            Action::Decline => booking::decline(&ctx, id, "Fully booked").await.map(drop),
            Action::Consent => booking::consent(&ctx, id, None).await.map(drop),
            Action::Refuse => booking::refuse(&ctx, id, None).await.map(drop),
            Action::Withdraw => booking::withdraw(&ctx, id, None).await.map(drop),
            Action::Start => booking::start(&ctx, id).await.map(drop),
            Action::Complete => booking::complete(&ctx, id).await.map(drop),
            Action::OnTheWay => booking::on_the_way(&ctx, id).await.map(drop),
            Action::RunningLate => booking::running_late(&ctx, id, 10).await.map(drop),
            Action::Reschedule => match self.free_start(booking.service_id).await {
                Some(starts_at) => booking::reschedule(&ctx, id, Reschedule { starts_at, resource_id: None }).await.map(drop),
                None => Ok(()),
            },
            Action::Edit => booking::edit_notes(&ctx, id, &format!("Note {}", self.world.next())).await.map(drop),
            Action::NoShow => booking::no_show(&ctx, id, Some(Side::Customer)).await.map(drop),
            Action::Cancel => booking::cancel(&ctx, id, CancelBooking::default()).await.map(drop),
            Action::Review => review::write(&ctx, id, &WriteReview { rating: 5, body: String::new() }).await.map(drop),
            Action::BookAgain => Ok(()),
        }
    }

    async fn take(&mut self, turn: Turn) {
        let outcome = match turn {
            Turn::Hold => self.hold().await,
            Turn::ByHand => self.book_by_hand().await,
            Turn::Money => self.money().await,
            Turn::Step(action) => self.step(action).await,
        };
        if let Err(refusal) = outcome {
            assert!(refusal.status() < 500, "{turn:?}: {refusal}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_listens_sees_what_a_fresh_page_shows(db: PgPool) {
    let mut stage = Stage::new(db).await;
    stage.open().await;
    for step in 1..=STEPS {
        stage.world.pass_minutes(PAUSES[stage.random.below(PAUSES.len())]);
        if step % 50 == 0 {
            // a night
            stage.world.pass_hours(21);
        }
        let turn = if step % 2 == 0 { TURNS[step / 2 % TURNS.len()] } else { TURNS[stage.random.below(TURNS.len())] };
        stage.take(turn).await;
        if step % 5 == 0 {
            stage.work().await;
        }
        if stage.random.below(3) == 0 {
            stage.open_a_booking().await;
        }
        if step % 75 == 0 {
            // those who come late
            stage.open().await;
        }
        stage.hear().await;
        if step % 20 == 0 {
            stage.is_true(step == STEPS).await;
        }
    }
    let told = stage.world.events().await;
    for kind in TOLD {
        assert!(told.iter().any(|one| one == kind.as_str()), "the story has no {}", kind.as_str());
    }
}
