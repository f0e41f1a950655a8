//! The request behind a call: what came in, who sent it, and whether it is still wanted.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU8, AtomicU64, Ordering},
};

use bytes::Bytes;

use super::{Answer, CallKind, Engine, Handler, Outbox, Reply, Rounds, Run};
use crate::{
    callback,
    config::CacheHint,
    protocol::{LogLevel, Revision},
    rpc::Failure,
};

/// The number of a client, for as long as the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// Who is calling, as the host's authorization has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The subject, unique among callers.
    pub subject: String,
}

/// Why a call was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CancelReason {
    /// The client sent `notifications/cancelled`.
    Client = 2,
    /// The client closed the response stream (2026-07-28) or its connection.
    Disconnected = 3,
    /// The client's session ended.
    SessionEnded = 4,
    /// The server stops.
    Stopping = 5,
}

const RUNNING: u8 = 0;
const FINISHED: u8 = 1;

impl CancelReason {
    fn from_state(state: u8) -> Option<Self> {
        [Self::Client, Self::Disconnected, Self::SessionEnded, Self::Stopping]
            .into_iter()
            .find(|reason| *reason as u8 == state)
    }
}

/// A piece of the message, by its place in the bytes it came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The place of `part` in `whole`, from which it was borrowed.
    pub(crate) fn of(whole: &[u8], part: &str) -> Self {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        debug_assert!(start + part.len() <= whole.len());
        Self { start, end: start + part.len() }
    }
}

/// What is called: fixed when it was registered.
pub(crate) struct Subject {
    pub(crate) kind: CallKind,
    pub(crate) name: Box<str>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) run: Run,
    /// Checks the structured content of a tool; the message says what does not fit.
    pub(crate) output: Option<OutputCheck>,
    pub(crate) mime: Option<Box<str>>,
    pub(crate) cache: CacheHint,
}

pub(crate) type OutputCheck = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// A client of the sessions era, as its calls see it.
#[derive(Debug)]
pub(crate) struct SessionPeer {
    pub(crate) client: ClientId,
    /// JSON text of an `Implementation`.
    pub(crate) info: Option<Box<str>>,
    /// JSON text of its `ClientCapabilities`.
    pub(crate) capabilities: Box<str>,
    pub(crate) log_level: AtomicU8,
}

impl SessionPeer {
    /// Bytes that it keeps.
    pub(crate) fn bytes(&self) -> usize {
        self.info.as_deref().map_or(0, str::len) + self.capabilities.len()
    }
}

/// Where the facts about the client stand: in the request itself, or in its session.
pub(crate) enum Peer {
    Request { info: Option<Span>, capabilities: Span, log_level: Option<LogLevel> },
    Session(Arc<SessionPeer>),
}

type CancelCallback = Box<dyn FnOnce(CancelReason) + Send>;

pub(crate) struct Request {
    pub(crate) subject: Arc<Subject>,
    pub(crate) revision: Revision,
    pub(crate) body: Bytes,
    pub(crate) id: Span,
    pub(crate) message: Span,
    pub(crate) arguments: Option<Span>,
    pub(crate) progress_token: Option<Span>,
    pub(crate) peer: Peer,
    pub(crate) principal: Option<Arc<Principal>>,
    /// The URI of a resource, and the values of its template's variables.
    pub(crate) uri: Option<Box<str>>,
    pub(crate) variables: Vec<(Box<str>, String)>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) state: RequestState,
}

/// What changes while a request is served.
#[derive(Default)]
pub(crate) struct RequestState {
    phase: AtomicU8,
    /// Bits of the last progress reported, as an `f64` raised by one so that 0 stands for none.
    progress: AtomicU64,
    on_cancel: Mutex<Option<CancelCallback>>,
}

impl Request {
    pub(crate) fn text(&self, span: Span) -> &str {
        std::str::from_utf8(&self.body[span.start..span.end]).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text(self.id)
    }

    pub(crate) fn arguments(&self) -> Option<&str> {
        self.arguments.map(|span| self.text(span))
    }

    pub(crate) fn capabilities(&self) -> &str {
        match &self.peer {
            Peer::Request { capabilities, .. } => self.text(*capabilities),
            Peer::Session(peer) => &peer.capabilities,
        }
    }

    /// The lowest level of log messages that the client wants for this request.
    pub(crate) fn log_level(&self) -> Option<LogLevel> {
        match &self.peer {
            Peer::Request { log_level, .. } => *log_level,
            Peer::Session(peer) => LogLevel::from_number(peer.log_level.load(Ordering::Relaxed)),
        }
    }

    pub(crate) fn cancelled(&self) -> Option<CancelReason> {
        CancelReason::from_state(self.state.phase.load(Ordering::Acquire))
    }

    /// Whether the answer is still to come.
    pub(crate) fn is_open(&self) -> bool {
        self.state.phase.load(Ordering::Acquire) == RUNNING
    }

    /// Takes the right to answer. Only one caller ever gets it.
    pub(crate) fn close(&self) -> bool {
        self.state.phase.compare_exchange(RUNNING, FINISHED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Answers, unless an answer went out before or is not wanted any more.
    pub(crate) fn answer(&self, answer: Answer) -> bool {
        let open = self.close();
        if open {
            self.outbox.finish(self.id(), answer);
        }
        open
    }

    pub(crate) fn fail(&self, failure: &Failure) -> bool {
        self.answer(Answer {
            bytes: Some(crate::rpc::error_response(Some(self.id()), failure)),
            code: Some(failure.code),
            refused: false,
        })
    }

    /// Tells the callback that its answer is not wanted any more. No answer goes out after this.
    pub(crate) fn cancel(&self, reason: CancelReason) {
        let phase = &self.state.phase;
        if phase.compare_exchange(RUNNING, reason as u8, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return;
        }
        self.engine.metrics().cancelled(reason);
        self.outbox.finish(self.id(), Answer::none());
        let on_cancel = self.state.on_cancel.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(on_cancel) = on_cancel {
            tell(on_cancel, reason);
        }
    }

    pub(crate) fn on_cancel(&self, on_cancel: CancelCallback) {
        let mut slot = self.state.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at under the lock: a cancellation from now on finds the callback.
        match self.cancelled() {
            Some(reason) => {
                drop(slot);
                tell(on_cancel, reason);
            }
            None => {
                let earlier = slot.replace(on_cancel);
                // What the host does when its callback is dropped is not for under a lock.
                drop(slot);
                drop(earlier);
            }
        }
    }

    /// Whether this progress is more than all reported before, in any run of the handler.
    pub(crate) fn advance(&self, progress: f64) -> bool {
        let slot = &self.state.progress;
        slot.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
            (last == 0 || progress > f64::from_bits(last - 1)).then_some(progress.to_bits().wrapping_add(1))
        })
        .is_ok()
    }
}

fn tell(on_cancel: CancelCallback, reason: CancelReason) {
    if callback::run(|| on_cancel(reason)).is_none() {
        tracing::error!(target: "mcpserver::call", ?reason, "a cancellation callback panicked");
    }
}

/// A call that ended its run to wait for its client.
pub(crate) struct Waiting {
    pub(crate) request: Arc<Request>,
    pub(crate) rounds: Box<Rounds>,
}

impl Waiting {
    pub(crate) fn reply(&mut self, key: &str, reply: Reply) {
        self.rounds.missing.retain(|question| question.key != key);
        self.rounds.replies.insert(key.to_owned(), reply);
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.rounds.missing.is_empty()
    }
}
