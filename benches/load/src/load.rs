//! Request load over persistent connections: a closed loop for CPU per request, or paced arrivals for latency.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    task::{LocalSet, spawn_local, yield_now},
    time::{sleep, timeout},
};

use crate::{
    client::Client,
    http::{Conn, Kind},
    numbers::{latency, nanos, per, round},
    procfs::{self, Clocks},
    reply,
    target::Target,
    work::Work,
};

pub struct Options {
    pub target: Target,
    pub work: Work,
    pub connections: usize,
    pub warmup: Duration,
    pub duration: Duration,
    pub pid: Option<u32>,
    /// Requests per second; None for a closed loop.
    pub rate: Option<f64>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Warming,
    Measuring,
    Stopping,
}

#[derive(Default)]
struct Shared {
    phase: Cell<Phase>,
    next: Cell<u64>,
    done: Cell<u64>,
    sse: Cell<u64>,
    bytes: Cell<u64>,
    errors: Cell<u64>,
    samples: RefCell<BTreeMap<String, u64>>,
    latency: RefCell<Vec<u32>>,
    pace: Option<Pace>,
}

/// When requests are due, for all connections together: whichever is free takes the next one. The arrivals are random
/// and yet the same in every run, so that two servers meet the same bursts.
struct Pace {
    mean: f64,
    due: Cell<Instant>,
    random: Cell<u64>,
}

impl Pace {
    fn new(rate: f64) -> Self {
        Self { mean: 1.0 / rate, due: Cell::new(Instant::now()), random: Cell::new(0x9e37_79b9_7f4a_7c15) }
    }

    /// An exponential interval after the one before (xorshift64*, inverse transform).
    fn advance(&self) {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        let unit = ((x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
        self.due.set(self.due.get() + Duration::from_secs_f64(-unit.ln() * self.mean));
    }
}

fn bump(cell: &Cell<u64>, by: u64) {
    cell.set(cell.get() + by);
}

impl Shared {
    fn error(&self, text: String) {
        bump(&self.errors, 1);
        let mut samples = self.samples.borrow_mut();
        if samples.len() < 8 || samples.contains_key(&text) {
            *samples.entry(text).or_default() += 1;
        }
    }

    fn running(&self) -> bool {
        self.phase.get() != Phase::Stopping && self.errors.get() < 5000
    }

    /// When the next request counts as sent: now, or at its due time, however late a connection becomes free for it.
    /// Timers are a thousand times too coarse for this, so the wait is a spin through the reactor.
    async fn turn(&self) -> Option<Instant> {
        let Some(pace) = &self.pace else {
            return self.running().then(Instant::now);
        };
        while self.running() {
            let due = pace.due.get();
            if Instant::now() >= due {
                pace.advance();
                return Some(due);
            }
            yield_now().await;
        }
        None
    }

    fn count(&self, kind: Kind, bytes: usize, took: Duration) {
        if self.phase.get() == Phase::Measuring {
            bump(&self.done, 1);
            bump(&self.bytes, bytes as u64);
            bump(&self.sse, u64::from(kind == Kind::Sse));
            self.latency.borrow_mut().push(nanos(took));
        }
    }
}

async fn worker(target: Rc<Target>, work: Rc<Work>, shared: Rc<Shared>, mut client: Client) {
    let mut request = String::new();
    let mut body = Vec::new();
    while let Some(start) = shared.turn().await {
        let id = shared.next.get() + 1;
        shared.next.set(id);
        client.request(&target, &work, id, &mut request);
        match client.exchange(&request, &mut body).await {
            Ok(head) => {
                let took = start.elapsed();
                match reply::check_http(&head, &body, &work, id) {
                    Ok(()) => shared.count(head.kind, body.len(), took),
                    Err(e) => shared.error(e),
                }
                if head.close {
                    match Conn::open(target.addr).await {
                        Ok(conn) => client.conn = conn,
                        Err(e) => return shared.error(format!("reconnect: {e}")),
                    }
                }
            }
            Err(e) => {
                shared.error(format!("exchange: {e}"));
                match Client::ready(&target).await {
                    Ok(fresh) => client = fresh,
                    Err(e) => return shared.error(format!("reconnect: {e}")),
                }
            }
        }
    }
}

pub async fn run(options: Options) -> Result<Value, String> {
    LocalSet::new().run_until(measure(options)).await
}

async fn measure(options: Options) -> Result<Value, String> {
    let target = Rc::new(options.target);
    let work = Rc::new(options.work);
    let mut clients = Vec::new();
    for _ in 0..options.connections {
        clients.push(Client::ready(&target).await?);
    }
    let shared = Rc::new(Shared { pace: options.rate.map(Pace::new), ..Shared::default() });
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|client| spawn_local(worker(target.clone(), work.clone(), shared.clone(), client)))
        .collect();
    sleep(options.warmup).await;
    let before = Clocks::read(options.pid);
    let began = Instant::now();
    shared.phase.set(Phase::Measuring);
    sleep(options.duration).await;
    let wall = began.elapsed().as_secs_f64();
    let used = before.until(Clocks::read(options.pid));
    shared.phase.set(Phase::Stopping);
    let done = shared.done.get();
    let mem = options.pid.and_then(procfs::mem);
    for task in tasks {
        let _ = timeout(Duration::from_secs(10), task).await;
    }
    let share = |cpu: Duration| round(cpu.as_secs_f64() / wall, 3);
    Ok(json!({
        "mode": "load",
        "era": target.era.name(),
        "tool": work.tool().unwrap_or("list"),
        "connections": options.connections,
        "rate": options.rate,
        "seconds": round(wall, 3),
        "requests": done,
        "rps": round(done as f64 / wall, 1),
        "latency": latency(shared.latency.take()),
        "errors": shared.errors.get(),
        "error_samples": *shared.samples.borrow(),
        "reply": if shared.sse.get() > 0 { "SSE" } else { "JSON" },
        "body_bytes": per(shared.bytes.get() as f64, done),
        "server_cpu_us": used.server.map(|cpu| per(cpu.as_secs_f64() * 1e6, done)),
        "client_cpu_us": per(used.client.as_secs_f64() * 1e6, done),
        "server_share": used.server.map(share),
        "client_share": share(used.client),
        "foreign_share": used.foreign.map(share),
        "rss_kib": mem.map(|m| m.rss_kib),
        "threads": mem.map(|m| m.threads),
    }))
}
