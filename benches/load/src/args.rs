//! The command line: a mode, `--flag value` pairs, and for `stdio` a command after `--`.

use std::{collections::HashMap, str::FromStr, time::Duration};

use crate::{
    target::{Era, Target},
    work::Work,
};

pub const HELP: &str = "\
usage: mcpload MODE [--flag value ...] [-- command ...]

modes
  load     tools/call over persistent connections: closed loop, or paced with --rate
  idle     open N event streams: the server's memory and tasks, cycle by cycle
  fanout   open N event streams, call `broadcast`: delivery time and CPU
  stdio    tools/call over the pipes of a command

flags
  --url URL                  MCP endpoint (http://)
  --era modern|legacy        2026-07-28, or 2025-11-25 with a session    [modern]
  --pid PID                  server process, for CPU and memory
  --tool KIND                echo | progress | list                      [echo]
  --tool-name NAME           call this tool as the echo                  [echo]
  --size N                   bytes of the echoed message                 [32]
  --n N                      notifications of one progress call          [10]
  --connections C            load                                        [16]
  --rate R                   load: requests per second, Poisson arrivals [closed loop]
  --warmup S, --duration S                                               [1, 5]
  --streams N                idle, fanout                                [1000]
  --parallel N               streams being opened at once                [32]
  --cycles N                 idle: open and close this many times        [2]
  --wait S                   idle: seconds between close and measuring   [2]
  --rounds N                 fanout: broadcasts                          [20]
  --depth N                  stdio: requests in flight                   [1]
";

pub struct Args {
    flags: HashMap<String, String>,
    command: Vec<String>,
}

pub fn parse(args: impl Iterator<Item = String>) -> Result<(String, Args), String> {
    let mut args = args;
    let mode = args.next().ok_or("no mode")?;
    let mut flags = HashMap::new();
    let mut command = Vec::new();
    while let Some(arg) = args.next() {
        if arg == "--" {
            command = args.by_ref().collect();
            break;
        }
        let name = arg.strip_prefix("--").ok_or(format!("unexpected {arg}"))?;
        let value = args.next().ok_or(format!("--{name} needs a value"))?;
        flags.insert(name.to_string(), value);
    }
    Ok((mode, Args { flags, command }))
}

impl Args {
    pub fn get<T: FromStr>(&self, name: &str, default: T) -> Result<T, String> {
        match self.flags.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("bad value for --{name}: {text}")),
        }
    }

    pub fn seconds(&self, name: &str, default: f64) -> Result<Duration, String> {
        let seconds: f64 = self.get(name, default)?;
        if !(0.0..=600.0).contains(&seconds) {
            return Err(format!("--{name} must be 0 to 600, not {seconds}"));
        }
        Ok(Duration::from_secs_f64(seconds))
    }

    pub fn era(&self) -> Result<Era, String> {
        let name = self.get("era", "modern".to_string())?;
        Era::parse(&name).ok_or(format!("unknown era {name}: modern or legacy"))
    }

    pub fn target(&self) -> Result<Target, String> {
        Target::parse(self.flags.get("url").ok_or("--url is needed")?, self.era()?)
    }

    pub fn pid(&self) -> Result<Option<u32>, String> {
        Ok(Some(self.get("pid", 0)?).filter(|pid| *pid != 0))
    }

    pub fn rate(&self) -> Result<Option<f64>, String> {
        let rate: f64 = self.get("rate", 0.0)?;
        if !(0.0..1e7).contains(&rate) {
            return Err(format!("--rate must be 0 to 10 million a second, not {rate}"));
        }
        Ok(Some(rate).filter(|rate| *rate > 0.0))
    }

    pub fn work(&self) -> Result<Work, String> {
        match self.get("tool", "echo".to_string())?.as_str() {
            "echo" => Ok(Work::Echo {
                name: self.get("tool-name", "echo".to_string())?,
                size: self.get("size", 32)?,
            }),
            "progress" => Ok(Work::Progress { n: self.get("n", 10)? }),
            "list" => Ok(Work::List),
            other => Err(format!("unknown tool kind {other}: echo, progress or list")),
        }
    }

    pub fn command(&self) -> Result<Vec<String>, String> {
        if self.command.is_empty() {
            return Err("a command is needed after --".into());
        }
        Ok(self.command.clone())
    }
}
