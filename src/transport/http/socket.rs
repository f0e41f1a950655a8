//! The socket under an HTTP connection, and what its timeouts are told by.

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

use super::service::Connection;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for a request.
    Idle = 0,
    /// The head of a request came in part.
    Head = 1,
    /// The body of a request is being read.
    Body = 2,
    /// A request is served.
    Serving = 3,
    /// A stream takes the connection over.
    TakenOver = 4,
}

/// What happens on a connection, noted as cheaply as can be: the timer looks at it now and then, and no request
/// ever sets or clears a timer.
#[derive(Debug, Default)]
pub(super) struct Activity {
    phase: AtomicU8,
    /// Bytes read, and how many they were when the connection became idle.
    read: AtomicU64,
    read_when_idle: AtomicU64,
    written: AtomicU64,
    write_blocked: AtomicBool,
    /// Changes of phase.
    changes: AtomicU64,
    /// Whether to look if the client has gone.
    doubted: AtomicBool,
}

impl Activity {
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.changes.store(self.changes.load(Relaxed).wrapping_add(1), Relaxed);
        if phase == Phase::Idle {
            self.read_when_idle.store(self.read.load(Relaxed), Relaxed);
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 if self.read.load(Relaxed) > self.read_when_idle.load(Relaxed) => Phase::Head,
            0 => Phase::Idle,
            2 => Phase::Body,
            4 => Phase::TakenOver,
            _ => Phase::Serving,
        }
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }

    /// Asks for a look if the client has gone, when the connection is polled the next time: hyper reads nothing
    /// behind a request that was sent ahead, and so does not see the end behind it.
    pub(super) fn doubt(&self) {
        self.doubted.store(true, Relaxed);
    }

    /// How much was written, while a write waits for the client.
    pub(super) fn blocked_at(&self) -> Option<u64> {
        self.write_blocked.load(Relaxed).then(|| self.written.load(Relaxed))
    }
}

/// A TCP stream that notes what happens. It never writes vectored: `writev` raises SIGPIPE in a host that has not
/// ignored it, where `send` with MSG_NOSIGNAL, which a plain write of the standard library is, does not.
pub(super) struct Socket {
    pub(super) stream: TcpStream,
    pub(super) connection: Arc<Connection>,
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let count = (buf.filled().len() - before) as u64;
        if count > 0 {
            let read = &self.connection.activity.read;
            read.store(read.load(Relaxed) + count, Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        let activity = &self.connection.activity;
        activity.write_blocked.store(polled.is_pending(), Relaxed);
        if let Poll::Ready(Ok(count)) = polled {
            activity.written.store(activity.written.load(Relaxed) + count as u64, Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.activity.doubted.load(Relaxed) {
            self.connection.activity.doubted.store(false, Relaxed);
            let ready = pin!(self.stream.ready(Interest::READABLE)).poll(cx);
            if matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed()) {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Tells how long a connection has been doing the same, in ticks of a timer.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<(Phase, u64)>,
    ticks: u64,
    blocked: Option<u64>,
    blocked_ticks: u64,
}

impl Watch {
    /// Looks once per tick. Gives the phase, the ticks for which it has lasted, and the ticks for which a write
    /// has made no progress.
    pub(super) fn tick(&mut self, activity: &Activity) -> (Phase, u64, u64) {
        let now = (activity.phase(), activity.changes());
        self.ticks = if self.seen == Some(now) { self.ticks + 1 } else { 0 };
        self.seen = Some(now);
        let blocked = activity.blocked_at();
        self.blocked_ticks =
            if blocked.is_some() && self.blocked == blocked { self.blocked_ticks + 1 } else { 0 };
        self.blocked = blocked;
        (now.0, self.ticks, self.blocked_ticks)
    }
}
