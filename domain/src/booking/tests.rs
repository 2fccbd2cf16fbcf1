//! The life of a booking on a real database. What money does is tested beside `settlement`.

use super::model::{Address, BookByHand, BookingRefusal, CheckoutDetails, Contact, HoldSlot, Settlement, Side, Status, ViewerRole};
use super::{self as booking, CancelBooking, GivenDetails, Reschedule};
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Refuse};
use crate::id::{BookingId, ServiceId};
use crate::page::PageQuery;
use crate::time::Instant;
use crate::world::{SomeProvider, World};
use sqlx::PgPool;

/// Wednesday 10 June 2026, 11:00 in Lisbon; the world begins the day before at 09:00 there.
pub(super) const START: &str = "2026-06-10T10:00:00Z";
pub(super) const LATER: &str = "2026-06-10T13:00:00Z";

pub(super) fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}
pub(super) fn slot(service: ServiceId, starts_at: &str) -> HoldSlot {
    HoldSlot { service_id: service, starts_at: at(starts_at), resource_id: None, add_ons: vec![], notes: String::new(), address: None }
}
pub(super) fn details() -> CheckoutDetails {
    CheckoutDetails {
        name: "Ines Calloway".into(),
        email: "ines@example.test".into(),
        phone: "555 0142".into(),
        ..CheckoutDetails::default()
    }
}

pub(super) struct Scene {
    pub world: World,
    pub provider: SomeProvider,
    pub customer: Ctx,
    pub staff: Ctx,
}

/// A service that costs nothing, so that checking out alone confirms it.
pub(super) async fn scene(db: PgPool) -> Scene {
    let world = World::new(db);
    let provider = world.a_provider().await;
    world.set("services", provider.service, "price_minor", "0").await;
    let account = world.a_customer().await;
    let customer = world.ctx_as(account).await;
    let staff = world.ctx_as(provider.owner).await;
    Scene { world, provider, customer, staff }
}

impl Scene {
    pub async fn held(&self) -> BookingId {
        booking::hold(&self.customer, slot(self.provider.service, START)).await.expect("held").id
    }
    pub async fn confirmed(&self) -> BookingId {
        let id = self.held().await;
        let booking = booking::check_out(&self.customer, id, details()).await.expect("checked out");
        assert_eq!(booking.status, Status::Confirmed);
        id
    }
    pub async fn requested(&self) -> BookingId {
        self.world.set("services", self.provider.service, "needs_approval", "true").await;
        let id = self.held().await;
        let booking = booking::check_out(&self.customer, id, details()).await.expect("checked out");
        assert_eq!(booking.status, Status::Requested);
        id
    }
    pub async fn status(&self, id: BookingId) -> Status {
        booking::get(&self.world.system(), id).await.expect("a booking").status
    }
    pub async fn live_allocations(&self) -> i64 {
        self.world.count("select count(*) from allocations where is_live").await
    }
}

pub(super) fn code(result: Result<impl std::fmt::Debug, Error>) -> String {
    result.expect_err("a refusal").code().to_owned()
}

