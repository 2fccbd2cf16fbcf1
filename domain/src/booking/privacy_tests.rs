//! What is told to whom: customers' addresses to staff, bookings to browsers, and links to whoever reads the mail.

use super::model::{Address, BookingItem, BookingQuery, CheckoutDetails, ListAs, Status};
use super::settlement::{self, Pay};
use super::tests::{LATER, START, Scene, details, scene, slot};
use super::{self as booking, CancelBooking};
use crate::account::{self, Password};
use crate::ctx::{Actor, Ctx, Person, StaffRole};
use crate::event::Cursor;
use crate::id::BookingId;
use crate::notify::port::OutgoingMail;
use crate::outbox;
use crate::provider;
use crate::world::World;
use sqlx::PgPool;

const VICTIM: &str = "victim@example.test";
const EVIL: &str = "evil@example.test";

fn typed(email: &str) -> CheckoutDetails {
    CheckoutDetails { email: email.to_owned(), ..details() }
}

/// The secret by which the letter lets a guest become an account.
fn claim_in(letter: &OutgoingMail) -> Option<String> {
    let (_, secret) = letter.plain.split_whitespace().find_map(|word| word.split_once("/claim/"))?;
    Some(secret.trim_end_matches(['.', ')', '>']).to_owned())
}

/// Letters about what has happened are written, once it may be read: any writer of the cluster, other tests' too, holds that back for a moment.
async fn tell_everyone(world: &World) {
    let start = Cursor { epoch: 0, xid: 0, id: 0 };
    while outbox::read_after(&world.db, start, None, 1).await.expect("looks").is_any_held_back {
        tokio::task::yield_now().await;
    }
    world.run_jobs().await;
}

/// Kept by a visitor who has checked out under the victim's address, and has not paid.
async fn held_for_victim(world: &World, visitor: &Ctx) -> BookingId {
    let service = world.a_provider().await.service;
    let id = booking::hold(visitor, slot(service, START)).await.expect("held").id;
    booking::check_out(visitor, id, typed(VICTIM)).await.expect("saved");
    id
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_is_owned_by_whoever_reads_its_mail(db: PgPool) {
    let world = World::new(db);
    let visitor = world.visitor();
    let id = held_for_victim(&world, &visitor).await;
    booking::keep_typed(&visitor, id, typed(EVIL)).await.expect("kept");
    booking::check_out(&visitor, id, typed(EVIL)).await.expect("saved");
    settlement::pay(&visitor, id, Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) }).await.expect("paid");
    tell_everyone(&world).await;

    let letters = world.mails.to(EVIL);
    let secret = letters.iter().find_map(claim_in).expect("a link to their own account");
    assert_eq!(account::find_claim(&visitor, &secret).await.expect("looked").expect("alive").email, EVIL);
    account::claim(&visitor, &secret, &Password("kettle-moss-49".into())).await.expect("claimed");
    let proven: Vec<String> =
        sqlx::query_scalar("select email from accounts where email_confirmed_at is not null and password_hash is not null")
            .fetch_all(&world.db)
            .await
            .expect("accounts");
    assert_eq!(proven, [EVIL]);
}

/// The address was typed anew while the money was on its way: the letter follows it, the link does not.
#[sqlx::test(migrations = "../migrations")]
async fn a_letter_to_another_address_opens_no_account(db: PgPool) {
    let world = World::new(db);
    let visitor = world.visitor();
    let id = held_for_victim(&world, &visitor).await;
    settlement::pay(&visitor, id, Pay::default()).await.expect("begun");
    booking::keep_typed(&visitor, id, typed(EVIL)).await.expect("kept");
    world.gateway.customer_pays(&world.gateway.intents()[0].reference);
    settlement::look(&visitor, id).await.expect("looked");
    assert_eq!(booking::get(&visitor, id).await.expect("theirs").status, Status::Confirmed);
    tell_everyone(&world).await;
    let letters = world.mails.to(EVIL);
    assert!(!letters.is_empty());
    assert!(letters.iter().all(|letter| claim_in(letter).is_none()), "{letters:?}");
}

/// At the customer's, by request.
async fn asked(s: &Scene, starts_at: &str) -> BookingId {
    s.world.set("services", s.provider.service, "mode", "'at_customer'").await;
    s.world.set("services", s.provider.service, "needs_approval", "true").await;
    let id = booking::hold(&s.customer, slot(s.provider.service, starts_at)).await.expect("held").id;
    let address = Address { street: "Rua Nova 3".into(), district: "Alfama".into(), town: "Lisboa".into(), ..Address::default() };
    booking::check_out(&s.customer, id, CheckoutDetails { address: Some(address), ..details() }).await.expect("asked");
    id
}

async fn cancelled(s: &Scene, id: BookingId) {
    booking::cancel(&s.customer, id, CancelBooking::default()).await.expect("cancelled");
}

