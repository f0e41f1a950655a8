//! One change told to every open stream: how long until the last one has it, and the CPU each delivery costs.

use std::{rc::Rc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    task::LocalSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    client::Client,
    numbers::{latency, per},
    procfs, streams,
    target::{Era, Target},
    work::Work,
};

pub struct Options {
    pub target: Target,
    pub streams: usize,
    pub pid: Option<u32>,
    pub rounds: u32,
    pub parallel: usize,
}

const BROADCAST: Work = Work::Named("broadcast");

pub async fn run(options: Options) -> Result<Value, String> {
    LocalSet::new().run_until(measure(options)).await
}

/// Some SDKs can only reach the sessions they were shown: their servers have a `join` tool.
async fn has_join(target: &Target) -> Result<bool, String> {
    let mut client = Client::ready(target).await?;
    Ok(target.era == Era::Legacy && client.call(target, &Work::Named("join"), 1).await.is_ok())
}

async fn measure(options: Options) -> Result<Value, String> {
    let target = Rc::new(options.target);
    let join = has_join(&target).await?;
    let opened = streams::open(&target, options.streams, options.parallel, join).await;
    let board = opened.board.clone();
    let open = board.open.get();
    board.want.set(open);
    sleep(Duration::from_millis(500)).await;
    let mut caller = Client::ready(&target).await?;
    let mut last = Vec::new();
    let mut every = Vec::new();
    let mut cpu = Duration::ZERO;
    let mut missing = 0;
    let mut call_errors = Vec::new();
    for turn in 1..=options.rounds {
        board.got.borrow_mut().clear();
        board.round.set(turn);
        let before = options.pid.and_then(procfs::cpu);
        board.began.set(Some(Instant::now().into_std()));
        let call = caller.call(&target, &BROADCAST, 1000 + u64::from(turn));
        let all = async {
            board.all.notified().await;
            Ok(())
        };
        let both = async { tokio::try_join!(call, all).map(|_| ()) };
        let outcome = timeout(Duration::from_secs(20), both).await.unwrap_or(Err("timed out".into()));
        if let Err(e) = outcome {
            call_errors.push(e);
            caller = Client::ready(&target).await?;
        }
        // What the server does after the last delivery belongs to the round too.
        sleep(Duration::from_millis(100)).await;
        if let (Some(before), Some(after)) = (before, options.pid.and_then(procfs::cpu)) {
            cpu += after.saturating_sub(before);
        }
        let got = board.got.borrow();
        missing += open - got.len().min(open);
        last.extend(got.iter().max());
        every.extend_from_slice(&got);
        if got.is_empty() {
            break;
        }
    }
    let delivered = every.len();
    streams::close(&target, opened).await;
    call_errors.truncate(3);
    Ok(json!({
        "mode": "fanout",
        "era": target.era.name(),
        "streams": open,
        "failed": board.failed.borrow().len(),
        "failure_samples": board.samples(),
        "rounds": options.rounds,
        "delivered": delivered,
        "missing": missing,
        "strays": board.strays.get(),
        "call_errors": call_errors,
        "last_delivery": latency(last),
        "each_delivery": latency(every),
        "server_cpu_us": options.pid.map(|_| per(cpu.as_secs_f64() * 1e6, delivered as u64)),
    }))
}
