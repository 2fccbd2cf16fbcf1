//! What the server takes of the machine's memory: with the demo data, after its first jobs, nobody asking; and after somebody has asked.

use super::document;
use super::line::{Aim, Line};
use crate::house::House;
use crate::stage::Stage;
use anyhow::{Result, ensure};
use std::time::Duration;

const PROVIDER: &str = "/p/tolliver-home-repair";
/// How often each page is asked for.
const TIMES: usize = 3;

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let server = stage.serve().await?;
    let pause = Duration::from_secs(if stage.is_full { 15 } else { 3 });
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    tokio::time::sleep(pause).await;
    let whole = Line::plain("resident memory of the server, demo data, idle", megabytes(server.resident()?), "MB");
    let part = |what: &'static str, name: &str| server.resident_part(name).map(|bytes| Line::plain(what, megabytes(bytes), "MB"));
    let mut lines = vec![
        whole.aim(Aim::AtMost { floor: 80.0, goal: 40.0 }),
        part("of it its own (RssAnon)", "RssAnon")?,
        part("of it pages of its program's file (RssFile)", "RssFile")?,
    ];
    look_around(&House::at(stage.address)).await?;
    tokio::time::sleep(pause).await;
    let what = format!("resident memory of the server, idle after home, search, a provider and checkout, {TIMES} times each");
    lines.push(Line::plain(what, megabytes(server.resident()?), "MB"));
    Ok(lines)
}

/// The pages that everyone can open. The time that is held for the checkout is given back.
async fn look_around(house: &House) -> Result<()> {
    let page = house.text(PROVIDER).await?;
    let held = house.http.post(format!("{}/book", house.base)).form(&document::last_time(&page)?).send().await?;
    let header = |name: &str| held.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (checkout, cookie) = (header("location"), header("set-cookie").split(';').next().unwrap_or_default());
    ensure!(checkout.starts_with("/checkout/"), "holding a time was answered {}", held.status());
    for path in ["/", "/search", PROVIDER, checkout] {
        for _ in 0..TIMES {
            let asked = house.http.get(format!("{}{path}", house.base)).header("cookie", cookie);
            asked.send().await?.error_for_status()?.bytes().await?;
        }
    }
    let given_back = house.http.post(format!("{}{checkout}/release", house.base)).header("cookie", cookie).send().await?;
    ensure!(given_back.status().is_redirection(), "giving a time back was answered {}", given_back.status());
    Ok(())
}
