//! A line between the house and somebody it asks, on which anything can happen to a call.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// What becomes of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Fine,
    /// Nobody listens.
    Refused,
    /// The call is taken in, and that is all.
    Stalled,
    /// Lines stay as they are and nothing moves on them, as when the other side is stopped. Fine weather lets them go on.
    Frozen,
    /// An answer of this status in the other side's own form; a mail server greets with it.
    Status(u16),
    /// A page for people, from something that stands in between.
    Page,
    /// Bytes that are no answer.
    Noise,
    /// The call is done; of its answer half arrives, and the rest never does.
    Half,
    /// The call is done, and the line breaks before its answer.
    Lost,
}

/// What is spoken on a line.
#[derive(Debug, Clone, Copy)]
enum Talk {
    /// HTTP, or anything as long as the weather keeps to lines and leaves what is said on them alone.
    Calls,
    /// SMTP: the server greets, and a letter ends with a dot on a line of its own.
    Letters,
}

/// What becomes of which calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Forecast {
    weather: Weather,
    /// Those that begin so; all others have a fine day. None: all, and the line itself.
    on: Option<&'static str>,
}

impl Forecast {
    const fn of_all(weather: Weather) -> Self {
        Self { weather, on: None }
    }
    fn is_of(self, call: &[u8]) -> bool {
        self.on.is_none_or(|start| call.starts_with(start.as_bytes()))
    }
    fn is_nobody_there(self) -> bool {
        self == Self::of_all(Weather::Refused)
    }
}

#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    met: AtomicUsize,
}

/// Passes calls on to one address. Ends when dropped.
pub struct Line {
    pub address: SocketAddr,
    wanted: watch::Sender<Forecast>,
    present: watch::Receiver<Forecast>,
    counts: Arc<Counts>,
}

impl Line {
    pub async fn to(there: SocketAddr) -> Self {
        Self::open(there, Talk::Calls).await
    }

    /// To a mail server.
    pub async fn of_letters(there: SocketAddr) -> Self {
        Self::open(there, Talk::Letters).await
    }

    async fn open(there: SocketAddr, talk: Talk) -> Self {
        // Keeps the port ours while nobody listens on it.
        let place = TcpSocket::new_v4().expect("a socket");
        place.set_reuseaddr(true).expect("a shared port");
        place.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = place.local_addr().expect("bound");
        let (wanted, wishes) = watch::channel(Forecast::of_all(Weather::Fine));
        let (tell, present) = watch::channel(Forecast::of_all(Weather::Refused));
        let counts = Arc::new(Counts::default());
        tokio::spawn(attend(place, there, talk, wishes, tell, counts.clone()));
        let line = Self { address, wanted, present, counts };
        line.set(Weather::Fine).await;
        line
    }

    /// How many lines have been taken up so far.
    pub fn calls(&self) -> usize {
        self.counts.calls.load(Ordering::SeqCst)
    }

    /// How many calls have been heard and met the present weather. On a fine day nobody listens to them.
    pub fn met(&self) -> usize {
        self.counts.met.load(Ordering::SeqCst)
    }

    /// From when this returns on; calls under way are cut off.
    pub async fn set(&self, weather: Weather) {
        self.change(Forecast::of_all(weather)).await;
    }

    /// The same for those calls alone that begin so, such as `GET /v1/refunds?`. Refused they are cut off: others still get through.
    pub async fn set_on(&self, start: &'static str, weather: Weather) {
        self.change(Forecast { weather, on: Some(start) }).await;
    }

    async fn change(&self, forecast: Forecast) {
        let _ = self.wanted.send(forecast);
        let mut present = self.present.clone();
        let _ = present.wait_for(|now| *now == forecast).await;
        self.counts.met.store(0, Ordering::SeqCst);
    }
}

