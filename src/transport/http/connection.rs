//! The loop of one connection: hyper's HTTP/1.1, the timeouts, and the hand-over to a long stream. One task.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, PoisonError},
    task::Poll,
    time::Duration,
};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep},
};

use super::{
    Endpoint,
    carry::Carried,
    service::{Connection, Service},
    socket::{Phase, Socket, Watch},
};
use crate::config::Limits;

/// Timeouts in ticks of one timer, so that no request sets or clears one.
struct Patience {
    tick: Duration,
    head: u64,
    body: u64,
    idle: u64,
    write: u64,
}

impl Patience {
    fn new(limits: &Limits) -> Self {
        let all = [limits.header_read_ms, limits.body_read_ms, limits.connection_idle_ms, limits.write_ms];
        let tick = all.into_iter().min().unwrap_or(1000).div_ceil(4).clamp(5, 5000);
        let ticks = |limit: u64| limit.div_ceil(tick);
        Self {
            tick: Duration::from_millis(tick),
            head: ticks(limits.header_read_ms),
            body: ticks(limits.body_read_ms),
            idle: ticks(limits.connection_idle_ms),
            write: ticks(limits.write_ms),
        }
    }
}

/// How the HTTP part of a connection ended.
enum Ended {
    /// The client closed, or the last response is out.
    Done,
    Failed,
    /// Idle: there is nobody to answer.
    Quiet,
    /// The client takes nothing of what is written to it.
    TooSlow,
    /// A request did not come in time.
    TooLate,
    /// A stream takes over.
    Takeover,
}

pub(super) async fn serve(stream: TcpStream, endpoint: Arc<Endpoint>) {
    // In a box of its own: when a stream takes the connection over, all that HTTP needed is given back.
    let handed_over = Box::pin(serve_http(stream, Arc::clone(&endpoint))).await;
    if let Some((stream, carried)) = handed_over {
        carried.run(stream, endpoint).await;
    }
}

async fn serve_http(stream: TcpStream, endpoint: Arc<Endpoint>) -> Option<(TcpStream, Carried)> {
    let limits = &endpoint.dispatcher.config.limits;
    let patience = Patience::new(limits);
    let shared = Connection::new(Arc::clone(&endpoint));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX));
    // hyper keeps up to a hundred header fields on the stack, and allocates when told a number.
    if limits.header_count != 100 {
        builder.max_headers(usize::try_from(limits.header_count).unwrap_or(usize::MAX));
    }
    let io = TokioIo::new(Socket { stream, connection: Arc::clone(&shared) });
    let mut connection = builder.serve_connection(io, Service(Arc::clone(&shared)));

    let mut watch = Watch::default();
    let mut timer = pin!(sleep(patience.tick));
    let mut gracefully = pin!(endpoint.shutdown.gracefully.cancelled());
    let mut at_once = pin!(endpoint.shutdown.at_once.cancelled());
    let mut closing = false;
    let mut first = true;
    let ended = poll_fn(|cx| {
        // The waker of a task stays the same: what was polled once need not be polled again before it is ready.
        let first = std::mem::take(&mut first);
        if first || endpoint.shutdown.is_told() {
            if at_once.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ended::Quiet);
            }
            if !closing && gracefully.as_mut().poll(cx).is_ready() {
                closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
        if let Poll::Ready(done) = connection.poll_without_shutdown(cx) {
            return Poll::Ready(if done.is_ok() { Ended::Done } else { Ended::Failed });
        }
        // A request whose head is not there yet is none that a server on its way out would wait for.
        if closing && shared.activity.phase() == Phase::Head && shared.activity.blocked_at().is_none() {
            return Poll::Ready(Ended::Quiet);
        }
        if shared.activity.phase() == Phase::TakenOver {
            return Poll::Ready(Ended::Takeover);
        }
        if !first && !timer.is_elapsed() {
            return Poll::Pending;
        }
        while timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(Instant::now() + patience.tick);
            let (phase, ticks, blocked) = watch.tick(&shared.activity);
            match phase {
                _ if blocked >= patience.write => return Poll::Ready(Ended::TooSlow),
                // The response before is still on its way: neither an idle connection, nor one to put a 408 into.
                _ if shared.activity.blocked_at().is_some() => {}
                Phase::Head if ticks >= patience.head => return Poll::Ready(Ended::TooLate),
                Phase::Body if ticks >= patience.body => return Poll::Ready(Ended::TooLate),
                Phase::Idle if ticks >= patience.idle => return Poll::Ready(Ended::Quiet),
                Phase::Serving => {
                    shared.activity.doubt();
                    cx.waker().wake_by_ref();
                }
                _ => {}
            }
        }
        Poll::Pending
    })
    .await;
    let mut stream = connection.into_parts().io.into_inner().stream;
    // Also where the connection ended in the same moment: it is the stream that takes its leave of its client.
    if let Some(carried) = shared.takeover.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Some((stream, carried));
    }
    match ended {
        Ended::TooLate => {
            let response = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.try_write(response);
            let _ = stream.shutdown().await;
        }
        Ended::Done => drop(stream.shutdown().await),
        Ended::TooSlow => forget(&stream),
        Ended::Failed | Ended::Quiet | Ended::Takeover => {}
    }
    None
}

/// Has the system throw away what a client has not taken: megabytes would lie in its socket for minutes otherwise.
pub(super) fn forget(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}
