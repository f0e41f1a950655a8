//! A connection that carries one long stream and nothing else: a GET stream or `subscriptions/listen`.
//!
//! The socket is taken back from hyper for it, whose buffers make up most of what an idle stream would cost. What
//! is left is one task with a timer, and no buffer while nothing is sent.

use std::{
    fmt::Write as _,
    future::{Future, poll_fn},
    mem::MaybeUninit,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use http::HeaderMap;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use super::{
    Endpoint,
    connection::forget,
    respond,
    sse::{Batch, KEEP_ALIVE, Source},
};
use crate::clients::{DisconnectReason, InUse, Listen, Reader};

/// Whose stream it is.
enum Owner {
    /// Of a session; `true` when it was resumed.
    Session(InUse, bool),
    Listen(Arc<Listen>),
}

/// A stream on its way to a connection of its own.
pub(super) struct Carried {
    source: Source,
    owner: Owner,
    browser: Option<HeaderMap>,
    /// Whether the client knows chunks; to one of HTTP/1.0 the stream goes as it is, up to the end of the connection.
    chunked: bool,
}

impl Carried {
    pub(super) fn session(reader: Reader, used: InUse, resumed: bool) -> Self {
        Self {
            source: Source { reader, subscription: None },
            owner: Owner::Session(used, resumed),
            browser: None,
            chunked: true,
        }
    }

    pub(super) fn listen(listen: Arc<Listen>) -> Self {
        let source = Source { reader: listen.stream.read(), subscription: Some(listen.subscription.clone()) };
        Self { source, owner: Owner::Listen(listen), browser: None, chunked: true }
    }

    pub(super) fn without_chunks(&mut self) {
        self.chunked = false;
    }

    pub(super) fn allow_origin(&mut self, request: &HeaderMap) {
        let mut headers = HeaderMap::new();
        respond::allow_origin(&mut headers, request);
        self.browser = Some(headers);
    }

    /// The head of the response, and what comes before all events.
    fn opening(&mut self, endpoint: &Endpoint) -> Vec<u8> {
        let mut head = String::with_capacity(256);
        head.push_str(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache, no-transform\r\n",
        );
        // Nothing is served on this connection any more, so the client must not keep it for its next request.
        head.push_str("x-accel-buffering: no\r\nconnection: close\r\n");
        if self.chunked {
            head.push_str("transfer-encoding: chunked\r\n");
        }
        for (name, value) in self.browser.take().iter().flatten() {
            let _ = write!(head, "{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
        let _ = write!(head, "date: {}\r\n\r\n", httpdate::fmt_http_date(SystemTime::now()));
        let mut first = Vec::new();
        match &self.owner {
            Owner::Session(used, false) => {
                self.source.prime(&mut first, used.session().revision, endpoint.retry())
            }
            Owner::Session(_, true) => {}
            Owner::Listen(listen) => {
                first.extend_from_slice(b"data: ");
                first.extend_from_slice(&listen.acknowledgement());
                first.extend_from_slice(b"\n\n");
            }
        }
        let mut out = head.into_bytes();
        if !first.is_empty() {
            frame(&mut out, first, self.chunked);
        }
        out
    }

    /// Carries the stream on a socket until it ends, the client goes, or the server stops.
    pub(super) async fn run(mut self, socket: TcpStream, endpoint: Arc<Endpoint>) {
        let out = self.opening(&endpoint);
        let limits = &endpoint.dispatcher.config.limits;
        let mut carrier = Carrier {
            socket,
            source: &self.source,
            chunked: self.chunked,
            out,
            written: 0,
            last: false,
            blocked: false,
            keep_alive: endpoint.keep_alive(),
            patience: Duration::from_millis(limits.write_ms),
        };
        let mut timer = pin!(sleep(carrier.keep_alive));
        let mut stop = pin!(endpoint.shutdown.at_once.cancelled());
        let reason = poll_fn(|cx| {
            if stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(DisconnectReason::Stopping);
            }
            carrier.poll(cx, timer.as_mut())
        })
        .await;
        if carrier.blocked {
            forget(&carrier.socket);
        }
        let clients = &endpoint.dispatcher.clients;
        match &self.owner {
            Owner::Session(used, _) => used.session().touch(clients.now()),
            Owner::Listen(listen) => clients.end_listen(listen, reason),
        }
    }
}

/// Appends a part of the body, as a chunk where the body is chunked.
fn frame(out: &mut Vec<u8>, data: Vec<u8>, chunked: bool) {
    if chunked {
        out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        out.extend_from_slice(&data);
        out.extend_from_slice(b"\r\n");
    } else {
        out.extend_from_slice(&data);
    }
}

struct Carrier<'a> {
    socket: TcpStream,
    source: &'a Source,
    chunked: bool,
    out: Vec<u8>,
    written: usize,
    /// Whether nothing comes after `out`.
    last: bool,
    /// Whether a write waits for the client.
    blocked: bool,
    keep_alive: Duration,
    patience: Duration,
}

impl Carrier<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<DisconnectReason> {
        if self.is_closed(cx) {
            return Poll::Ready(DisconnectReason::Closed);
        }
        loop {
            match self.poll_write(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(DisconnectReason::Closed),
                Poll::Pending => {
                    if !std::mem::replace(&mut self.blocked, true) {
                        timer.as_mut().reset(Instant::now() + self.patience);
                    }
                    if self.source.reader.poll_dropped(cx).is_ready() {
                        return Poll::Ready(DisconnectReason::TooSlow);
                    }
                    return timer.poll(cx).map(|()| DisconnectReason::TooSlow);
                }
            }
            if self.last {
                return Pin::new(&mut self.socket).poll_shutdown(cx).map(|_| DisconnectReason::Closed);
            }
            if std::mem::take(&mut self.blocked) {
                timer.as_mut().reset(Instant::now() + self.keep_alive);
            }
            let mut events = Vec::new();
            match self.source.poll(cx, &mut events) {
                Poll::Ready(Batch::More) => {}
                Poll::Ready(Batch::End) => self.last = true,
                Poll::Ready(Batch::Drop) => return Poll::Ready(DisconnectReason::TooSlow),
                Poll::Pending => {
                    if timer.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    timer.as_mut().reset(Instant::now() + self.keep_alive);
                    events.extend_from_slice(KEEP_ALIVE);
                }
            }
            if !events.is_empty() {
                frame(&mut self.out, events, self.chunked);
            }
            if self.last && self.chunked {
                self.out.extend_from_slice(b"0\r\n\r\n");
            }
        }
    }

    /// Writes what is left. An idle stream keeps no buffer.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while self.written < self.out.len() {
            match Pin::new(&mut self.socket).poll_write(cx, &self.out[self.written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.out = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Whether the client has closed. What it sends on this connection is passed over: the response never ends
    /// before the connection does.
    fn is_closed(&mut self, cx: &mut Context<'_>) -> bool {
        let mut bytes = [const { MaybeUninit::uninit() }; 4096];
        loop {
            let mut buffer = ReadBuf::uninit(&mut bytes);
            match Pin::new(&mut self.socket).poll_read(cx, &mut buffer) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return true,
            }
        }
    }
}
