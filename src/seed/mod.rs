//! Demo data: the invented town of Merrow, and on request a crowd of providers for measurements.
//!
//! Everything follows from the files in `merrow/`, a fixed die and today's date, so two databases seeded on one day are alike.
//! A database is seeded once; a second call finds its mark and leaves it alone. Rows are written as sets, in the shapes the rooms' verbs
//! leave behind: every paid booking has its payment, its attempt and its balanced entries in the ledger.

mod bookings;
mod calendar;
mod catalogue;
mod crowd;
mod days;
mod demo;
mod die;
mod past;
mod people;
mod reviews;
mod rows;
mod town;

use anyhow::{Context, Result};
use domain::ctx::Ctx;
use serde_json::json;

/// Of every demo account.
pub const PASSWORD: &str = "merrow-demo-1";

/// Demo sign-ins, for the README and the start command: e-mail and what for.
pub const SIGN_INS: [(&str, &str); 5] = [
    ("ines@merrow.example", "customer"),
    ("bram@tolliver.example", "owner of Tolliver Home Repair"),
    ("odalys@tolliver.example", "member of Tolliver Home Repair"),
    ("support@fettle.example", "support"),
    ("vesna@fettle.example", "admin"),
];

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Seeded,
    AlreadyThere,
}

/// Fills the database with the town, once.
pub async fn merrow(ctx: &Ctx) -> Result<Outcome> {
    let mut tx = ctx.begin().await.context("cannot reach the database")?;
    if !rows::mark(&mut tx, ctx, "seed.merrow").await? {
        return Ok(Outcome::AlreadyThere);
    }
    let town = town::Town::read()?;
    let mut seed = rows::Seed::new(ctx, &town);
    town::insert(&mut tx, &mut seed, &town).await?;
    let hash = people::hash(PASSWORD)?;
    let crowd = people::insert(&mut tx, &mut seed, &hash).await?;
    let catalogue = catalogue::insert(&mut tx, &mut seed, &town, &hash).await?;
    let mut books = bookings::Books::new(&mut tx, &mut seed, &catalogue).await?;
    let mut taken = demo::write(&mut seed, &mut books, &catalogue, &crowd, &town)?;
    days::write(&mut seed, &mut books, &catalogue, &crowd, &town, &mut taken);
    past::write(&mut seed, &mut books, &catalogue, &crowd, &town, &mut taken)?;
    books.insert(&mut tx).await?;
    demo::insert(&mut tx, &seed, &catalogue, &crowd).await?;
    rows::finish(&mut tx).await?;
    tx.commit().await?;
    domain::search::refresh_all(ctx).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Outcome::Seeded)
}

/// Adds providers until there are `count`, for measurements: spread over the country around Merrow, with hours, people, services and reviews' sums.
pub async fn crowd(ctx: &Ctx, count: u32, progress: impl Fn(u32)) -> Result<()> {
    crowd::insert(ctx, count, progress).await
}

/// One line per demo sign-in.
pub fn describe() -> String {
    let lines: Vec<String> = SIGN_INS.iter().map(|(email, role)| format!("  {email:<26} {role}")).collect();
    format!("Demo sign-ins, all with the password {PASSWORD}:\n{}", lines.join("\n"))
}

/// A value as JSON text for `jsonb_populate_recordset`.
fn text(value: impl std::fmt::Display) -> serde_json::Value {
    json!(value.to_string())
}
