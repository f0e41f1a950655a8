//! Where a callback runs: on the network thread, or on a thread of the pool.
//!
//! The pool is a bounded queue and threads that are made as they are needed, up to a limit, and end when they
//! were idle for a while. One thread works off what short callbacks leave, another looks after the queue every
//! now and then and helps when a call waits: a burst costs one wake-up, and a callback that blocks delays nobody
//! for longer than a moment.

mod inline;

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing::Dispatch;

use crate::{
    call::{Call, CallKind, Request, Rounds, Run},
    callback,
    error::{Error, Kind},
    observe::Metrics,
    rpc::{Code, Failure},
};

/// How long a thread of the pool waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);

struct Job {
    request: Arc<Request>,
    rounds: Option<Box<Rounds>>,
    /// Since when it waits.
    since: Instant,
}

/// A callback that has not returned.
#[derive(Clone, Debug)]
pub struct RunningCall {
    /// The name of the tool or prompt, or the URI of the resource.
    pub name: String,
    /// What it serves.
    pub kind: CallKind,
    /// For how long it has been running.
    pub running_for: Duration,
}

impl RunningCall {
    fn new(request: &Request, since: Instant) -> Self {
        let subject = &request.subject;
        Self { name: subject.name.to_string(), kind: subject.kind, running_for: since.elapsed() }
    }
}

/// How long a call waits for a thread that works the queue off before another thread comes to help. Short
/// callbacks are done by then, and waking a thread for each of them would cost more than they do.
const PATIENCE: Duration = Duration::from_micros(100);

/// The pool of one run of a server.
pub(crate) struct Pool {
    state: Mutex<State>,
    work: Condvar,
    idle: Condvar,
    max_threads: usize,
    max_queue: usize,
    network: inline::Threads,
    log: Option<Dispatch>,
    metrics: Arc<Metrics>,
}

struct State {
    queue: VecDeque<Job>,
    threads: usize,
    sleeping: usize,
    /// Whether a thread was woken that has not looked at the queue yet.
    waking: bool,
    /// Whether a thread looks after the queue again in a moment.
    watching: bool,
    closed: bool,
    running: Vec<(u64, Arc<Request>, Instant)>,
    /// When a thread last took a call or was done with one.
    progress: Instant,
    next: u64,
}

impl State {
    /// Whether a thread is working the queue off right now, as far as one can tell: it has taken a call just now.
    fn is_drained(&self, now: Instant) -> bool {
        !self.running.is_empty() && now.saturating_duration_since(self.progress) < PATIENCE
    }

    /// Whether the call that waits longest should not wait any longer.
    fn is_due(&self, now: Instant) -> bool {
        let waited = |job: &Job| now.saturating_duration_since(job.since);
        self.queue.front().is_some_and(|job| !self.is_drained(now) || waited(job) >= PATIENCE)
    }

    fn take(&mut self, now: Instant) -> Option<(u64, Job)> {
        let job = self.queue.pop_front()?;
        let token = self.next;
        self.next += 1;
        self.progress = now;
        self.running.push((token, Arc::clone(&job.request), now));
        Some((token, job))
    }

    fn done(&mut self, token: u64, now: Instant) {
        self.progress = now;
        if let Some(at) = self.running.iter().position(|(running, ..)| *running == token) {
            self.running.swap_remove(at);
        }
    }
}

