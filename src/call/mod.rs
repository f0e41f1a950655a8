//! A call of the host's callback: what it was called with, what it can say meanwhile, and the ways to finish it.

mod answer;
mod ask;
mod handler;
mod outbox;
mod request;
mod rounds;
mod say;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use answer::write_cache_hint;
pub use handler::{CallKind, Handler, Run};
pub(crate) use outbox::{Answer, Engine, Outbox};
pub use request::{CancelReason, ClientId, Principal};
pub(crate) use request::{OutputCheck, Peer, Request, RequestState, SessionPeer, Span, Subject, Waiting};
pub(crate) use rounds::{Question, Reply, Rounds, fits};

use crate::protocol::Revision;

/// One call. It may move to any thread, and is finished exactly once by one of the functions that take it by
/// value; dropped unfinished, it answers an internal error.
pub struct Call {
    request: Arc<Request>,
    rounds: Option<Box<Rounds>>,
    finished: bool,
}

impl Call {
    pub(crate) fn new(request: Arc<Request>, rounds: Option<Box<Rounds>>) -> Self {
        Self { request, rounds, finished: false }
    }

    /// What kind of thing is called.
    pub fn kind(&self) -> CallKind {
        self.request.subject.kind
    }

    /// The name of the tool or prompt, or the URI or URI template that the resource was registered with.
    pub fn name(&self) -> &str {
        &self.request.subject.name
    }

    /// The raw JSON text of the arguments, an object: `{}` when the client sent none. For a completion, the
    /// whole parameters.
    pub fn arguments(&self) -> &str {
        self.request.arguments().unwrap_or("{}")
    }

    /// The URI that is read (resources only).
    pub fn uri(&self) -> Option<&str> {
        self.request.uri.as_deref()
    }

    /// The value of a variable of the URI template, percent-decoded (resources of a template only).
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.request.variables.iter().find(|(known, _)| **known == *name).map(|(_, value)| value.as_str())
    }

    /// The raw JSON text of the request's `_meta`, an object.
    pub fn meta(&self) -> Option<&str> {
        #[derive(Deserialize)]
        struct Outer<'a> {
            #[serde(borrow)]
            params: Inner<'a>,
        }
        #[derive(Deserialize)]
        struct Inner<'a> {
            #[serde(borrow, default, rename = "_meta")]
            meta: Option<&'a RawValue>,
        }
        let message = self.request.text(self.request.message);
        serde_json::from_str::<Outer<'_>>(message).ok()?.params.meta.map(RawValue::get)
    }

    /// The revision of the protocol that the client speaks.
    pub fn revision(&self) -> Revision {
        self.request.revision
    }

    /// The client to notify outside of this call. A request of 2026-07-28 has none: its listen streams are
    /// clients of their own.
    pub fn client(&self) -> Option<ClientId> {
        match &self.request.peer {
            Peer::Request { .. } => None,
            Peer::Session(peer) => Some(peer.client),
        }
    }

    /// The client's `Implementation` as JSON text, where it gave one. Self-reported: for display only.
    pub fn client_info(&self) -> Option<&str> {
        match &self.request.peer {
            Peer::Request { info, .. } => info.map(|span| self.request.text(span)),
            Peer::Session(peer) => peer.info.as_deref(),
        }
    }

    /// The client's declared capabilities as JSON text, an object.
    pub fn client_capabilities(&self) -> &str {
        self.request.capabilities()
    }

    /// Who is calling, where the server checks that.
    pub fn principal(&self) -> Option<&Principal> {
        self.request.principal.as_deref()
    }

    /// Why the call was cancelled, once it was.
    pub fn cancelled(&self) -> Option<CancelReason> {
        self.request.cancelled()
    }

    /// Runs `callback` once when the call is cancelled: at once if it was already, never if it is finished first.
    /// It runs on the thread that brought the cancellation and must not block. A second callback replaces the first.
    pub fn on_cancel(&self, callback: impl FnOnce(CancelReason) + Send + 'static) {
        self.request.on_cancel(Box::new(callback));
    }

    /// A handle that tells whether the call was cancelled, for use after the call itself has moved on.
    pub fn watch(&self) -> CallWatch {
        CallWatch { request: Arc::clone(&self.request) }
    }
}

/// Watches a call without owning it.
#[derive(Clone)]
pub struct CallWatch {
    request: Arc<Request>,
}

impl CallWatch {
    /// Why the call was cancelled, once it was.
    pub fn cancelled(&self) -> Option<CancelReason> {
        self.request.cancelled()
    }

    /// Whether the call still has to be answered.
    pub fn is_open(&self) -> bool {
        self.request.is_open()
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("kind", &self.kind())
            .field("name", &self.name())
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}
