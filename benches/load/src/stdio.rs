//! Round trips over a child's pipes, with a number of requests in flight.

use std::{
    collections::HashMap,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    numbers::{latency, nanos, per, round},
    procfs::{self, Clocks},
    reply::{self, Message},
    target::Era,
    work::{self, Work},
};

pub struct Options {
    pub command: Vec<String>,
    pub era: Era,
    pub work: Work,
    pub depth: usize,
    pub warmup: Duration,
    pub duration: Duration,
}

struct Pipe {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Pipe {
    fn spawn(command: &[String]) -> Result<Self, String> {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("{}: {e}", command[0]))?;
        let stdin = child.stdin.take().ok_or("no stdin")?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        Ok(Self { child, stdin, stdout: BufReader::with_capacity(64 * 1024, stdout), line: Vec::new() })
    }

    async fn send(&mut self, text: &str) -> Result<(), String> {
        self.stdin.write_all(text.as_bytes()).await.map_err(|e| format!("write: {e}"))
    }

    /// The next message that is a response.
    async fn response(&mut self) -> Result<Message<'_>, String> {
        loop {
            self.line.clear();
            match timeout(Duration::from_secs(20), self.stdout.read_until(b'\n', &mut self.line)).await {
                Err(_) => return Err("no answer for 20 s".into()),
                Ok(Err(e)) => return Err(format!("read: {e}")),
                Ok(Ok(0)) => return Err("the server closed its output".into()),
                Ok(Ok(_)) => {}
            }
            let message: Message = serde_json::from_slice(&self.line).map_err(|e| e.to_string())?;
            if message.method.is_none() {
                break;
            }
        }
        serde_json::from_slice(&self.line).map_err(|e| e.to_string())
    }

    async fn handshake(&mut self, era: Era) -> Result<(), String> {
        let first = match era {
            Era::Modern => work::discover(),
            Era::Legacy => work::initialize(),
        };
        self.send(&(first + "\n")).await?;
        if let Some(error) = self.response().await?.error {
            return Err(format!("handshake: {}", reply::clip(error.get())));
        }
        match era {
            Era::Modern => Ok(()),
            Era::Legacy => self.send(&format!("{}\n", work::INITIALIZED)).await,
        }
    }
}

pub async fn run(options: Options) -> Result<Value, String> {
    let mut pipe = Pipe::spawn(&options.command)?;
    let pid = pipe.child.id().ok_or("the server exited")?;
    pipe.handshake(options.era).await?;
    let mut sent: HashMap<u64, Instant> = HashMap::new();
    let mut next = 0;
    let mut done = 0;
    let mut errors = 0;
    let mut sample = None;
    let mut took = Vec::new();
    let mut marks: Option<(Instant, Clocks)> = None;
    let mut batch = String::new();
    let began = Instant::now();
    while began.elapsed() < options.warmup + options.duration && errors < 100 {
        if marks.is_none() && began.elapsed() >= options.warmup {
            marks = Some((Instant::now(), Clocks::read(Some(pid))));
            done = 0;
        }
        batch.clear();
        while sent.len() < options.depth {
            next += 1;
            batch.push_str(&options.work.body(options.era, next));
            batch.push('\n');
            sent.insert(next, Instant::now());
        }
        if !batch.is_empty() {
            pipe.send(&batch).await?;
        }
        let message = pipe.response().await?;
        let id = message.id.and_then(|id| id.get().parse().ok()).ok_or("a response without a numeric id")?;
        let start = sent.remove(&id).ok_or(format!("a response to unknown id {id}"))?;
        match reply::check(&options.work, &message, id) {
            Ok(()) => {
                done += 1;
                if marks.is_some() {
                    took.push(nanos(start.elapsed()));
                }
            }
            Err(e) => {
                errors += 1;
                sample = Some(e);
            }
        }
    }
    let (from, before) = marks.ok_or(format!("stopped during the warm-up: {sample:?}"))?;
    let wall = from.elapsed().as_secs_f64();
    let used = before.until(Clocks::read(Some(pid)));
    let share = |cpu: Duration| round(cpu.as_secs_f64() / wall, 3);
    let mem = procfs::mem(pid).unwrap_or_default();
    Ok(json!({
        "mode": "stdio",
        "era": options.era.name(),
        "tool": options.work.tool().unwrap_or("list"),
        "depth": options.depth,
        "requests": done,
        "seconds": round(wall, 3),
        "rps": round(done as f64 / wall, 1),
        "latency": latency(took),
        "errors": errors,
        "error_sample": sample,
        "server_cpu_us": used.server.map(|cpu| per(cpu.as_secs_f64() * 1e6, done)),
        "server_share": used.server.map(share),
        "client_share": share(used.client),
        "foreign_share": used.foreign.map(share),
        "rss_kib": mem.rss_kib,
        "threads": mem.threads,
    }))
}