/// A hold is answered without reading it again.
#[sqlx::test(migrations = "../migrations")]
async fn only_those_concerned_find_it(db: PgPool) {
    let s = scene(db).await;
    let visitor = s.world.visitor();
    let id = booking::hold(&visitor, slot(s.provider.service, START)).await.expect("held").id;
    assert_eq!(booking::get(&visitor, id).await.expect("theirs").viewer, ViewerRole::Customer);
    assert_eq!(booking::get(&s.staff, id).await.expect("their calendar").viewer, ViewerRole::Staff);
    for stranger in [s.world.visitor(), s.customer.clone()] {
        assert_eq!(code(booking::get(&stranger, id).await), "not_found");
        assert_eq!(code(booking::release(&stranger, id).await), "not_found");
        assert_eq!(code(booking::cancel(&stranger, id, CancelBooking::default()).await), "not_found");
    }
    let other = s.world.a_provider().await;
    let rival = s.world.ctx_as(other.owner).await;
    assert_eq!(code(booking::start(&rival, id).await), "not_found");
    let admin = s.world.ctx_as(s.world.an_admin().await).await;
    assert_eq!(booking::get(&admin, id).await.expect("operators see all").viewer, ViewerRole::Operator);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_visitor_becomes_a_guest_who_sees_this_booking_only(db: PgPool) {
    let s = scene(db).await;
    let visitor = s.world.visitor();
    let id = booking::hold(&visitor, slot(s.provider.service, START)).await.expect("held").id;
    let booked = booking::check_out(&visitor, id, details()).await.expect("checked out");
    assert_eq!((booked.status, booked.contact.email.as_str()), (Status::Confirmed, "ines@example.test"));
    assert_eq!(s.world.count("select count(*) from accounts where is_guest").await, 1);
    assert!(booking::get(&visitor, id).await.is_ok());
    // Sent twice: the same answer, no second guest.
    booking::check_out(&visitor, id, details()).await.expect("the same");
    assert_eq!(s.world.count("select count(*) from accounts where is_guest").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn checkout_names_each_field(db: PgPool) {
    let s = scene(db).await;
    let visitor = s.world.visitor();
    let id = booking::hold(&visitor, slot(s.provider.service, START)).await.expect("held").id;
    let wrong = CheckoutDetails { email: "ines@example".into(), tip_minor: -5, ..CheckoutDetails::default() };
    let Err(Error::Invalid(fields)) = booking::check_out(&visitor, id, wrong).await else { panic!("refused by field") };
    for name in ["name", "email", "tip_minor"] {
        assert!(fields.problem(name).is_some(), "{name}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn they_come_only_within_their_radius(db: PgPool) {
    let s = scene(db).await;
    s.world.set("services", s.provider.service, "mode", "'at_customer'").await;
    s.world.set("services", s.provider.service, "radius_km", "5").await;
    let id = s.held().await;
    let at_home =
        |lat| Address { street: "Rua Nova 3".into(), town: "Lisboa".into(), lat: Some(lat), lng: Some(-9.1393), ..Address::default() };
    let with = |address| CheckoutDetails { address, ..details() };
    assert_eq!(code(booking::check_out(&s.customer, id, with(None)).await), "invalid");
    assert_eq!(code(booking::check_out(&s.customer, id, with(Some(at_home(38.9)))).await), "outside_radius");
    assert_eq!(code(booking::check_out(&s.customer, id, with(Some(Address { lat: None, ..at_home(0.0) }))).await), "address_unknown");
    let booked = booking::check_out(&s.customer, id, with(Some(at_home(38.74)))).await.expect("within reach");
    assert_eq!(booked.address.expect("their own").street, "Rua Nova 3");
}

#[sqlx::test(migrations = "../migrations")]
async fn staff_see_the_address_only_once_confirmed(db: PgPool) {
    let s = scene(db).await;
    s.world.set("services", s.provider.service, "mode", "'at_customer'").await;
    s.world.set("services", s.provider.service, "needs_approval", "true").await;
    let id = s.held().await;
    let address = Address { street: "Rua Nova 3".into(), district: "Alfama".into(), town: "Lisboa".into(), ..Address::default() };
    booking::check_out(&s.customer, id, CheckoutDetails { address: Some(address), ..details() }).await.expect("asked");
    let seen = booking::get(&s.staff, id).await.expect("theirs");
    assert_eq!((seen.address, seen.area.as_deref(), seen.contact.phone.as_str()), (None, Some("Alfama, Lisboa"), ""));
    booking::approve(&s.staff, id).await.expect("accepted");
    let seen = booking::get(&s.staff, id).await.expect("theirs");
    assert_eq!(seen.address.expect("exact").street, "Rua Nova 3");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_is_accepted_declined_withdrawn_or_lapses(db: PgPool) {
    let s = scene(db).await;
    let id = s.requested().await;
    assert_eq!(code(booking::approve(&s.customer, id).await), "forbidden");
    assert_eq!(booking::approve(&s.staff, id).await.expect("accepted").status, Status::Confirmed);
    assert_eq!(booking::approve(&s.staff, id).await.expect("again").status, Status::Confirmed);

    let second = booking::hold(&s.customer, slot(s.provider.service, LATER)).await.expect("held").id;
    booking::check_out(&s.customer, second, details()).await.expect("asked");
    let declined = booking::decline(&s.staff, second, "  Fully booked\u{7} ").await.expect("declined");
    assert_eq!((declined.status, declined.end_reason.as_deref()), (Status::Declined, Some("Fully booked")));
    assert_eq!(code(booking::approve(&s.staff, second).await), "wrong_status");

    let third = booking::hold(&s.customer, slot(s.provider.service, LATER)).await.expect("free again").id;
    booking::check_out(&s.customer, third, details()).await.expect("asked");
    let withdrawn = booking::cancel(&s.customer, third, CancelBooking::default()).await.expect("withdrawn");
    assert_eq!((withdrawn.status, withdrawn.cancelled_by), (Status::Cancelled, Some(Side::Customer)));

    let fourth = booking::hold(&s.customer, slot(s.provider.service, LATER)).await.expect("free again").id;
    booking::check_out(&s.customer, fourth, details()).await.expect("asked");
    s.world.pass_hours(24);
    assert_eq!(code(booking::approve(&s.staff, fourth).await), "too_late");
    booking::jobs::close_due(&s.world.system()).await.expect("runs");
    assert_eq!(s.status(fourth).await, Status::Expired);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_job_from_on_the_way_to_done(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    assert_eq!(code(booking::on_the_way(&s.staff, id).await), "not_yet");
    assert_eq!(code(booking::start(&s.staff, id).await), "not_yet");
    s.world.set_time("2026-06-10T09:30:00Z");
    assert_eq!(code(booking::start(&s.customer, id).await), "forbidden");
    assert!(booking::on_the_way(&s.staff, id).await.expect("on the way").on_the_way_at.is_some());
    assert_eq!(booking::running_late(&s.staff, id, 10).await.expect("late").late_min, Some(10));
    assert_eq!(code(booking::running_late(&s.staff, id, 0).await), "invalid");
    assert_eq!(booking::start(&s.staff, id).await.expect("started").status, Status::InProgress);
    assert_eq!(booking::start(&s.staff, id).await.expect("twice").status, Status::InProgress);
    assert_eq!(code(booking::cancel(&s.customer, id, CancelBooking::default()).await), "wrong_status");
    assert_eq!(booking::complete(&s.staff, id).await.expect("done").status, Status::Completed);
    assert_eq!(s.live_allocations().await, 0);
    let kinds = s.world.events().await;
    assert_eq!(
        kinds,
        ["booking.held", "booking.confirmed", "booking.on_the_way", "booking.running_late", "booking.started", "booking.completed"]
    );
    let told = booking::timeline(&s.customer, id).await.expect("a story");
    assert_eq!(told.iter().filter(|entry| !entry.is_ahead).count(), 6);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_confirmed_job_completes_by_itself_a_day_after_its_end(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    s.world.set_time("2026-06-11T10:59:59Z");
    booking::jobs::close_due(&s.world.system()).await.expect("runs");
    assert_eq!(s.status(id).await, Status::Confirmed);
    s.world.set_time("2026-06-11T11:00:00Z");
    booking::jobs::close_due(&s.world.system()).await.expect("runs");
    assert_eq!(s.status(id).await, Status::Completed);
}

#[sqlx::test(migrations = "../migrations")]
async fn either_side_may_say_that_nobody_came(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    s.world.set_time("2026-06-10T10:14:59Z");
    assert_eq!(code(booking::no_show(&s.customer, id, None).await), "not_yet");
    s.world.set_time("2026-06-10T10:15:00Z");
    let said = booking::no_show(&s.customer, id, None).await.expect("said");
    assert_eq!((said.status, said.no_show_by), (Status::NoShow, Some(Side::Provider)));
    assert_eq!(code(booking::no_show(&s.staff, id, None).await), "wrong_status");
}

#[sqlx::test(migrations = "../migrations")]
async fn cancelling_frees_the_slot_and_is_safe_to_repeat(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    let preview = booking::preview_cancellation(&s.customer, id).await.expect("a preview");
    assert!(!preview.is_charged && preview.refund.is_zero());
    let input = || CancelBooking { reason: "plans changed".into(), expected_refund_minor: Some(0) };
    assert_eq!(booking::cancel(&s.customer, id, input()).await.expect("cancelled").status, Status::Cancelled);
    assert_eq!(booking::cancel(&s.customer, id, input()).await.expect("again").status, Status::Cancelled);
    assert_eq!(s.live_allocations().await, 0);
    let stale = CancelBooking { expected_refund_minor: Some(1), ..CancelBooking::default() };
    let second = s.confirmed().await;
    assert_eq!(code(booking::cancel(&s.customer, second, stale).await), "refund_changed");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_customer_moves_an_instant_booking_at_once(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    let to = |text| Reschedule { starts_at: at(text), resource_id: None };
    assert_eq!(code(booking::reschedule(&s.customer, id, to(START)).await), "same_time");
    assert_eq!(code(booking::reschedule(&s.customer, id, to("2026-06-10T03:00:00Z")).await), "not_available");
    let preview = booking::preview_reschedule(&s.customer, id, at("2026-06-10T10:30:00Z")).await.expect("a preview");
    assert!(!preview.needs_answer);
    // Half an hour on overlaps its own old time, which does not stand in its way.
    let moved = booking::reschedule(&s.customer, id, to("2026-06-10T10:30:00Z")).await.expect("moved");
    assert_eq!((moved.starts_at, moved.sequence), (at("2026-06-10T10:30:00Z"), 2));
    // 25 and a half hours before: still the best tier.
    assert_eq!(moved.lowest_tier_bp, 10_000);
    s.world.set_time("2026-06-10T07:00:00Z");
    let moved = booking::reschedule(&s.customer, id, to("2026-06-12T10:00:00Z")).await.expect("moved");
    assert_eq!(moved.lowest_tier_bp, 7_500);
    assert_eq!(s.live_allocations().await, 1);
    let rival = s.world.visitor();
    booking::hold(&rival, slot(s.provider.service, "2026-06-12T14:00:00Z")).await.expect("held");
    assert_eq!(code(booking::reschedule(&s.customer, id, to("2026-06-12T14:00:00Z")).await), "slot_taken");
    assert_eq!(booking::get(&s.customer, id).await.expect("unmoved").starts_at, at("2026-06-12T10:00:00Z"));
}

#[sqlx::test(migrations = "../migrations")]
async fn by_approval_the_old_time_stays_until_they_accept(db: PgPool) {
    let s = scene(db).await;
    let id = s.requested().await;
    booking::approve(&s.staff, id).await.expect("accepted");
    let to = || Reschedule { starts_at: at("2026-06-11T10:00:00Z"), resource_id: None };
    let asked = booking::reschedule(&s.customer, id, to()).await.expect("asked");
    assert_eq!((asked.starts_at, asked.proposal.map(|p| p.by)), (at(START), Some(Side::Customer)));
    assert!(booking::reschedule(&s.customer, id, to()).await.is_ok(), "asked twice");
    assert_eq!(code(booking::consent(&s.customer, id, None).await), "forbidden");
    let kept = booking::refuse(&s.staff, id, None).await.expect("declined");
    assert_eq!((kept.status, kept.starts_at, kept.proposal), (Status::Confirmed, at(START), None));
    booking::reschedule(&s.customer, id, to()).await.expect("asked again");
    let moved = booking::consent(&s.staff, id, None).await.expect("accepted");
    assert_eq!((moved.starts_at, moved.proposal), (at("2026-06-11T10:00:00Z"), None));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_move_by_the_provider_needs_a_yes_or_ends_the_booking(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    let to = |text| Reschedule { starts_at: at(text), resource_id: None };
    booking::reschedule(&s.staff, id, to("2026-06-11T10:00:00Z")).await.expect("proposed");
    assert_eq!(code(booking::reschedule(&s.staff, id, to(LATER)).await), "proposal_waiting");
    assert_eq!(booking::consent(&s.customer, id, None).await.expect("suits").starts_at, at("2026-06-11T10:00:00Z"));
    booking::reschedule(&s.staff, id, to(LATER)).await.expect("proposed");
    assert_eq!(booking::withdraw(&s.staff, id, None).await.expect("taken back").proposal, None);
    booking::reschedule(&s.staff, id, to(LATER)).await.expect("proposed");
    let ended = booking::refuse(&s.customer, id, None).await.expect("does not suit");
    assert_eq!((ended.status, ended.cancelled_by), (Status::Cancelled, Some(Side::Provider)));

    let second = s.confirmed().await;
    booking::reschedule(&s.staff, second, to("2026-06-12T10:00:00Z")).await.expect("proposed");
    s.world.set_time("2026-06-10T09:00:00Z");
    booking::jobs::close_due(&s.world.system()).await.expect("runs");
    assert_eq!(s.status(second).await, Status::Cancelled, "without an answer by an hour before the start");
}

#[sqlx::test(migrations = "../migrations")]
async fn bookings_by_hand_are_the_teams_own(db: PgPool) {
    let s = scene(db).await;
    s.world.set("services", s.provider.service, "price_minor", "10000").await;
    let by_phone = |starts_at: &str, is_paid_by_link| BookByHand {
        service_id: s.provider.service,
        starts_at: at(starts_at),
        resource_id: None,
        add_ons: vec![],
        customer_name: "Maud Ferris".into(),
        customer_email: "maud@example.test".into(),
        customer_phone: "555 0100".into(),
        notes: String::new(),
        address: None,
        is_paid_by_link,
        is_free: false,
        is_outside_hours: false,
    };
    assert_eq!(code(booking::book_by_hand(&s.customer, by_phone(START, false)).await.map(|b| b.booking)), "not_found");
    // Three in the morning, if they say so.
    let booked = booking::book_by_hand(&s.staff, by_phone("2026-06-10T02:00:00Z", false)).await.expect("booked");
    assert_eq!((booked.booking.status, booked.booking.settlement), (Status::Confirmed, Settlement::Elsewhere));
    assert_eq!(booked.booking.price.commission.expect("shown").minor, 0);
    assert_eq!(booked.booking, booking::get(&s.staff, booked.booking.id).await.expect("found"));
    let taken = booking::book_by_hand(&s.staff, by_phone("2026-06-10T02:30:00Z", false)).await;
    assert_eq!(code(taken.map(|b| b.booking)), "slot_taken");
    let by_link = booking::book_by_hand(&s.staff, by_phone(START, true)).await.expect("held");
    assert_eq!(by_link.booking.status, Status::Held);
    let secret = by_link.pay_url.expect("a link").rsplit('/').next().expect("a secret").to_owned();
    let visitor = s.world.visitor();
    assert_eq!(code(booking::get(&visitor, by_link.booking.id).await), "not_found");
    assert_eq!(booking::open_pay_link(&visitor, &secret).await.expect("opens"), by_link.booking.id);
    assert!(booking::get(&visitor, by_link.booking.id).await.is_ok());
}

#[sqlx::test(migrations = "../migrations")]
async fn lists_come_in_pages_and_only_to_their_owners(db: PgPool) {
    let s = scene(db).await;
    for day in 10..13 {
        let id = booking::hold(&s.customer, slot(s.provider.service, &format!("2026-06-{day}T10:00:00Z"))).await.expect("held").id;
        booking::check_out(&s.customer, id, details()).await.expect("booked");
    }
    let first = booking::list_upcoming(&s.customer, PageQuery { limit: Some(2), cursor: None }).await.expect("a page");
    assert_eq!(first.items.iter().map(|b| b.starts_at).collect::<Vec<_>>(), [at(START), at("2026-06-11T10:00:00Z")]);
    let rest = booking::list_upcoming(&s.customer, PageQuery { limit: Some(2), cursor: first.next_cursor }).await.expect("a page");
    assert_eq!((rest.items.len(), rest.next_cursor), (1, None));
    let stranger = s.world.visitor();
    assert!(booking::list_upcoming(&stranger, PageQuery::default()).await.expect("a page").items.is_empty());
    let member = s.world.a_customer().await;
    s.world.add_member(s.provider.id, member, StaffRole::Member).await;
    let query = super::model::BookingQuery { side: super::model::ListAs::Provider, ..Default::default() };
    assert_eq!(booking::list(&s.world.ctx_as(member).await, &query).await.expect("theirs").items.len(), 3);
    assert_eq!(code(booking::list(&s.customer, &query).await), "forbidden");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_calendar_follows_every_change(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    let file = booking::calendar_file(&s.customer, id).await.expect("a file");
    assert!(file.contains(&format!("UID:{id}@fettle\r\n")) && file.contains("SEQUENCE:1\r\n") && file.contains("METHOD:PUBLISH\r\n"));
    assert!(file.contains("DTSTART:20260610T100000Z\r\n") && file.contains("DTEND:20260610T110000Z\r\n"));
    booking::reschedule(&s.customer, id, Reschedule { starts_at: at(LATER), resource_id: None }).await.expect("moved");
    let moved = booking::calendar_file(&s.customer, id).await.expect("a file");
    assert!(moved.contains("SEQUENCE:2\r\n") && moved.contains("DTSTART:20260610T130000Z\r\n"));
    let feed = booking::issue_feed(&s.customer).await.expect("an address");
    let secret = feed.trim_end_matches("/calendar.ics").rsplit('/').next().expect("a secret").to_owned();
    let calendar = booking::feed(&s.world.visitor(), &secret).await.expect("no session needed");
    assert!(calendar.contains(&format!("UID:{id}@fettle")));
    booking::cancel(&s.customer, id, CancelBooking::default()).await.expect("cancelled");
    let gone = booking::calendar_file(&s.customer, id).await.expect("a file");
    assert!(gone.contains("METHOD:CANCEL\r\n") && gone.contains("STATUS:CANCELLED\r\n") && gone.contains("SEQUENCE:3\r\n"));
    booking::issue_feed(&s.customer).await.expect("another");
    assert_eq!(code(booking::feed(&s.world.visitor(), &secret).await), "not_found", "the old address has ended");
}

#[sqlx::test(migrations = "../migrations")]
async fn guests_leave_a_phone_and_accounts_have_theirs(db: PgPool) {
    let s = scene(db).await;
    let silent = || CheckoutDetails { phone: "  ".into(), ..details() };
    let visitor = s.world.visitor();
    let held = booking::hold(&visitor, slot(s.provider.service, LATER)).await.expect("held").id;
    match booking::check_out(&visitor, held, silent()).await {
        Err(Error::Invalid(fields)) => {
            assert_eq!(fields.problem("phone"), Some("Give a phone number, so that they can reach you on the day."));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(booking::check_out(&visitor, held, details()).await.expect("agreed").contact.phone, "555 0142");
    let held = s.held().await;
    let account = s.customer.account_id().expect("someone");
    s.world.set("accounts", account, "phone", "'+351 912 345 678'").await;
    assert_eq!(booking::check_out(&s.customer, held, silent()).await.expect("agreed").contact.phone, "+351 912 345 678");
}

#[sqlx::test(migrations = "../migrations")]
async fn photos_are_pictures_and_notes_are_text(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    assert_eq!(code(booking::add_photo(&s.customer, id, "x.png", b"<svg onload=alert(1)>".to_vec()).await), BookingRefusal::NoPhoto.code());
    let mut png = Vec::new();
    let picture = image::RgbImage::from_pixel(2_000, 10, image::Rgb([1, 2, 3]));
    image::DynamicImage::from(picture).write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).expect("a picture");
    let photo = booking::add_photo(&s.customer, id, "sink.png", png).await.expect("added");
    let jpeg = booking::get_photo(&s.staff, id, photo).await.expect("staff see it");
    assert!(jpeg.starts_with(&[0xff, 0xd8]));
    assert_eq!(code(booking::get_photo(&s.world.visitor(), id, photo).await), "not_found");
    booking::remove_photo(&s.customer, id, photo).await.expect("gone");
    let noted = booking::edit_notes(&s.customer, id, " Ring twice.\r\nThe bell\u{0} is weak. ").await.expect("noted");
    assert_eq!(noted.notes, "Ring twice.\nThe bell is weak.");
}

/// A second tab, or the same call again after a lost answer, has just seen a hold and waits for its turn.
#[sqlx::test(migrations = "../migrations")]
async fn paying_again_while_the_money_arrives_is_answered_as_it_stands(db: PgPool) {
    let scene = scene(db).await;
    scene.world.set("services", scene.provider.service, "price_minor", "10000").await;
    let id = scene.held().await;
    let mut money = scene.world.db.begin().await.expect("begins");
    sqlx::query("update bookings set status = 'confirmed', confirmed_at = created_at where id = $1")
        .bind(id)
        .execute(&mut *money)
        .await
        .expect("confirms");
    let customer = scene.customer.clone();
    let contact = Contact { name: "Ines Calloway".into(), email: "ines@example.test".into(), phone: "555 0142".into() };
    let given = GivenDetails { contact: Some(contact), ..GivenDetails::default() };
    let again = tokio::spawn(async move { booking::check_out_with(&customer, id, given).await });
    scene.world.until_it_waits(&again).await;
    money.commit().await.expect("commits");
    assert_eq!(again.await.expect("it ran").expect("an answer").status, Status::Confirmed);
}
