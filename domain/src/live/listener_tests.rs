//! Someone with a page open, for tests: a snapshot, and then what is told after it, in as many goes as they like.

use super::{Frame, Missed, Topic, list_missed, require_topic};
use crate::booking::model::{BookingQuery, ListAs};
use crate::ctx::Ctx;
use crate::event::Cursor;
use crate::id::{ProviderId, ServiceId};
use crate::scheduling::model::AvailabilityQuery;
use crate::time::Date;
use crate::{booking, outbox, scheduling};
use std::collections::BTreeMap;
use std::time::Duration;

/// Bookings and where they stand, or starts of a service that are free.
type View = BTreeMap<String, String>;

/// What is looked at, of services whose starts do not overlap.
#[derive(Clone, Copy)]
pub struct Shop {
    pub provider: ProviderId,
    pub services: [ServiceId; 2],
    pub from: Date,
    pub to: Date,
}

impl Shop {
    pub fn query(&self, service: ServiceId) -> AvailabilityQuery {
        AvailabilityQuery {
            provider: self.provider,
            service,
            from: self.from,
            to: self.to,
            zone: None,
            resource: None,
            extra_min: 0,
            ignoring: None,
        }
    }
}

pub struct Listener {
    pub topic: Topic,
    ctx: Ctx,
    shop: Shop,
    view: View,
    cursor: Cursor,
}

impl Listener {
    pub async fn open(ctx: Ctx, topic: Topic, shop: Shop) -> Self {
        require_topic(&ctx, topic).await.expect("theirs to hear");
        let (view, cursor) = look(&ctx, topic, &shop).await;
        Self { topic, ctx, shop, view, cursor }
    }

    /// Hears what was missed, and is cut off again after so many frames.
    pub async fn follow(&mut self, most: usize) {
        let missed = match list_missed(&self.ctx, self.topic, self.cursor).await.expect("lists") {
            Missed::Frames(missed) => missed,
            Missed::Reload => return self.fetch().await,
        };
        for (at, frame) in missed.iter().take(most) {
            assert!(*at >= self.cursor && *at >= frame.place, "in order");
            self.cursor = frame.place;
            if !self.apply(frame) {
                return self.fetch().await;
            }
        }
    }

    async fn fetch(&mut self) {
        (self.view, self.cursor) = look(&self.ctx, self.topic, &self.shop).await;
    }

    /// False if it says no more than that something changed.
    fn apply(&mut self, frame: &Frame) -> bool {
        let text = |member: &str| frame.data[member].as_str().map(str::to_owned);
        if !matches!(self.topic, Topic::Availability(_)) {
            if let (Some(booking), Some(status)) = (text("booking_id"), text("status")) {
                self.view.insert(booking, status);
            }
            return true;
        }
        let (Some(is_free), Some(start), Some(service)) = (frame.data["is_free"].as_bool(), text("starts_at"), text("service_id")) else {
            return false;
        };
        if is_free {
            self.view.insert(start_of(&start, &service), "free".to_owned());
        } else {
            self.view.remove(&start_of(&start, &service));
        }
        true
    }

    /// Everything that was told makes the page as a fresh one is.
    pub async fn sees_the_truth(&mut self) {
        self.follow(usize::MAX).await;
        let (fresh, _) = look(&self.ctx, self.topic, &self.shop).await;
        if matches!(self.topic, Topic::Availability(_)) {
            // A page knows what time it is: nothing is told of starts that pass.
            let now = self.ctx.now().to_string();
            self.view.retain(|start, _| *start >= now);
        }
        let keys = self.view.keys().chain(fresh.keys());
        let differs: Vec<_> = keys.map(|key| (key, self.view.get(key), fresh.get(key))).filter(|(_, seen, is)| seen != is).collect();
        assert!(differs.is_empty(), "{:?} at {}: what, as shown, as it is: {differs:#?}", self.topic, self.ctx.now());
    }
}

fn start_of(start: &str, service: &str) -> String {
    format!("{start} {service}")
}

/// What a fresh page shows, and from where to go on.
async fn look(ctx: &Ctx, topic: Topic, shop: &Shop) -> (View, Cursor) {
    // Before the look: what it shows already may be told once more.
    let cursor = outbox::cursor(ctx.db()).await.expect("a cursor");
    let view = match topic {
        Topic::Availability(_) => free_starts(ctx, shop).await,
        Topic::Me(_) => bookings(ctx, BookingQuery::default()).await,
        Topic::Provider(provider) => bookings(ctx, of_provider(provider)).await,
        Topic::Admin => bookings(ctx, of_provider(shop.provider)).await,
        Topic::Booking(id) => {
            let booking = booking::get(ctx, id).await.expect("theirs to see");
            View::from([(id.to_string(), booking.status.to_string())])
        }
    };
    (view, cursor)
}

fn of_provider(provider: ProviderId) -> BookingQuery {
    BookingQuery { side: ListAs::Provider, provider: Some(provider), ..BookingQuery::default() }
}

async fn bookings(ctx: &Ctx, mut query: BookingQuery) -> View {
    let mut view = View::new();
    query.page.limit = Some(100);
    loop {
        let page = booking::list(ctx, &query).await.expect("a page");
        view.extend(page.items.into_iter().map(|item| (item.id.to_string(), item.status.to_string())));
        match page.next_cursor {
            Some(cursor) => query.page.cursor = Some(cursor),
            None => return view,
        }
    }
}

async fn free_starts(ctx: &Ctx, shop: &Shop) -> View {
    let mut view = View::new();
    for service in shop.services {
        let free = scheduling::get_availability(ctx, &shop.query(service)).await.expect("free times");
        let starts = free.days.into_iter().flat_map(|day| day.slots).map(|slot| slot.starts_at.to_string());
        view.extend(starts.map(|start| (start_of(&start, &service.to_string()), "free".to_owned())));
    }
    view
}

/// All that happened so far may be read. The horizon is the cluster's: other tests' transactions end soon.
pub async fn all_is_told(ctx: &Ctx) {
    let start = Cursor { epoch: 1, xid: 0, id: 0 };
    for _ in 0..500 {
        if !outbox::read_after(ctx.db(), start, None, 1).await.expect("looks").is_any_held_back {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
