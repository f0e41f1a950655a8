//! Counters of a server. Each is one atomic, written where the thing happens.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::call::CancelReason;

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The counters, live.
        #[derive(Debug, Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $name: AtomicU64,)+
            cancelled: [AtomicU64; 4],
        }

        /// The counters at one moment.
        #[derive(Clone, Debug, Default)]
        #[non_exhaustive]
        pub struct Snapshot {
            $($(#[doc = $doc])+ pub $name: u64,)+
            /// Calls cancelled because the client asked for it.
            pub cancelled_by_client: u64,
            /// Calls cancelled because the client went away.
            pub cancelled_by_disconnect: u64,
            /// Calls cancelled because their session ended.
            pub cancelled_by_session_end: u64,
            /// Calls cancelled because the server stopped.
            pub cancelled_by_stop: u64,
            /// Tasks alive in the server's runtime.
            pub alive_tasks: u64,
            /// Sessions that exist.
            pub sessions: u64,
            /// Clients that can be pushed to.
            pub clients: u64,
            /// Calls that wait for a thread of the pool.
            pub pool_queue: u64,
            /// Threads of the pool.
            pub pool_threads: u64,
        }

        impl Metrics {
            pub(crate) fn snapshot(&self) -> Snapshot {
                let cancelled = |reason: CancelReason| self.cancelled[slot(reason)].load(Ordering::Relaxed);
                Snapshot {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    cancelled_by_client: cancelled(CancelReason::Client),
                    cancelled_by_disconnect: cancelled(CancelReason::Disconnected),
                    cancelled_by_session_end: cancelled(CancelReason::SessionEnded),
                    cancelled_by_stop: cancelled(CancelReason::Stopping),
                    ..Snapshot::default()
                }
            }
        }

        impl Snapshot {
            /// Calls cancelled, for whatever reason.
            pub fn cancelled(&self) -> u64 {
                self.cancelled_by_client
                    + self.cancelled_by_disconnect
                    + self.cancelled_by_session_end
                    + self.cancelled_by_stop
            }

            /// The counters as the JSON text of an object.
            pub fn to_json(&self) -> String {
                let mut out = String::from("{");
                for (name, value) in [
                    $((stringify!($name), self.$name),)+
                    ("cancelled_by_client", self.cancelled_by_client),
                    ("cancelled_by_disconnect", self.cancelled_by_disconnect),
                    ("cancelled_by_session_end", self.cancelled_by_session_end),
                    ("cancelled_by_stop", self.cancelled_by_stop),
                    ("alive_tasks", self.alive_tasks),
                    ("sessions", self.sessions),
                    ("clients", self.clients),
                    ("pool_queue", self.pool_queue),
                    ("pool_threads", self.pool_threads),
                ] {
                    if out.len() > 1 {
                        out.push(',');
                    }
                    out.push_str(&format!("\"{name}\":{value}"));
                }
                out.push('}');
                out
            }
        }
    };
}

counters! {
    /// Connections that were accepted.
    connections_accepted,
    /// Connections that are open.
    connections_open,
    /// Connections turned away at the limit.
    connections_refused,
    /// Requests, whatever became of them.
    requests,
    /// Messages refused before they reached a handler.
    requests_refused,
    /// Calls given to a handler.
    calls,
    /// Answers that came after their call was cancelled.
    late_answers,
    /// Calls turned away because the queue of the pool was full.
    pool_refused,
    /// Panics caught in handlers.
    panics,
    /// Notifications put into outboxes.
    notifications_queued,
    /// Notifications merged into one that waited already.
    notifications_merged,
    /// Clients dropped because they did not keep up.
    clients_evicted,
    /// Sessions ended for being idle.
    sessions_expired,
    /// Sessions ended to make room at the limit.
    sessions_evicted,
}

fn slot(reason: CancelReason) -> usize {
    reason as usize - CancelReason::Client as usize
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cancelled(&self, reason: CancelReason) {
        Self::add(&self.cancelled[slot(reason)]);
    }

    pub(crate) fn late_answer(&self) {
        Self::add(&self.late_answers);
    }
}
