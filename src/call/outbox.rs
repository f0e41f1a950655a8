//! What a call needs of those below it: a place for its messages, and the engine that made it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Request, Rounds, Waiting};
use crate::{config::Limits, error::Result, observe::Metrics, protocol::result::Frame, rpc::Code};

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The whole JSON-RPC response; `None` where the protocol wants none (a cancelled request).
    pub(crate) bytes: Option<Vec<u8>>,
    /// The code, where it is an error.
    pub(crate) code: Option<Code>,
    /// Whether the fault is in the message itself, so that it never reached a handler.
    pub(crate) refused: bool,
}

impl Answer {
    pub(crate) fn result(bytes: Vec<u8>) -> Self {
        Self { bytes: Some(bytes), code: None, refused: false }
    }

    pub(crate) fn none() -> Self {
        Self { bytes: None, code: None, refused: false }
    }
}

/// Where the messages of one request go. It is the transport that knows how.
pub(crate) trait Outbox: Send + Sync {
    /// Sends a message that belongs to the request and comes before its answer.
    fn send(&self, message: Bytes) -> Result<()>;

    /// Sends the answer to the request of that id; called once for each.
    fn finish(&self, id: &str, answer: Answer);

    /// Closes the connection, not the stream: the client comes back for the rest after `retry`. Tells whether
    /// the transport and the revision can do that.
    fn pause(&self, retry: Duration) -> bool;

    /// Puts the questions of a call that waits to the client, as requests of our own. Only sessions have those.
    fn ask(&self, waiting: Waiting) -> Result<()>;
}

/// The engine, as far as a call needs it.
pub(crate) trait Engine: Send + Sync {
    /// Asks the client what a run of the handler left open, and runs the handler again when the answers are there.
    fn suspend(&self, request: Arc<Request>, rounds: Box<Rounds>) -> Result<()>;

    /// Whether the server stops, so that what ends now ends for that.
    fn is_stopping(&self) -> bool;

    fn frame(&self) -> &Frame;
    fn limits(&self) -> &Limits;
    fn metrics(&self) -> &Metrics;
}
