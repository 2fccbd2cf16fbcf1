//! Asking: as fast as answers come, or at fixed moments.

use crate::house::House;
use crate::report::Times;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;

/// How many answers came, by clients that wait for nothing else. `path` is given a number that is new each time.
pub async fn as_fast_as_possible(house: &House, path: impl Fn(u64) -> String + Clone + Send + 'static, how_long: Duration) -> Result<u64> {
    let asked = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + how_long;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (house, path, asked) = (house.clone(), path.clone(), asked.clone());
            tokio::spawn(async move {
                while Instant::now() < until {
                    let path = path(asked.fetch_add(1, Ordering::Relaxed));
                    let status = house.fetch(&path).await;
                    ensure!(status == 200, "{path} was answered {status}");
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(asked.load(Ordering::Relaxed))
}

/// Requests at fixed moments, whether or not earlier ones were answered: waiting counts from when it was due.
pub async fn open_loop(house: &House, path: &str, rate: f64, how_long: Duration) -> Result<Times> {
    let began = Instant::now();
    let count = (rate * how_long.as_secs_f64()).max(1.0) as u32;
    let mut tasks = Vec::with_capacity(count as usize);
    for number in 0..count {
        let (house, path) = (house.clone(), path.to_owned());
        let due = began + how_long * number / count;
        tokio::time::sleep_until(due.into()).await;
        tasks.push(tokio::spawn(async move {
            let status = house.fetch(&path).await;
            (status, due.elapsed())
        }));
    }
    let mut times = Times::default();
    for task in tasks {
        let (status, took) = task.await?;
        ensure!(status == 200, "{path} was answered {status}");
        times.add(took);
    }
    Ok(times)
}

/// The 99th of a hundred, in milliseconds.
pub fn p99(times: &Times) -> f64 {
    times.quantile(990).as_secs_f64() * 1000.0
}
