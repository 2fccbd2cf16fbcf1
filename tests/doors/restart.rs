//! The house is stopped in the middle of everything: who waits for an answer gets it, open pages are told, and work is finished or left whole for the next
//! one.

use super::harness::{COOKIE, Doors, config, listen, open};
use super::line::until;
use super::live::Client;
use async_trait::async_trait;
use domain::id::ProviderId;
use domain::notify::port::{MailFailure, MailTransport, OutgoingMail};
use domain::world::World;
use fettle::{serve, worker};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// A mail server that takes its time until it is let go.
#[derive(Default)]
struct Unhurried {
    begun: AtomicUsize,
    may_go_on: CancellationToken,
    sent: Mutex<Vec<String>>,
}

#[async_trait]
impl MailTransport for Unhurried {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailFailure> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.may_go_on.cancelled().await;
        self.sent.lock().expect("nobody panics with it").push(mail.to.clone());
        Ok(())
    }
}

/// All that is answered, until the line is closed.
async fn ask(address: SocketAddr, cookie: String) -> String {
    let mut line = TcpStream::connect(address).await.expect("connects");
    let ask = format!("GET /api/v1/favourites HTTP/1.1\r\nHost: {address}\r\nCookie: {COOKIE}={cookie}\r\n\r\n");
    line.write_all(ask.as_bytes()).await.expect("writes");
    let mut heard = String::new();
    line.read_to_string(&mut heard).await.expect("an answer and an end");
    heard
}

#[sqlx::test(migrations = "./migrations")]
async fn a_restart_leaves_nothing_half_done(db: PgPool) {
    let _ = any_spawner::Executor::init_tokio();
    let mail = Arc::new(Unhurried::default());
    let mut world = World::new(db.clone());
    let mut house = Arc::into_inner(world.another_house(db.clone())).expect("ours alone");
    house.mail = mail.clone();
    world.house = Arc::new(house);
    let (state, router) = open(world.house.clone(), config(&[("FETTLE_LIMIT_SENSITIVE", "1000000")]));
    let doors = Doors { world, state, router };
    let (ada, bob) = (doors.world.a_customer().await, doors.world.a_customer().await);

    // A page is open, one letter hangs in the air with another behind it, and someone waits for what another transaction keeps.
    let server = listen(&doors.state, &doors.router).await;
    let address = server.address;
    let mut page = Client::connect(&server, &[]).await.expect("connects");
    page.subscribe(&format!("availability:{}", doors.world.new_id::<ProviderId>()), None).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker::run(doors.world.house.clone(), "old".to_owned(), 1, stop.clone()));
    for account in [ada, bob] {
        let email = doors.world.email_of(account).await;
        assert_eq!(doors.browser().post("/forgot-password", &[("email", &email)]).await.status, 200);
    }
    until("a letter is on its way", async || mail.begun.load(Ordering::SeqCst) == 1).await;
    let mut keeping = db.begin().await.expect("begins");
    sqlx::query("lock table favourites in access exclusive mode").execute(&mut *keeping).await.expect("locks");
    let asking = tokio::spawn(ask(address, doors.session(ada).await.0));
    let waiting = "select count(*) from pg_locks where not granted and relation = 'favourites'::regclass
        and database = (select oid from pg_database where datname = current_database())";
    until("a request is under way", async || doors.world.count(waiting).await > 0).await;

    stop.cancel();
    drop(server);
    let ((), farewell) = tokio::join!(serve::close_sockets(&doors.state.hub), page.farewell());
    assert_eq!(farewell, (Some(1001), Vec::new()), "the page knows that it may come back");
    until("nobody else is let in", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!asking.is_finished() && !working.is_finished(), "nothing is cut off");
    keeping.rollback().await.expect("lets go");
    let heard = asking.await.expect("no panic");
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    mail.may_go_on.cancel();
    working.await.expect("no panic");
    assert_eq!(mail.sent.lock().expect("nobody panics with it").len(), 1, "what was begun is finished");
    let in_hand = "select count(*) from jobs where finished_at is null and (leased_until is not null or attempts > 0)";
    assert_eq!(doors.world.count(in_hand).await, 0, "and nothing else was taken up");

    // The next one, whose mail server is another.
    let stop = CancellationToken::new();
    let next = doors.world.another_house(db);
    let working = tokio::spawn(worker::run(next, "new".to_owned(), 1, stop.clone()));
    until("the other letter", async || !doors.world.mails.all().is_empty()).await;
    stop.cancel();
    working.await.expect("no panic");
    let mut told: Vec<String> = doors.world.mails.all().into_iter().map(|mail| mail.to).collect();
    told.extend(mail.sent.lock().expect("nobody panics with it").clone());
    told.sort();
    let mut both = [doors.world.email_of(ada).await, doors.world.email_of(bob).await];
    both.sort();
    assert_eq!(told, both, "each once");
    doors.close().await;
}