impl Pool {
    pub(crate) fn new(
        max_threads: u64,
        max_queue: u64,
        log: Option<Dispatch>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let state = State {
            queue: VecDeque::new(),
            threads: 0,
            sleeping: 0,
            waking: false,
            watching: false,
            closed: false,
            running: Vec::new(),
            progress: Instant::now(),
            next: 0,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            idle: Condvar::new(),
            max_threads: usize::try_from(max_threads).unwrap_or(usize::MAX),
            max_queue: usize::try_from(max_queue).unwrap_or(usize::MAX),
            network: inline::Threads::default(),
            log,
            metrics,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the handler of a request, here or on the pool. A request that cannot be run is answered at once.
    pub(crate) fn run(self: &Arc<Self>, request: Arc<Request>, rounds: Option<Box<Rounds>>) {
        match request.subject.run {
            Run::Inline => inline::noted(request, |request| self.invoke(request, rounds)),
            Run::Pool => {
                if let Err((request, error)) = self.submit(Job { request, rounds, since: Instant::now() }) {
                    request.fail(&Failure::new(Code::INTERNAL_ERROR, error.message().to_owned()));
                }
            }
        }
    }

    fn submit(self: &Arc<Self>, job: Job) -> std::result::Result<(), (Arc<Request>, Error)> {
        let mut state = self.lock();
        if state.closed {
            return Err((job.request, Error::new(Kind::WrongState, "the server stops; connect again later")));
        }
        if state.queue.len() >= self.max_queue {
            Metrics::add(&self.metrics.pool_refused);
            let waiting = state.queue.len();
            let message = format!("the server is busy: {waiting} calls wait already; try again later");
            return Err((job.request, Error::new(Kind::LimitExceeded, message)));
        }
        let now = job.since;
        state.queue.push_back(job);
        if state.watching && state.is_drained(now) {
            return Ok(());
        }
        match self.wake(&mut state) {
            Ok(notify) => {
                // Not while the lock is held: the thread that wakes up would only run into it.
                drop(state);
                if notify {
                    self.work.notify_one();
                }
                Ok(())
            }
            Err(error) if state.threads == 0 => {
                let job = state.queue.pop_back().expect("pushed above");
                Err((
                    job.request,
                    Error::new(Kind::Io, "the server cannot start a thread").with_source(error),
                ))
            }
            Err(_) => Ok(()),
        }
    }

    /// Brings one more thread to the queue, unless one is on its way. Tells whether to notify a sleeping one.
    fn wake(self: &Arc<Self>, state: &mut State) -> std::io::Result<bool> {
        if state.waking {
            return Ok(false);
        }
        if state.sleeping > 0 {
            state.waking = true;
            return Ok(true);
        }
        if state.threads < self.max_threads {
            let pool = Arc::clone(self);
            thread::Builder::new().name("mcp-pool".into()).spawn(move || pool.work())?;
            state.threads += 1;
            state.waking = true;
        }
        Ok(false)
    }

    fn work(self: Arc<Self>) {
        let _log = self.log.as_ref().map(tracing::dispatcher::set_default);
        let mut state = self.lock();
        state.waking = false;
        loop {
            let now = Instant::now();
            if state.is_due(now) {
                state = self.drain(state, now);
            } else if !state.queue.is_empty() && !state.watching {
                state.watching = true;
                state = self.work.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
                state.watching = false;
                state.waking = false;
            } else if state.closed {
                break;
            } else {
                state.sleeping += 1;
                let (woken, timeout) =
                    self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
                state = woken;
                state.sleeping -= 1;
                // Also after a timeout: the wake-up may have been meant for this thread. One too many does no harm.
                state.waking = false;
                if timeout.timed_out() && state.queue.is_empty() {
                    break;
                }
            }
        }
        state.threads -= 1;
        self.idle.notify_all();
    }

    /// Works the queue off. Before a callback runs that may block, somebody else looks after what still waits.
    fn drain<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        mut now: Instant,
    ) -> MutexGuard<'a, State> {
        while let Some((token, job)) = state.take(now) {
            let alone = !state.queue.is_empty() && !state.watching;
            let woken = if alone { self.wake(&mut state) } else { Ok(false) };
            // Neither waking nor logging goes well with the lock: both end in code that may want it.
            drop(state);
            match woken {
                Ok(true) => self.work.notify_one(),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(target: "mcpserver::exec", %error, "cannot start one more thread for the pool");
                }
            }
            self.invoke(job.request, job.rounds);
            state = self.lock();
            now = Instant::now();
            state.done(token, now);
        }
        state
    }

    fn invoke(&self, request: Arc<Request>, rounds: Option<Box<Rounds>>) {
        if !request.is_open() {
            return;
        }
        let subject = Arc::clone(&request.subject);
        let call = Call::new(request, rounds);
        // The call travels into the handler: a panic drops it, which answers the client.
        if callback::run(|| subject.handler.call(call)).is_none() {
            Metrics::add(&self.metrics.panics);
            let name = &*subject.name;
            tracing::error!(target: "mcpserver::exec", name, "a handler panicked; its call was answered with an error");
        }
    }

    /// Refuses new work and lets the threads end; answers what waits in the queue.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.queue);
        self.work.notify_all();
        drop(state);
        for job in waiting {
            job.request.fail(&Failure::new(Code::INTERNAL_ERROR, "the server stops; connect again later"));
        }
    }

    /// Waits until no thread is left, at most until `deadline`, and tells which callbacks still run.
    pub(crate) fn join(&self, deadline: Instant) -> Vec<RunningCall> {
        let mut state = self.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.threads == 0 || left.is_zero() {
                let mut running = Self::still_running(&state);
                running.extend(self.network.running());
                return running;
            }
            state = self.idle.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn still_running(state: &State) -> Vec<RunningCall> {
        state.running.iter().map(|(_, request, since)| RunningCall::new(request, *since)).collect()
    }

    /// Tells that the thread that this runs on is one of the network, which runs the callbacks that are `Inline`.
    pub(crate) fn adopt_network_thread(&self) {
        self.network.adopt();
    }

    /// Calls that wait, and threads that exist.
    pub(crate) fn load(&self) -> (usize, usize) {
        let state = self.lock();
        (state.queue.len(), state.threads)
    }
}
