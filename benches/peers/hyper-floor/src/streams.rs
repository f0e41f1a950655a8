//! The floor's event streams: long-lived ones that a broadcast reaches, and the short one of a progress call.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

static STREAMS: Mutex<BTreeMap<u64, mpsc::Sender<Bytes>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// An open stream; it leaves the table when hyper drops it.
pub struct Events {
    id: u64,
    queue: mpsc::Receiver<Bytes>,
}

impl Drop for Events {
    fn drop(&mut self) {
        STREAMS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.queue.poll_recv(cx).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}

pub fn open(first: Option<Bytes>) -> Events {
    let (sender, queue) = mpsc::channel(4);
    if let Some(first) = first {
        let _ = sender.try_send(first);
    }
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    STREAMS.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
    Events { id, queue }
}

pub fn broadcast() -> usize {
    let event = Bytes::from_static(
        b"data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n",
    );
    let streams = STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
    streams.values().filter(|stream| stream.try_send(event.clone()).is_ok()).count()
}

pub fn acknowledged(id: &str) -> Bytes {
    Bytes::from(format!(
        "data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{{\"_meta\":{{\"io.modelcontextprotocol/subscriptionId\":{id}}},\"notifications\":{{\"toolsListChanged\":true}}}}}}\n\n"
    ))
}

/// All events of a progress call, ready to be written: one frame each.
pub struct Steps(VecDeque<Bytes>);

impl Body for Steps {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|event| Ok(Frame::data(event))))
    }
}

/// The load generator's progress token is the request id.
pub fn progress(id: &str, n: u32) -> Steps {
    let step = |i| {
        Bytes::from(format!(
            "data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":{id},\"progress\":{i},\"total\":{n}}}}}\n\n"
        ))
    };
    let done = Bytes::from(format!(
        "data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"resultType\":\"complete\",\"content\":[{{\"type\":\"text\",\"text\":\"done\"}}]}}}}\n\n"
    ));
    Steps((1..=n).map(step).chain([done]).collect())
}
