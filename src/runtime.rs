//! One run of a server: the runtime that it owns, and how that comes to an end.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;
use tracing::Dispatch;

use crate::{
    dispatch::Dispatcher,
    error::{Error, Kind, Result},
    exec::{Pool, RunningCall},
    transport::http::{Endpoint, Listener, Shutdown, bind},
};

/// The most threads that the network gets by itself: what is beyond is better left to the host.
const MOST_THREADS: usize = 4;

/// What a stop came to.
#[derive(Clone, Debug, Default)]
pub struct StopReport {
    /// Calls that were cancelled because they did not end within the grace period.
    pub cancelled: u64,
    /// Callbacks that had not returned when the deadline passed. Their threads end when they do.
    pub running: Vec<RunningCall>,
}

pub(crate) struct Running {
    runtime: Runtime,
    shutdown: Shutdown,
    tasks: TaskTracker,
    pool: Arc<Pool>,
    dispatcher: Arc<Dispatcher>,
    log: Option<Dispatch>,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Running {
    pub(crate) fn start(dispatcher: &Arc<Dispatcher>, log: Option<Dispatch>) -> Result<Self> {
        let config = &dispatcher.config;
        let sockets = config.listen.iter().map(|listen| bind(listen.address)).collect::<Result<Vec<_>>>()?;
        let threads = match config.network_threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS),
            threads => threads,
        };
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("mcp-net").enable_io().enable_time();
        let limits = &config.limits;
        let metrics = Arc::clone(&dispatcher.metrics);
        let pool = Pool::new(limits.pool_threads, limits.pool_queue, log.clone(), metrics);
        let (for_callbacks, for_threads) = (Arc::clone(&pool), log.clone());
        builder.on_thread_start(move || {
            for_callbacks.adopt_network_thread();
            if let Some(log) = &for_threads {
                set_log(log);
            }
        });
        let runtime = builder.build().map_err(|error| {
            Error::new(Kind::Io, "cannot start the threads of the network").with_source(error)
        })?;
        let shutdown = Shutdown::default();
        let tasks = TaskTracker::new();
        let room = Arc::new(Semaphore::new(
            usize::try_from(limits.connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS),
        ));
        let mut addresses = Vec::with_capacity(sockets.len());
        // Before the first connection is accepted, whose calls would be told that the server does not run.
        dispatcher.set_pool(Some(Arc::clone(&pool)));
        let _inside = runtime.enter();
        for (socket, listen) in sockets.into_iter().zip(&config.listen) {
            let refused = |error| {
                Error::new(Kind::Io, format!("cannot listen on {}", listen.address)).with_source(error)
            };
            let address = socket.local_addr().map_err(refused)?;
            addresses.push(address);
            let listener = Listener {
                socket: TcpListener::from_std(socket).map_err(refused)?,
                endpoint: Endpoint::new(Arc::clone(dispatcher), listen, address, shutdown.clone()),
                room: Arc::clone(&room),
                tasks: tasks.clone(),
            };
            tasks.spawn(listener.run());
            tracing::info!(target: "mcpserver::server", %address, path = listen.path, "listening");
        }
        tasks.spawn(expire_sessions(Arc::clone(dispatcher), shutdown.clone()));
        drop(_inside);
        Ok(Self { runtime, shutdown, tasks, pool, dispatcher: Arc::clone(dispatcher), log, addresses })
    }

    pub(crate) fn alive_tasks(&self) -> usize {
        self.runtime.metrics().num_alive_tasks()
    }

    pub(crate) fn pool_load(&self) -> (usize, usize) {
        self.pool.load()
    }

    /// Stops by the deadline, whatever the callbacks do: nothing new is taken, streams get their goodbye, calls
    /// get three quarters of the time to finish and are then cancelled, and what is left is closed.
    pub(crate) fn stop(self, time: Duration) -> StopReport {
        let _log = self.log.as_ref().map(tracing::dispatcher::set_default);
        let deadline = Instant::now() + time;
        let grace = Instant::now() + time.mul_f32(0.75);
        let clients = &self.dispatcher.clients;
        self.shutdown.gracefully();
        clients.say_goodbye();
        self.tasks.close();
        self.wait_for_tasks(grace);
        self.dispatcher.set_pool(None);
        self.pool.close();
        let before = self.dispatcher.metrics.snapshot().cancelled();
        clients.end_sessions();
        self.shutdown.at_once();
        self.wait_for_tasks(deadline);
        let running = self.pool.join(deadline);
        let cancelled = self.dispatcher.metrics.snapshot().cancelled() - before;
        self.runtime.shutdown_timeout(deadline.saturating_duration_since(Instant::now()));
        StopReport { cancelled, running }
    }

    /// Uses no timer of the runtime: callbacks that do not return may hold all of its threads, and then no timer
    /// of its ever fires.
    fn wait_for_tasks(&self, until: Instant) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut done = pin!(self.tasks.wait());
        while done.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Sets the log of a thread for as long as it lives.
fn set_log(log: &Dispatch) {
    std::thread_local! {
        static LOG: std::cell::RefCell<Option<tracing::dispatcher::DefaultGuard>> = const { std::cell::RefCell::new(None) };
    }
    LOG.with_borrow_mut(|slot| *slot = Some(tracing::dispatcher::set_default(log)));
}

/// Ends idle sessions, every now and then.
async fn expire_sessions(dispatcher: Arc<Dispatcher>, shutdown: Shutdown) {
    let idle = dispatcher.config.limits.session_idle_ms;
    let period = Duration::from_millis((idle / 4).clamp(10, 30_000));
    loop {
        tokio::select! {
            () = tokio::time::sleep(period) => dispatcher.clients.expire(),
            () = shutdown.gracefully.cancelled() => return,
        }
    }
}
