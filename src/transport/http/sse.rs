//! Server-sent events: how a stream of messages looks on the wire, and as the body of a response.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep};

use super::{
    service::{CancelOnDrop, Connection},
    socket::Phase,
};
use crate::{
    clients::{InUse, Next, Reader},
    protocol::Revision,
};

/// A comment, which clients pass over: it keeps proxies from closing a quiet stream.
pub(super) const KEEP_ALIVE: &[u8] = b":\n\n";

/// Bytes of events that are gathered before they are written.
const BATCH: usize = 16 << 10;

/// What a reader's next messages came to.
pub(super) enum Batch {
    /// Bytes were added; more may follow.
    More,
    /// Bytes may have been added, and the stream is over.
    End,
    /// There is nothing to carry on for.
    Drop,
}

/// A stream, and how its events are written.
pub(super) struct Source {
    pub(super) reader: Reader,
    /// The id of a listen stream, as JSON text.
    pub(super) subscription: Option<Box<str>>,
}

impl Source {
    /// The event that lets a client reconnect before it has seen any other (2025-11-25).
    pub(super) fn prime(&self, out: &mut Vec<u8>, revision: Revision, retry: Duration) {
        if revision == Revision::V2025_11_25 {
            let (stream, position) = (self.reader.stream().number(), self.reader.position());
            out.extend_from_slice(
                format!("id: {stream}-{position}\nretry: {}\ndata: \n\n", retry.as_millis()).as_bytes(),
            );
        }
    }

    /// Takes all events that are there, up to a size at which writing them is worth it.
    pub(super) fn poll(&self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<Batch> {
        loop {
            if out.len() >= BATCH {
                return Poll::Ready(Batch::More);
            }
            match self.reader.poll_next(cx) {
                Poll::Ready(Next::Event(number, event)) => {
                    if let Some(number) = number {
                        out.extend_from_slice(
                            format!("id: {}-{number}\n", self.reader.stream().number()).as_bytes(),
                        );
                    }
                    out.extend_from_slice(b"data: ");
                    event.write(out, self.subscription.as_deref());
                    out.extend_from_slice(b"\n\n");
                }
                Poll::Ready(Next::Pause(retry)) => {
                    out.extend_from_slice(format!("retry: {}\n\n", retry.as_millis()).as_bytes());
                    return Poll::Ready(Batch::End);
                }
                Poll::Ready(Next::End) => return Poll::Ready(Batch::End),
                Poll::Ready(Next::Drop) => return Poll::Ready(Batch::Drop),
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Batch::More),
            }
        }
    }
}

/// The stream of a request's response.
pub(super) struct SseBody {
    source: Source,
    first: Vec<u8>,
    keep_alive: Duration,
    timer: Pin<Box<Sleep>>,
    over: bool,
    /// Until the stream is over, the request is cancelled when the client goes away (2026-07-28).
    cancel: CancelOnDrop,
    _session: Option<InUse>,
    connection: Arc<Connection>,
}

impl SseBody {
    pub(super) fn new(
        source: Source,
        first: Vec<u8>,
        cancel: CancelOnDrop,
        session: Option<InUse>,
        connection: Arc<Connection>,
    ) -> Box<Self> {
        let keep_alive = connection.endpoint.keep_alive();
        let timer = Box::pin(tokio::time::sleep(keep_alive));
        Box::new(Self {
            source,
            first,
            keep_alive,
            timer,
            over: false,
            cancel,
            _session: session,
            connection,
        })
    }

    fn end(&mut self) {
        self.over = true;
        self.cancel.disarm();
        self.connection.activity.enter(Phase::Idle);
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let mut out = std::mem::take(&mut self.first);
        match self.source.poll(cx, &mut out) {
            Poll::Ready(Batch::More) => {}
            Poll::Ready(Batch::End | Batch::Drop) => {
                self.end();
                if out.is_empty() {
                    return Poll::Ready(None);
                }
            }
            Poll::Pending => {
                if self.timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.timer.as_mut().reset(Instant::now() + self.keep_alive);
                // Registers the timer again; it was set to a time that has not come.
                let _ = self.timer.as_mut().poll(cx);
                out.extend_from_slice(KEEP_ALIVE);
            }
        }
        Poll::Ready(Some(Ok(Frame::data(out.into()))))
    }
}
