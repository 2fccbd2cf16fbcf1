//! Accounts on a real database: every way in, and every way that must stay shut.

use super::*;
use crate::actor::{load_person, load_token};
use crate::ctx::{Actor, Ctx, Person};
use crate::error::Error;
use crate::id::{AccountId, SessionId, VisitorId};
use crate::world::World;
use serde_json::Value;
use sqlx::PgPool;

const PASSWORD: &str = "kettle-moss-49";
const FIREFOX: Option<&str> = Some("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
const SAFARI: Option<&str> = Some("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1");

fn secret(text: &str) -> Password {
    Password(text.to_owned())
}

fn form(email: &str) -> Register {
    Register { email: email.to_owned(), password: secret(PASSWORD), name: "Ada Lovelace".to_owned() }
}

async fn registered(world: &World, email: &str) -> AccountId {
    register(&world.visitor(), form(email), FIREFOX).await.expect("registered").account
}

async fn try_sign_in(world: &World, email: &str, password: &str) -> crate::error::Result<AccountId> {
    let input = SignIn { email: email.to_owned(), password: secret(password) };
    sign_in(&world.visitor(), input, FIREFOX).await.map(|signed| signed.account)
}

fn code<T: std::fmt::Debug>(result: crate::error::Result<T>) -> String {
    result.expect_err("refused").code().to_owned()
}

/// Runs the letters' jobs that wait, and empties the list.
async fn write_letters(world: &World) {
    let jobs: Vec<Value> =
        sqlx::query_scalar("delete from jobs where kind = 'account.write' returning payload").fetch_all(&world.db).await.expect("jobs");
    for payload in jobs {
        jobs::write(&world.system(), payload).await.expect("written");
    }
}

/// The secret in the newest letter of this kind.
async fn newest_secret(world: &World, template: &str) -> String {
    write_letters(world).await;
    let plain: String = sqlx::query_scalar("select plain from mails where template = $1 order by created_at desc, id desc limit 1")
        .bind(template)
        .fetch_one(&world.db)
        .await
        .expect(template);
    let url = plain.split_whitespace().find(|word| word.contains("http://fettle.test/")).expect("a link");
    url.trim_end_matches(['>', ')', '.']).rsplit('/').next().expect("a secret").to_owned()
}

/// A row as the session store writes it, and a context that acts by it.
async fn with_session(world: &World, account: AccountId) -> (Ctx, SessionId) {
    let (session, visitor): (SessionId, VisitorId) = (world.new_id(), world.new_id());
    sqlx::query(
        "insert into sessions (id, account_id, public_id, visitor_id, data, user_agent, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, '{}', $5, $6, $6, $7)",
    )
    .bind(format!("raw-{session}"))
    .bind(account)
    .bind(session)
    .bind(visitor)
    .bind(FIREFOX)
    .bind(world.now())
    .bind(world.now().plus_days(30))
    .execute(&world.db)
    .await
    .expect("a session");
    let person = load_person(&world.db, account).await.expect("loaded").expect("an actor");
    (world.ctx(Actor::Person(Box::new(Person { session: Some(session), visitor: Some(visitor), ..person }))), session)
}

#[sqlx::test(migrations = "../migrations")]
async fn one_registers_confirms_and_signs_in(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "Ada@Example.com").await;
    let ctx = world.ctx_as(account).await;
    let me = get_me(&ctx).await.expect("me");
    assert_eq!((me.email.as_str(), me.name.as_str(), me.is_email_confirmed), ("Ada@Example.com", "Ada Lovelace", false));

    let link = newest_secret(&world, "confirm_email").await;
    assert_eq!(confirm_email(&world.visitor(), &link).await, Ok2(Claimed::Own(account)));
    assert!(get_me(&ctx).await.expect("me").is_email_confirmed);
    assert_eq!(code(confirm_email(&world.visitor(), &link).await), "link_expired");

    assert_eq!(try_sign_in(&world, "ada@example.COM", PASSWORD).await.expect("in"), account);
    assert_eq!(world.events().await, ["account.registered", "account.email_confirmed"]);
}

