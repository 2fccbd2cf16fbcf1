//! Everyone who may hear of the bookings of one business, for tests.

use super::Topic;
use super::listener_tests::{Listener, Shop, all_is_told};
use crate::booking::model::{CheckoutDetails, HoldSlot};
use crate::booking::settlement::{self, Pay};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::id::{BookingId, ServiceId};
use crate::time::{Date, Instant, SECOND};
use crate::world::World;
use crate::{booking, payment, review};
use sqlx::PgPool;
use std::collections::{BTreeMap, VecDeque};

/// The same numbers for the same seed.
pub struct Random(u64);

impl Random {
    pub fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % count
    }
}

pub struct Stage {
    pub world: World,
    pub shop: Shop,
    pub customers: Vec<Ctx>,
    pub owner: Ctx,
    pub admin: Ctx,
    pub random: Random,
    /// With whose customer it is; nobody's when the team took it by hand.
    pub made: BTreeMap<BookingId, Option<usize>>,
    /// Of which nobody has opened the page yet.
    pub unopened: VecDeque<BookingId>,
    pub listeners: Vec<Listener>,
}

impl Stage {
    /// Two people with a service each, the second by request.
    pub async fn new(db: PgPool) -> Self {
        let world = World::new(db);
        // No start is ever this very moment.
        world.jump(30 * SECOND);
        let provider = world.a_provider().await;
        let colleague = world.a_resource(provider.id, "person", None).await;
        let by_request = world.a_service(provider.id, provider.category, &[colleague]).await;
        world.set("services", by_request, "needs_approval", "true").await;
        let services = [provider.service, by_request];
        for service in services {
            // As long as a booking, so that each takes one start and gives one back.
            world.set("services", service, "slot_step_min", "60").await;
            world.set("services", service, "min_notice_min", "0").await;
        }
        let mut customers = Vec::new();
        for _ in 0..3 {
            customers.push(world.ctx_as(world.a_customer().await).await);
        }
        let owner = world.ctx_as(provider.owner).await;
        let admin = world.ctx_as(world.an_admin().await).await;
        let date = |text: &str| -> Date { text.parse().expect("a date") };
        let shop = Shop { provider: provider.id, services, from: date("2026-06-09"), to: date("2026-06-13") };
        let (made, unopened, listeners) = (BTreeMap::new(), VecDeque::new(), Vec::new());
        Self { world, shop, customers, owner, admin, random: Random(12_345), made, unopened, listeners }
    }

    /// Everyone opens a page.
    pub async fn open(&mut self) {
        let provider = self.shop.provider;
        let mut pages = vec![
            (Topic::Availability(provider), self.world.visitor()),
            (Topic::Provider(provider), self.owner.clone()),
            (Topic::Admin, self.admin.clone()),
        ];
        for person in self.customers.iter().chain([&self.owner]) {
            pages.push((Topic::Me(person.account_id().expect("someone")), person.clone()));
        }
        for (topic, ctx) in pages {
            self.listeners.push(Listener::open(ctx, topic, self.shop).await);
        }
    }

    /// Some hear a little.
    pub async fn hear(&mut self) {
        for listener in &mut self.listeners {
            if self.random.below(8) == 0 {
                listener.follow(1 + self.random.below(4)).await;
            }
        }
    }

    /// Everyone hears all there is.
    pub async fn is_true(&mut self, with_bookings: bool) {
        all_is_told(&self.owner).await;
        for listener in &mut self.listeners {
            if with_bookings || !matches!(listener.topic, Topic::Booking(_)) {
                listener.sees_the_truth().await;
            }
        }
    }

    pub async fn work(&self) {
        for duty in [booking::jobs::EXPIRE, booking::jobs::CLOSE, payment::jobs::RECONCILE, review::jobs::PUBLISH_DUE] {
            self.world.run_duty(duty).await;
        }
        self.world.run_jobs().await;
    }

    pub async fn hold_at(&mut self, customer: usize, service: ServiceId, starts_at: Instant) -> Result<BookingId> {
        let (add_ons, notes) = (Vec::new(), String::new());
        let slot = HoldSlot { service_id: service, starts_at, resource_id: None, add_ons, notes, address: None };
        let id = booking::hold(&self.customers[customer], slot).await?.id;
        self.note(id, Some(customer));
        Ok(id)
    }

    pub fn note(&mut self, id: BookingId, customer: Option<usize>) {
        if self.made.insert(id, customer).is_none() {
            self.unopened.push_back(id);
        }
    }

    /// By the gateway's form, or at once with a card that a program knows.
    pub async fn pay(&self, ctx: &Ctx, id: BookingId, card: Option<&str>) -> Result<()> {
        let (name, email, phone) = ("Ana Sousa".into(), "ana@example.test".into(), "+351 912 345 678".into());
        booking::check_out(ctx, id, CheckoutDetails { name, email, phone, tip_minor: 500, ..CheckoutDetails::default() }).await?;
        settlement::pay(ctx, id, Pay { is_hosted: false, payment_method: card.map(str::to_owned) }).await.map(drop)
    }
}
