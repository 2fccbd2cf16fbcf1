//! Free times of a month of someone with many bookings, beside the same bytes from memory.

use super::line::{Aim, Line};
use super::load::p99;
use crate::house::House;
use crate::report::Times;
use crate::stage::Stage;
use crate::town::Town;
use anyhow::{Result, ensure};
use serde_json::Value;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const BUSY: i64 = 200;
const DAYS: i64 = 31;
/// Every half hour but three for each booking of an hour: its own two and the one before, which for the first booking lies before the first day.
const FREE: usize = (DAYS * 48 - (BUSY * 3 - 1)) as usize;

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let town = Town::build(&stage.db, 1, 100).await?;
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    for number in 0..BUSY {
        let (token, person) = (town.next_customer(), Some(town.people[0]));
        let held = house.hold(&token, town.service, &town.start(number * 6), person).await;
        let paid = house.pay(&token, held.text("id"), Some("pm_card_visa")).await;
        ensure!(paid.body["booking"]["status"] == "confirmed", "a booking was answered {} {}", paid.status, paid.text("code"));
    }
    sqlx::query("analyze").execute(&stage.db).await?;
    let (from, to) = (town.start(0)[..10].to_owned(), town.start((DAYS - 1) * 48)[..10].to_owned());
    let path = format!("/api/v1/providers/{}/availability?service_id={}&from={from}&to={to}", town.provider, town.service);
    let text = house.text(&path).await?;
    let memory = from_memory(text.clone().into_bytes()).await?;
    ensure!(memory.text("/").await? == text, "from memory other bytes came");
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for round in 0..if stage.is_full { 2_100 } else { 220 } {
        let answer = house.get(&path, None).await;
        let known = memory.get("/", None).await;
        for (whose, answer) in [("ours", &answer), ("from memory", &known)] {
            let count = starts(&answer.body);
            ensure!((answer.status, count) == (200, FREE), "free times {whose}: {}, {count} instead of {FREE}", answer.status);
        }
        // the first ones warm both
        if round >= 20 {
            ours.add(answer.took);
            theirs.add(known.took);
        }
    }
    println!("  ours {ours}; from memory {theirs}");
    let line = Line::plain("free times of 31 days beside 200 bookings, p99", p99(&ours), "ms");
    Ok(vec![line.beside("the same bytes from memory", p99(&theirs)).aim(Aim::AtMost { floor: 10.0, goal: 5.0 })])
}

/// How many free times an answer tells.
fn starts(times: &Value) -> usize {
    let days = times["days"].as_array().into_iter().flatten();
    days.filter_map(|day| day["slots"].as_array()).map(Vec::len).sum()
}

/// A server that knows one answer.
async fn from_memory(body: Vec<u8>) -> Result<House> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer = Arc::new([head.into_bytes(), body].concat());
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while line.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                    if line.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(House::at(address))
}
