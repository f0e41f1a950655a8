//! What the kernel says about a process and about the machine.

use std::{fs, time::Duration};

use nix::{
    time::{ClockId, clock_gettime},
    unistd::Pid,
};

/// CPU time of the whole process, exact to the nanosecond: its CPU clock, where /proc counts in steps of 10 ms.
pub fn cpu(pid: u32) -> Option<Duration> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(pid.try_into().ok()?)).ok()?;
    Some(clock_gettime(clock).ok()?.into())
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Mem {
    pub rss_kib: i64,
    pub threads: i64,
    pub fds: i64,
}

pub fn mem(pid: u32) -> Option<Mem> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |dir| dir.count() as i64);
    Some(Mem { rss_kib: field("VmRSS:")?, threads: field("Threads:")?, fds })
}

/// Busy time of all cores together.
fn machine() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).filter_map(|tick| tick.parse().ok()).collect();
    // user, nice, system, irq, softirq; a tick is 1/100 s on every Linux that user space sees.
    let busy: u64 = [0, 1, 2, 5, 6].iter().filter_map(|i| ticks.get(*i)).sum();
    Some(Duration::from_millis(busy * 10))
}

/// The CPU clocks at one moment.
#[derive(Clone, Copy)]
pub struct Clocks {
    pub server: Option<Duration>,
    pub client: Option<Duration>,
    machine: Option<Duration>,
}

/// CPU used between two moments.
pub struct Used {
    pub server: Option<Duration>,
    pub client: Duration,
    /// What neither end used: others on the machine. A point with much of it is worth repeating.
    pub foreign: Option<Duration>,
}

impl Clocks {
    pub fn read(server: Option<u32>) -> Self {
        Self { server: server.and_then(cpu), client: cpu(std::process::id()), machine: machine() }
    }

    pub fn until(self, after: Self) -> Used {
        let between = |a: Option<Duration>, b: Option<Duration>| Some(b?.saturating_sub(a?));
        let server = between(self.server, after.server);
        let client = between(self.client, after.client).unwrap_or_default();
        let foreign = between(self.machine, after.machine)
            .zip(server)
            .map(|(all, server)| all.saturating_sub(server + client));
        Used { server, client, foreign }
    }
}
