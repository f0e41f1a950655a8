//! Streamable HTTP (2026-07-28 and 2025-11-25, Transports), both eras at one endpoint.

mod accept;
mod carry;
mod connection;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
#[cfg(fuzzing)]
pub(crate) mod fuzz_server;
mod guard;
mod headers;
mod reply;
mod respond;
mod route;
mod service;
mod session;
mod socket;
mod sse;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub(crate) use accept::{Listener, bind};
use tokio_util::sync::CancellationToken;

use crate::{clients::Bounds, config::HttpListen, dispatch::Dispatcher};
use guard::Guard;

/// How a server tells its connections to end.
#[derive(Clone, Default)]
pub(crate) struct Shutdown {
    /// Finish what is under way, then close.
    pub(crate) gracefully: CancellationToken,
    /// Close now.
    pub(crate) at_once: CancellationToken,
    /// Whether either was told: a look at a token takes its lock, which all connections share.
    told: Arc<AtomicBool>,
}

impl Shutdown {
    /// Tells connections to finish what is under way, then to close.
    pub(crate) fn gracefully(&self) {
        self.told.store(true, Ordering::Release);
        self.gracefully.cancel();
    }

    /// Tells connections to close now.
    pub(crate) fn at_once(&self) {
        self.at_once.cancel();
    }

    fn is_told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }
}

/// What all connections of a listener share.
pub(crate) struct Endpoint {
    dispatcher: Arc<Dispatcher>,
    path: String,
    guard: Guard,
    shutdown: Shutdown,
    /// Of streams that belong to no session.
    bounds: Bounds,
}

impl Endpoint {
    pub(crate) fn new(
        dispatcher: Arc<Dispatcher>,
        listen: &HttpListen,
        address: SocketAddr,
        shutdown: Shutdown,
    ) -> Arc<Self> {
        let limits = &dispatcher.config.limits;
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Arc::new(Self {
            path: listen.path.clone(),
            guard: Guard {
                loopback: address.ip().is_loopback(),
                hosts: dispatcher.config.allowed_hosts.clone(),
                origins: dispatcher.config.allowed_origins.clone(),
            },
            shutdown,
            bounds: Bounds {
                waiting: (size(limits.outbox_messages), size(limits.outbox_bytes)),
                kept: (0, 0),
            },
            dispatcher,
        })
    }

    fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.dispatcher.config.limits.keep_alive_ms)
    }

    fn retry(&self) -> Duration {
        Duration::from_millis(self.dispatcher.config.limits.retry_ms)
    }
}