/// Lets `assert_eq!` compare results whose errors cannot be compared.
struct Ok2<T>(T);
impl<T: PartialEq> PartialEq<Ok2<T>> for crate::error::Result<T> {
    fn eq(&self, other: &Ok2<T>) -> bool {
        self.as_ref().is_ok_and(|value| *value == other.0)
    }
}
impl<T: std::fmt::Debug> std::fmt::Debug for Ok2<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ok({:?})", self.0)
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn bad_forms_name_their_fields(db: PgPool) {
    let world = World::new(db);
    let input = Register { email: "nonsense".into(), password: secret("password123"), name: "  \u{7} ".into() };
    let Err(Error::Invalid(fields)) = register(&world.visitor(), input, None).await else { panic!("refused") };
    assert!(["email", "password", "name"].iter().all(|name| fields.problem(name).is_some()), "{fields:?}");
    assert_eq!(world.count("select count(*) from accounts").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wrong_password_and_an_unknown_address_look_the_same(db: PgPool) {
    let world = World::new(db);
    registered(&world, "ada@example.com").await;
    let wrong = try_sign_in(&world, "ada@example.com", "something else").await.expect_err("refused");
    let unknown = try_sign_in(&world, "nobody@example.com", PASSWORD).await.expect_err("refused");
    let absurd = try_sign_in(&world, "not an address", &"x".repeat(100_000)).await.expect_err("refused");
    assert_eq!(wrong.to_string(), unknown.to_string());
    assert_eq!((wrong.code(), unknown.code(), absurd.code()), ("wrong_sign_in", "wrong_sign_in", "wrong_sign_in"));
    assert_eq!(world.count("select count(*) from audit_entries where action = 'account.sign_in_failed'").await, 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn registering_a_known_address_reveals_nothing_and_opens_nothing(db: PgPool) {
    let world = World::new(db);
    let owner = registered(&world, "ada@example.com").await;
    let link = newest_secret(&world, "confirm_email").await;
    confirm_email(&world.visitor(), &link).await.expect("confirmed");

    let input = Register { password: secret("another-good-one"), ..form("ADA@example.com") };
    let second = register(&world.visitor(), input, FIREFOX).await.expect("the same answer").account;
    assert_ne!(second, owner);
    assert_eq!(try_sign_in(&world, "ada@example.com", PASSWORD).await.expect("in"), owner);
    assert_eq!(try_sign_in(&world, "ada@example.com", "another-good-one").await.expect("in"), second);
    assert!(!get_me(&world.ctx_as(second).await).await.expect("me").is_email_confirmed);

    // the person who reads that mail joins both
    let join = newest_secret(&world, "already_registered").await;
    assert_eq!(confirm_email(&world.visitor(), &join).await, Ok2(Claimed::Joined));
    assert_eq!(code(try_sign_in(&world, "ada@example.com", "another-good-one").await), "wrong_sign_in");
    assert_eq!(try_sign_in(&world, "ada@example.com", PASSWORD).await.expect("in"), owner);
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_reads_the_mail_owns_the_address(db: PgPool) {
    let world = World::new(db);
    let squatter = registered(&world, "ada@example.com").await;
    let input = Register { password: secret("another-good-one"), ..form("ada@example.com") };
    let ada = register(&world.visitor(), input, FIREFOX).await.expect("registered").account;
    write_letters(&world).await;
    let link = newest_secret(&world, "already_registered").await;
    assert_eq!(confirm_email(&world.visitor(), &link).await, Ok2(Claimed::Own(ada)));
    assert!(!get_me(&world.ctx_as(squatter).await).await.expect("me").is_email_confirmed);
    assert_eq!(try_sign_in(&world, "ada@example.com", "another-good-one").await.expect("in"), ada);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_forgotten_password_is_set_by_link_once(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "ada@example.com").await;
    let (ctx, _) = with_session(&world, account).await;
    let token = create_token(&ctx, CreateToken { name: "t".into(), scopes: vec!["profile:read".into()], days: 1 }).await.expect("token");

    request_password_reset(&world.visitor(), "nobody@example.com").await.expect("the same answer");
    write_letters(&world).await;
    let before = world.count("select count(*) from mails where template = 'reset_password'").await;
    assert_eq!(before, 0);

    request_password_reset(&world.visitor(), "ada@example.com").await.expect("asked");
    let link = newest_secret(&world, "reset_password").await;
    let Err(Error::Invalid(_)) = reset_password(&world.visitor(), &link, &secret("password123")).await else { panic!("refused") };
    let signed = reset_password(&world.visitor(), &link, &secret("brand-new-words")).await.expect("set");
    assert_eq!(signed.account, account);
    assert_eq!(code(reset_password(&world.visitor(), &link, &secret("brand-new-words-2")).await), "link_expired");
    assert_eq!(code(try_sign_in(&world, "ada@example.com", PASSWORD).await), "wrong_sign_in");
    assert!(try_sign_in(&world, "ada@example.com", "brand-new-words").await.is_ok());
    assert_eq!(world.count("select count(*) from sessions").await, 0);
    assert!(load_token(&world.db, world.now(), &token.secret).await.expect("looked").is_none());
    write_letters(&world).await;
    assert_eq!(world.count("select count(*) from mails where template = 'password_changed'").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn links_expire_and_serve_one_purpose(db: PgPool) {
    let world = World::new(db);
    registered(&world, "ada@example.com").await;
    request_password_reset(&world.visitor(), "ada@example.com").await.expect("asked");
    let reset = newest_secret(&world, "reset_password").await;
    assert_eq!(code(confirm_email(&world.visitor(), &reset).await), "link_expired");
    assert_eq!(code(claim(&world.visitor(), &reset, &secret("brand-new-words")).await), "link_expired");
    assert_eq!(code(confirm_new_email(&world.visitor(), "nonsense").await), "link_expired");
    world.pass_minutes(121);
    assert_eq!(code(reset_password(&world.visitor(), &reset, &secret("brand-new-words")).await), "link_expired");
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_can_be_flooded_with_links(db: PgPool) {
    let world = World::new(db);
    registered(&world, "ada@example.com").await;
    for _ in 0..12 {
        request_password_reset(&world.visitor(), "ada@example.com").await.expect("asked");
    }
    write_letters(&world).await;
    assert_eq!(world.count("select count(*) from mails").await, 5);
}

#[sqlx::test(migrations = "../migrations")]
async fn changing_the_password_asks_for_it_and_ends_other_sessions(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "ada@example.com").await;
    let (ctx, here) = with_session(&world, account).await;
    with_session(&world, account).await;
    assert_eq!(code(change_password(&ctx, &secret("not it at all"), &secret("brand-new-words")).await), "wrong_password");
    change_password(&ctx, &secret(PASSWORD), &secret("brand-new-words")).await.expect("changed");
    let left: Vec<SessionId> = sqlx::query_scalar("select public_id from sessions").fetch_all(&world.db).await.expect("sessions");
    assert_eq!(left, [here]);
    assert!(try_sign_in(&world, "ada@example.com", "brand-new-words").await.is_ok());
    assert_eq!(list_security_notes(&ctx).await.expect("notes")[0].kind, "password_changed");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_address_counts_once_its_link_was_opened(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "ada@example.com").await;
    let (ctx, _) = with_session(&world, account).await;
    assert_eq!(code(request_email_change(&ctx, "new@example.com", &secret("wrong one here")).await), "wrong_password");
    request_email_change(&ctx, "new@example.com", &secret(PASSWORD)).await.expect("asked");
    assert_eq!(get_me(&ctx).await.expect("me").email, "ada@example.com");
    let link = newest_secret(&world, "change_email").await;
    confirm_new_email(&world.visitor(), &link).await.expect("changed");
    let me = get_me(&ctx).await.expect("me");
    assert_eq!((me.email.as_str(), me.is_email_confirmed), ("new@example.com", true));
    write_letters(&world).await;
    let told: String =
        sqlx::query_scalar("select to_address from mails where template = 'email_changed'").fetch_one(&world.db).await.expect("told");
    assert_eq!(told, "ada@example.com");

    // an address that someone has confirmed cannot be taken, which only its reader learns
    let other = registered(&world, "other@example.com").await;
    let (ctx, _) = with_session(&world, other).await;
    request_email_change(&ctx, "NEW@example.com", &secret(PASSWORD)).await.expect("asked");
    let link = newest_secret(&world, "change_email").await;
    assert_eq!(code(confirm_new_email(&world.visitor(), &link).await), "address_taken");
}

#[sqlx::test(migrations = "../migrations")]
async fn sessions_are_listed_and_ended_by_their_owner_only(db: PgPool) {
    let world = World::new(db);
    let (ada, eve) = (world.a_customer().await, world.a_customer().await);
    let (ctx, here) = with_session(&world, ada).await;
    let (_, there) = with_session(&world, ada).await;
    let (eve, eves) = with_session(&world, eve).await;
    let listed = list_sessions(&ctx).await.expect("listed");
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|s| s.is_current == (s.id == here) && s.device == "Firefox on Linux"));
    assert_eq!(code(revoke_session(&eve, there).await), "not_found");
    revoke_session(&ctx, there).await.expect("ended");
    assert_eq!(code(revoke_session(&ctx, there).await), "not_found");
    sign_out_everywhere(&ctx).await.expect("out");
    let left: Vec<SessionId> = sqlx::query_scalar("select public_id from sessions").fetch_all(&world.db).await.expect("sessions");
    assert_eq!(left, [eves]);
    assert_eq!(world.events().await, ["account.session_revoked", "account.session_revoked"]);
    assert_eq!(code(list_sessions(&world.visitor()).await), "unauthenticated");
}

#[sqlx::test(migrations = "../migrations")]
async fn tokens_act_within_scope_and_time_and_never_on_the_account_itself(db: PgPool) {
    let world = World::new(db);
    let account = world.a_customer().await;
    let (ctx, _) = with_session(&world, account).await;
    let ask = |scopes: &[&str], days| CreateToken { name: "Script".into(), scopes: scopes.iter().map(|s| (*s).to_owned()).collect(), days };
    for bad in [ask(&[], 30), ask(&["nonsense"], 30), ask(&["admin:read"], 30), ask(&["profile:read"], 0), ask(&["profile:read"], 366)] {
        assert_eq!(code(create_token(&ctx, bad).await), "invalid");
    }
    let made = create_token(&ctx, ask(&["bookings:read", "bookings:read"], 30)).await.expect("made");
    assert!(made.secret.starts_with("fettle_") && made.secret.ends_with(&made.token.hint));
    let stored: Vec<u8> = sqlx::query_scalar("select secret_hash from api_tokens").fetch_one(&world.db).await.expect("a row");
    assert!(!stored.windows(4).any(|w| made.secret.as_bytes().windows(4).any(|s| s == w)));

    let person = load_token(&world.db, world.now(), &made.secret).await.expect("looked").expect("an actor");
    let program = world.ctx(Actor::Person(Box::new(person)));
    assert!(program.require_scope("bookings:read").is_ok() && program.require_scope("bookings:write").is_err());
    assert_eq!(code(create_token(&program, ask(&["bookings:read"], 1)).await), "forbidden");
    assert_eq!(code(change_password(&program, &secret(PASSWORD), &secret("brand-new-words")).await), "forbidden");
    assert_eq!(code(list_sessions(&program).await), "forbidden");

    let (eve, _) = with_session(&world, world.a_customer().await).await;
    assert_eq!(code(revoke_token(&eve, made.token.id).await), "not_found");
    world.pass_days(30);
    assert!(load_token(&world.db, world.now(), &made.secret).await.expect("looked").is_none());
    revoke_token(&ctx, made.token.id).await.expect("revoked");
    assert!(list_tokens(&ctx).await.expect("listed").is_empty());
    assert!(load_token(&world.db, world.now(), "fettle_nonsense").await.expect("looked").is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_suspended_account_is_out_at_once_and_stays_out(db: PgPool) {
    let world = World::new(db);
    let admin = world.ctx_as(world.an_admin().await).await;
    let account = registered(&world, "ada@example.com").await;
    let (ctx, _) = with_session(&world, account).await;
    let token = create_token(&ctx, CreateToken { name: "t".into(), scopes: vec!["profile:read".into()], days: 1 }).await.expect("token");
    assert_eq!(code(suspend(&ctx, account, "because").await), "forbidden");
    assert_eq!(code(suspend(&admin, account, " ").await), "invalid");
    suspend(&admin, account, "Spam in reviews").await.expect("suspended");
    assert_eq!(world.count("select count(*) from sessions").await, 0);
    assert!(load_person(&world.db, account).await.expect("looked").is_none());
    assert!(load_token(&world.db, world.now(), &token.secret).await.expect("looked").is_none());
    assert_eq!(code(try_sign_in(&world, "ada@example.com", PASSWORD).await), "account_suspended");
    assert_eq!(code(try_sign_in(&world, "ada@example.com", "wrong one here").await), "wrong_sign_in");
    end_suspension(&admin, account, "It was a mistake").await.expect("lifted");
    assert!(try_sign_in(&world, "ada@example.com", PASSWORD).await.is_ok());
    assert!(world.events().await.contains(&"account.suspended".to_owned()));
}

#[sqlx::test(migrations = "../migrations")]
async fn roles_are_granted_and_the_last_admin_stays(db: PgPool) {
    let world = World::new(db);
    let account = world.a_customer().await;
    let email = world.email_of(account).await;
    assert_eq!(code(grant_role(&world.ctx_as(account).await, &email, Role::Admin, Grant::Given).await), "forbidden");
    assert_eq!(code(grant_role(&world.system(), "nobody@example.com", Role::Admin, Grant::Given).await), "not_found");
    grant_role(&world.system(), &email.to_uppercase(), Role::Admin, Grant::Given).await.expect("granted");
    let admin = world.ctx_as(account).await;
    assert!(admin.is_admin());
    assert_eq!(code(grant_role(&admin, &email, Role::Admin, Grant::Taken).await), "last_admin");
    assert_eq!(code(suspend(&admin, account, "myself").await), "last_admin");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_guest_claims_what_they_booked(db: PgPool) {
    let world = World::new(db);
    let mut tx = world.visitor().begin().await.expect("begun");
    let guest = create_guest(&mut tx, &world.visitor(), "Gus Guest", "gus@example.com", "+44 20 7946 0018").await.expect("made");
    assert_eq!(code(create_guest(&mut tx, &world.visitor(), "", "gus", "12").await), "invalid");
    tx.commit().await.expect("committed");
    assert_eq!(code(try_sign_in(&world, "gus@example.com", "").await), "wrong_sign_in");

    // asking for a new password sends the claim instead
    request_password_reset(&world.visitor(), "gus@example.com").await.expect("asked");
    let link = newest_secret(&world, "claim_account").await;
    let seen = find_claim(&world.visitor(), &link).await.expect("looked").expect("alive");
    assert_eq!((seen.email.as_str(), seen.is_known), ("gus@example.com", false));
    assert_eq!(claim(&world.visitor(), &link, &secret(PASSWORD)).await, Ok2(Claimed::Own(guest)));
    assert_eq!(code(claim(&world.visitor(), &link, &secret(PASSWORD)).await), "link_expired");
    assert_eq!(try_sign_in(&world, "gus@example.com", PASSWORD).await.expect("in"), guest);
    assert!(get_me(&world.ctx_as(guest).await).await.expect("me").is_email_confirmed);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_guests_bookings_join_the_account_of_the_address(db: PgPool) {
    let world = World::new(db);
    let owner = world.a_customer().await;
    let email = world.email_of(owner).await;
    let provider = world.a_provider().await;
    let mut tx = world.visitor().begin().await.expect("begun");
    let guest = create_guest(&mut tx, &world.visitor(), "Gus Guest", &email, "").await.expect("made");
    tx.commit().await.expect("committed");
    sqlx::query("insert into favourites (account_id, provider_id, created_at) values ($1, $2, $3)")
        .bind(guest)
        .bind(provider.id)
        .bind(world.now())
        .execute(&world.db)
        .await
        .expect("a favourite");
    let path = jobs::claim_path(&world.system(), guest, &email).await.expect("made").expect("a path");
    let link = path.trim_start_matches("/claim/");
    assert!(find_claim(&world.visitor(), link).await.expect("looked").expect("alive").is_known);
    assert_eq!(claim(&world.visitor(), link, &Password::default()).await, Ok2(Claimed::Joined));
    let whose: AccountId = sqlx::query_scalar("select account_id from favourites").fetch_one(&world.db).await.expect("a favourite");
    assert_eq!(whose, owner);
    assert_eq!(jobs::claim_path(&world.system(), owner, &email).await.expect("looked"), None);
}

#[sqlx::test(migrations = "../migrations")]
async fn warnings_reach_the_owner(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "ada@example.com").await;
    try_sign_in(&world, "ada@example.com", PASSWORD).await.expect("in");
    write_letters(&world).await;
    assert_eq!(world.count("select count(*) from mails where template = 'new_device'").await, 0);
    let input = SignIn { email: "ada@example.com".into(), password: secret(PASSWORD) };
    sign_in(&world.visitor(), input, SAFARI).await.expect("in");
    world.pass_minutes(1);
    for _ in 0..7 {
        assert!(try_sign_in(&world, "ada@example.com", "wrong one here").await.is_err());
    }
    write_letters(&world).await;
    assert_eq!(world.count("select count(*) from mails where template = 'new_device'").await, 1);
    assert_eq!(world.count("select count(*) from mails where template = 'many_failures'").await, 1);
    let notes = list_security_notes(&world.ctx_as(account).await).await.expect("notes");
    assert_eq!(notes.iter().map(|n| n.kind.as_str()).collect::<Vec<_>>(), ["many_failures", "new_device"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_profile_is_changed_in_part(db: PgPool) {
    let world = World::new(db);
    let ctx = world.ctx_as(world.a_customer().await).await;
    let change = UpdateMe { phone: Some("+351 912 345 678".into()), zone: Some("Europe/Lisbon".into()), name: None };
    let me = update_me(&ctx, change).await.expect("changed");
    assert_eq!(
        (me.name.as_str(), me.phone.as_deref(), me.zone.as_deref()),
        ("Nora Quist", Some("+351 912 345 678"), Some("Europe/Lisbon"))
    );
    for bad in [
        UpdateMe { zone: Some("Mars/Olympus".into()), ..UpdateMe::default() },
        UpdateMe { name: Some(" ".into()), ..UpdateMe::default() },
        UpdateMe { name: Some("x".repeat(81)), ..UpdateMe::default() },
        UpdateMe { phone: Some("<script>".into()), ..UpdateMe::default() },
    ] {
        assert_eq!(code(update_me(&ctx, bad).await), "invalid");
    }
    assert_eq!(update_me(&ctx, UpdateMe { phone: Some(String::new()), ..UpdateMe::default() }).await.expect("changed").phone, None);
}

/// Whoever was in for a moment leaves nothing behind that opens the account later.
#[sqlx::test(migrations = "../migrations")]
async fn a_change_of_address_under_way_ends_with_the_password(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "ada@example.com").await;
    let passwords = [PASSWORD, "brand-new-words", "more-new-words"];
    for (number, end) in ["password", "reset", "sessions"].into_iter().enumerate() {
        let (ctx, _) = with_session(&world, account).await;
        let (present, next) = (secret(passwords[number]), secret(passwords[(number + 1) % 3]));
        request_email_change(&ctx, &format!("eve{number}@example.com"), &present).await.expect("asked");
        let link = newest_secret(&world, "change_email").await;
        match end {
            "password" => change_password(&ctx, &present, &next).await.expect("changed"),
            "reset" => {
                request_password_reset(&world.visitor(), "ada@example.com").await.expect("asked");
                let reset = newest_secret(&world, "reset_password").await;
                reset_password(&world.visitor(), &reset, &next).await.expect("set");
            }
            _ => sign_out_everywhere(&ctx).await.expect("out"),
        }
        assert_eq!(code(confirm_new_email(&world.visitor(), &link).await), "link_expired", "{end}");
        // What waits in the queue writes no other.
        write_letters(&world).await;
        assert_eq!(world.count("select count(*) from links where purpose = 'change_email' and used_at is null").await, 0, "{end}");
        world.pass_minutes(1);
    }
    assert_eq!(world.email_of(account).await, "ada@example.com");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_present_address_hears_that_it_is_to_change(db: PgPool) {
    let world = World::new(db);
    let account = registered(&world, "ada@example.com").await;
    let (ctx, _) = with_session(&world, account).await;
    request_email_change(&ctx, "new@example.com", &secret(PASSWORD)).await.expect("asked");
    // Even if the link is opened before the letter is written.
    let link: String = {
        let plain: String =
            sqlx::query_scalar("select plain from mails where template = 'change_email'").fetch_one(&world.db).await.expect("a letter");
        let (_, rest) = plain.split_once("/change-email/").expect("a link");
        rest.split_whitespace().next().expect("a secret").trim_end_matches(['>', ')', '.']).to_owned()
    };
    confirm_new_email(&world.visitor(), &link).await.expect("changed");
    write_letters(&world).await;
    let told: Vec<String> = sqlx::query_scalar("select to_address from mails where template = 'email_change_requested'")
        .fetch_all(&world.db)
        .await
        .expect("letters");
    assert_eq!(told, ["ada@example.com"]);
    assert!(list_security_notes(&ctx).await.expect("notes").iter().any(|note| note.sentence.contains("new@example.com")));
}

#[sqlx::test(migrations = "../migrations")]
async fn roles_go_to_confirmed_addresses_and_end_with_them(db: PgPool) {
    let world = World::new(db);
    let squatter = registered(&world, "ada@example.com").await;
    let system = world.system();
    assert_eq!(code(grant_role(&system, "ada@example.com", Role::Admin, Grant::Given).await), "email_not_confirmed");
    assert_eq!(world.count("select count(*) from accounts where is_admin").await, 0);
    grant_role(&system, "ada@example.com", Role::Admin, Grant::GivenUnconfirmed).await.expect("granted");
    let (ctx, _) = with_session(&world, squatter).await;
    let ask = CreateToken { name: "Script".into(), scopes: vec!["admin:read".into()], days: 30 };
    let token = create_token(&ctx, ask).await.expect("made").secret;

    // whoever reads the mail registers as well, and opens the link
    let input = Register { password: secret("another-good-one"), ..form("ada@example.com") };
    let ada = register(&world.visitor(), input, FIREFOX).await.expect("registered").account;
    let link = newest_secret(&world, "already_registered").await;
    assert_eq!(confirm_email(&world.visitor(), &link).await, Ok2(Claimed::Own(ada)));
    assert_eq!(world.count("select count(*) from accounts where is_admin").await, 0);
    assert_eq!(world.count("select count(*) from sessions").await, 0);
    assert!(load_token(&world.db, world.now(), &token).await.expect("looked").is_none());
    assert!(world.events().await.contains(&"account.session_revoked".to_owned()), "so that open sockets end");
    grant_role(&system, "ada@example.com", Role::Admin, Grant::Given).await.expect("granted");
    assert!(world.ctx_as(ada).await.is_admin() && !world.ctx_as(squatter).await.is_admin());
}

/// A guest claims by a letter to their own address only.
#[sqlx::test(migrations = "../migrations")]
async fn no_letter_to_another_address_lets_anyone_claim(db: PgPool) {
    let world = World::new(db);
    let ctx = world.visitor();
    let mut tx = ctx.begin().await.expect("begun");
    let guest = create_guest(&mut tx, &ctx, "Gus Guest", "Gus@example.com", "").await.expect("made");
    for (email, is_theirs) in [("gus@example.com", true), ("eve@example.com", false)] {
        assert_eq!(is_guest_of(&mut tx, guest, email).await.expect("looked"), is_theirs);
    }
    ctx.commit(tx).await.expect("committed");
    assert_eq!(jobs::claim_path(&ctx, guest, "eve@example.com").await.expect("looked"), None);
    assert!(jobs::claim_path(&ctx, guest, "gus@EXAMPLE.com").await.expect("looked").is_some());
}