#[sqlx::test(migrations = "../migrations")]
async fn letters_show_staff_the_customer_once_confirmed(db: PgPool) {
    let s = scene(db).await;
    let owner = s.world.email_of(s.provider.owner).await;
    let first = asked(&s, START).await;
    cancelled(&s, first).await;
    tell_everyone(&s.world).await;
    let letters = s.world.mails.to(&owner);
    assert_eq!(letters.len(), 2, "asked and taken back");
    for OutgoingMail { subject, plain, .. } in &letters {
        assert!(plain.contains("Ines Calloway") && plain.contains("Alfama, Lisboa"), "{subject}: {plain}");
        assert!(!plain.contains("555 0142") && !plain.contains("Rua Nova"), "{subject}: {plain}");
    }
    let second = asked(&s, LATER).await;
    booking::approve(&s.staff, second).await.expect("accepted");
    cancelled(&s, second).await;
    tell_everyone(&s.world).await;
    let told = s.world.mails.to(&owner).into_iter().rev().find(|letter| letter.subject.starts_with("Cancelled")).expect("a letter");
    assert!(told.plain.contains("555 0142") && told.plain.contains("Rua Nova 3, Lisboa"), "{}", told.plain);
}

async fn listed(ctx: &Ctx, side: ListAs) -> Vec<BookingItem> {
    booking::list(ctx, &BookingQuery { side, ..BookingQuery::default() }).await.expect("a list").items
}

#[sqlx::test(migrations = "../migrations")]
async fn lists_show_staff_the_customer_once_confirmed(db: PgPool) {
    let s = scene(db).await;
    let (never, once) = (asked(&s, START).await, asked(&s, LATER).await);
    booking::approve(&s.staff, once).await.expect("accepted");
    for id in [never, once] {
        cancelled(&s, id).await;
    }
    let items = listed(&s.staff, ListAs::Provider).await;
    let seen =
        |id| items.iter().find(|item| item.id == id).map(|item| (item.place.as_str(), item.customer_phone.as_str())).expect("listed");
    assert_eq!(seen(never), ("Alfama, Lisboa", ""));
    let (place, phone) = seen(once);
    assert!(place.starts_with("Rua Nova 3") && phone == "555 0142", "{place} {phone}");
    let own = listed(&s.customer, ListAs::Customer).await;
    assert!(own.len() == 2 && own.iter().all(|item| item.place.starts_with("Rua Nova 3")));
}

/// How many jobs the private calendar at this address shows.
async fn jobs_in(s: &Scene, url: &str) -> usize {
    let secret = url.split('/').rev().nth(1).expect("a secret");
    booking::feed(&s.world.visitor(), secret).await.expect("a calendar").matches("BEGIN:VEVENT").count()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_calendar_ends_with_the_work_and_with_the_account(db: PgPool) {
    let s = scene(db).await;
    let partner = s.world.a_customer().await;
    s.world.add_member(s.provider.id, partner, StaffRole::Owner).await;
    let partner = s.world.ctx_as(partner).await;
    s.confirmed().await;
    let (worker, customer) =
        (booking::issue_feed(&s.staff).await.expect("an address"), booking::issue_feed(&s.customer).await.expect("an address"));
    assert_eq!((jobs_in(&s, &worker).await, jobs_in(&s, &customer).await), (1, 1));
    provider::remove_member(&partner, s.provider.id, s.provider.owner).await.expect("removed");
    assert_eq!((jobs_in(&s, &worker).await, jobs_in(&s, &customer).await), (0, 1));
    s.world.set("accounts", s.customer.account_id().expect("signed in"), "suspended_at", "now()").await;
    assert_eq!(jobs_in(&s, &customer).await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_browser_lists_what_is_no_accounts_own(db: PgPool) {
    let s = scene(db).await;
    let visitor = s.world.visitor();
    let as_guest = booking::hold(&visitor, slot(s.provider.service, START)).await.expect("held").id;
    booking::check_out(&visitor, as_guest, details()).await.expect("booked");
    let id = booking::hold(&visitor, slot(s.provider.service, LATER)).await.expect("held").id;
    assert_eq!(listed(&visitor, ListAs::Customer).await.len(), 2);
    // They sign in before they check out.
    let Actor::Person(person) = s.customer.actor.clone() else { panic!("a person") };
    let signed_in = s.world.ctx(Actor::Person(Box::new(Person { visitor: visitor.visitor_id(), ..*person })));
    booking::check_out(&signed_in, id, details()).await.expect("booked");
    let ids = |items: Vec<BookingItem>| items.into_iter().map(|item| item.id).collect::<Vec<_>>();
    assert_eq!(ids(listed(&visitor, ListAs::Customer).await), [as_guest]);
    assert_eq!(ids(listed(&signed_in, ListAs::Customer).await), [id]);
}