async fn attend(
    place: TcpSocket,
    there: SocketAddr,
    talk: Talk,
    mut wishes: watch::Receiver<Forecast>,
    tell: watch::Sender<Forecast>,
    counts: Arc<Counts>,
) {
    let address = place.local_addr().expect("bound");
    loop {
        let forecast = *wishes.borrow_and_update();
        if forecast.is_nobody_there() {
            let _ = tell.send(forecast);
            if wishes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let listener = listen(address);
        let _ = tell.send(forecast);
        loop {
            tokio::select! {
                changed = wishes.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    counts.calls.fetch_add(1, Ordering::SeqCst);
                    let (mut over, counts) = (wishes.clone(), counts.clone());
                    tokio::spawn(async move {
                        let mut passing = std::pin::pin!(pass(stream, there, talk, forecast, &counts));
                        loop {
                            tokio::select! {
                                biased;
                                changed = over.changed() => {
                                    let is_frozen = changed.is_ok() && over.borrow_and_update().weather == Weather::Frozen;
                                    if !is_frozen || over.wait_for(|now| now.weather != Weather::Frozen).await.is_err() {
                                        return;
                                    }
                                }
                                _ = &mut passing => return,
                            }
                        }
                    });
                }
            }
        }
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a shared port");
    socket.bind(address).expect("our own port");
    socket.listen(64).expect("listens")
}

async fn pass(mut caller: TcpStream, there: SocketAddr, talk: Talk, forecast: Forecast, counts: &Counts) -> std::io::Result<()> {
    match talk {
        _ if forecast.weather == Weather::Fine => {
            let mut gateway = TcpStream::connect(there).await?;
            tokio::io::copy_bidirectional(&mut caller, &mut gateway).await.map(|_| ())
        }
        Talk::Calls => pass_call(caller, there, forecast, counts).await,
        Talk::Letters => pass_letter(caller, there, forecast.weather).await,
    }
}

const NOISE: &[u8] = b"\x00\xff\xfe SSH-2.0-OpenSSH_9.2 \x80\r\n";
const PAGE: &[u8] = b"<html><h1>Welcome to nginx!</h1></html>";

async fn pass_call(mut caller: TcpStream, there: SocketAddr, forecast: Forecast, counts: &Counts) -> std::io::Result<()> {
    let call = read_call(&mut caller).await?;
    if !forecast.is_of(&call) {
        let whole = ask(there, &call).await?;
        caller.write_all(&whole).await?;
        return caller.shutdown().await;
    }
    counts.met.fetch_add(1, Ordering::SeqCst);
    match forecast.weather {
        Weather::Status(status) => {
            let body = r#"{"error":{"type":"api_error","message":"Broken on purpose."}}"#;
            answer(&mut caller, status, "application/json", body.as_bytes()).await
        }
        Weather::Page => answer(&mut caller, 200, "text/html", PAGE).await,
        Weather::Noise => caller.write_all(NOISE).await,
        Weather::Half => {
            let whole = ask(there, &call).await?;
            caller.write_all(&whole[..whole.len() - whole.len() / 4]).await?;
            std::future::pending().await
        }
        Weather::Lost => ask(there, &call).await.map(|_| ()),
        Weather::Refused => Ok(()),
        Weather::Fine | Weather::Stalled | Weather::Frozen => std::future::pending().await,
    }
}

async fn pass_letter(mut caller: TcpStream, there: SocketAddr, weather: Weather) -> std::io::Result<()> {
    match weather {
        Weather::Status(status) => caller.write_all(format!("{status} Broken on purpose\r\n").as_bytes()).await,
        Weather::Page => answer(&mut caller, 200, "text/html", PAGE).await,
        Weather::Noise => caller.write_all(NOISE).await,
        Weather::Half => {
            let heard = hand_over(&mut caller, there).await?;
            caller.write_all(&heard[..heard.len() / 2]).await?;
            std::future::pending().await
        }
        Weather::Lost => hand_over(&mut caller, there).await.map(|_| ()),
        Weather::Fine | Weather::Refused | Weather::Stalled | Weather::Frozen => std::future::pending().await,
    }
}

/// Lets the mail server take the letter in. What it says to that is not passed on.
async fn hand_over(caller: &mut TcpStream, there: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(there).await?;
    let (mut said, mut passed, mut heard) = (Vec::<u8>::new(), 0, Vec::<u8>::new());
    loop {
        let read = tokio::select! {
            read = caller.read_buf(&mut said) => read?,
            read = server.read_buf(&mut heard) => read?,
        };
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if !heard.is_empty() && said.ends_with(b"\r\n.\r\n") {
            return Ok(heard);
        }
        server.write_all(&said[passed..]).await?;
        passed = said.len();
        caller.write_all(&heard).await?;
        heard.clear();
    }
}

/// The whole call, head and body.
async fn read_call(caller: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut call = Vec::new();
    loop {
        if caller.read_buf(&mut call).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&call).to_ascii_lowercase();
        let Some(head) = text.find("\r\n\r\n") else { continue };
        let length = text[..head].split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok()).unwrap_or(0);
        if call.len() >= head + 4 + length {
            return Ok(call);
        }
    }
}

/// Lets the gateway act on the call and hears what it says.
async fn ask(there: SocketAddr, call: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gateway = TcpStream::connect(there).await?;
    let closing = String::from_utf8_lossy(call).replacen("\r\n", "\r\nconnection: close\r\n", 1);
    gateway.write_all(closing.as_bytes()).await?;
    let mut whole = Vec::new();
    gateway.read_to_end(&mut whole).await?;
    Ok(whole)
}

async fn answer(caller: &mut TcpStream, status: u16, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} Told\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    caller.write_all(&[head.as_bytes(), body].concat()).await?;
    caller.shutdown().await
}

/// Waits for what comes about by itself, and soon.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came about: {what}");
}
