//! What an idle stream costs the server in memory and tasks, and whether it gives both back.

use std::{rc::Rc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    task::LocalSet,
    time::{Instant, sleep},
};

use crate::{
    client::Client,
    numbers::{per, round},
    procfs::{self, Mem},
    streams,
    target::Target,
    work::Work,
};

pub struct Options {
    pub target: Target,
    pub streams: usize,
    pub pid: u32,
    pub cycles: usize,
    pub parallel: usize,
    /// Between closing the streams and measuring what is left.
    pub wait: Duration,
}

/// Waits until the resident size stops moving, 5 s at most.
async fn settle(pid: u32) -> Mem {
    let began = Instant::now();
    let mut last = procfs::mem(pid).unwrap_or_default();
    let mut still = 0;
    while began.elapsed() < Duration::from_secs(5) && still < 4 {
        sleep(Duration::from_millis(250)).await;
        let now = procfs::mem(pid).unwrap_or_default();
        still = if (now.rss_kib - last.rss_kib).abs() <= 64 { still + 1 } else { 0 };
        last = now;
    }
    last
}

/// A fresh connection each time, so that an idle limit of the server never falls into the count: it adds one
/// connection's tasks to every reading alike.
async fn tasks(target: &Target) -> Option<i64> {
    let mut client = Client::ready(target).await.ok()?;
    let alive = client.alive_tasks(target).await?;
    if let Some(session) = client.session.take() {
        let _ = client.exchange(&target.delete(&session), &mut Vec::new()).await;
    }
    i64::try_from(alive).ok()
}

pub async fn run(options: Options) -> Result<Value, String> {
    LocalSet::new().run_until(measure(options)).await
}

async fn measure(options: Options) -> Result<Value, String> {
    let target = Rc::new(options.target.clone());
    let pid = options.pid;
    // Some calls first, so that lazy set-up is not counted.
    let mut first = Client::ready(&target).await?;
    for id in 1..=50 {
        first.call(&target, &Work::echo(), id).await?;
    }
    if let Some(session) = first.session.take() {
        let _ = first.exchange(&target.delete(&session), &mut Vec::new()).await;
    }
    drop(first);
    let tasks_base = tasks(&target).await;
    let base = settle(pid).await;
    let mut cycles = Vec::new();
    for _ in 0..options.cycles {
        cycles.push(cycle(&options, &target, base, tasks_base).await);
    }
    Ok(json!({
        "mode": "idle",
        "era": target.era.name(),
        "streams": options.streams,
        "rss_base_kib": base.rss_kib,
        "threads_base": base.threads,
        "tasks_base": tasks_base,
        "cycles": cycles,
    }))
}

async fn cycle(options: &Options, target: &Rc<Target>, base: Mem, tasks_base: Option<i64>) -> Value {
    let pid = options.pid;
    let cpu = || procfs::cpu(pid).unwrap_or_default();
    let cpu_before = cpu();
    let opened = streams::open(target, options.streams, options.parallel, false).await;
    let cpu_open = cpu().saturating_sub(cpu_before);
    let open = opened.board.open.get();
    let held = settle(pid).await;
    let quiet = cpu();
    sleep(Duration::from_secs(2)).await;
    let idle = cpu().saturating_sub(quiet);
    let tasks_open = tasks(target).await;
    let board = opened.board.clone();
    let still_open = board.open.get();
    let seconds = opened.seconds;
    let deleted = streams::close(target, opened).await;
    sleep(options.wait).await;
    let after = settle(pid).await;
    let tasks_closed = tasks(target).await;
    let grown = (held.rss_kib - base.rss_kib) as f64;
    let each = |total: i64| round(total as f64 / open.max(1) as f64, 3);
    json!({
        "opened": open,
        "failed": board.failed.borrow().len(),
        "failure_samples": board.samples(),
        "still_open": still_open,
        "open_seconds": round(seconds, 3),
        "open_cpu_us_each": per(cpu_open.as_secs_f64() * 1e6, open as u64),
        "idle_cpu_share": round(idle.as_secs_f64() / 2.0, 4),
        "deleted": deleted,
        "rss_open_kib": held.rss_kib,
        "rss_closed_kib": after.rss_kib,
        "kib_each": per(grown, open as u64),
        "tasks_each": tasks_open.zip(tasks_base).map(|(now, then)| each(now - then)),
        "tasks_left": tasks_closed.zip(tasks_base).map(|(now, then)| now - then),
        "threads": held.threads,
        "fds_open": held.fds,
        "fds_closed": after.fds,
    })
}
