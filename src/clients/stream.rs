//! A stream of events to one client: what waits to be sent, and in sessions what was sent and may be asked for
//! again (2025-11-25, Transports "Resumability and Redelivery").
//!
//! A stream has no task. Whoever has a message puts it in and wakes the reader; the reader is the connection
//! that happens to carry the stream at the time. A stream of a session outlives its connections.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;

use super::notification::{Merge, Notification};
use crate::error::{Error, Kind, Result};

/// One message of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Message(Bytes),
    Shared(Arc<Notification>),
}

impl Event {
    fn size(&self) -> usize {
        match self {
            Self::Message(bytes) => bytes.len(),
            Self::Shared(notification) => notification.size(),
        }
    }

    /// Appends the message. `subscription` is the id of a listen stream.
    pub(crate) fn write(&self, out: &mut Vec<u8>, subscription: Option<&str>) {
        match self {
            Self::Message(bytes) => out.extend_from_slice(bytes),
            Self::Shared(notification) => notification.write(out, subscription),
        }
    }
}

/// How much a stream holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Messages and bytes that wait for the client.
    pub(crate) waiting: (usize, usize),
    /// Messages and bytes that are kept after they were sent; zero where the stream cannot be resumed.
    pub(crate) kept: (usize, usize),
}

/// What a reader finds next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A message, and how many were sent up to it where the stream can be resumed.
    Event(Option<u64>, Event),
    /// The stream is complete; nothing will follow.
    End,
    /// Close the connection; the client comes back after that time.
    Pause(Duration),
    /// The client did not keep up, or another connection resumed the stream: close at once.
    Drop,
}

#[derive(Debug)]
pub(crate) struct Stream {
    /// Its number within the session.
    number: u64,
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Events from `first` on: those before `sent` were delivered and are kept, the others wait.
    events: VecDeque<Event>,
    first: u64,
    sent: u64,
    kept_bytes: usize,
    waiting_bytes: usize,
    /// Connections that carry the stream; the last one delivers, the others wait to take over.
    readers: Vec<(u64, Option<Waker>)>,
    next_reader: u64,
    was_read: bool,
    ended: bool,
    overflowed: bool,
    paused: Option<Duration>,
}

impl State {
    fn wake(&mut self) {
        if let Some((_, waker)) = self.readers.last_mut()
            && let Some(waker) = waker.take()
        {
            waker.wake();
        }
    }

    fn wake_all(&mut self) {
        for (_, waker) in &mut self.readers {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    fn waiting(&self) -> usize {
        self.events.len() - (self.sent - self.first) as usize
    }

    fn forget(&mut self, bounds: (usize, usize)) {
        while self.sent > self.first
            && ((self.sent - self.first) as usize > bounds.0 || self.kept_bytes > bounds.1)
        {
            if let Some(event) = self.events.pop_front() {
                self.kept_bytes -= event.size();
                self.first += 1;
            }
        }
    }
}

/// A reading end: the connection that carries the stream now.
#[derive(Debug)]
pub(crate) struct Reader {
    stream: Arc<Stream>,
    token: u64,
}

impl Stream {
    pub(crate) fn new(number: u64, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { number, bounds, state: Mutex::default() })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event in. Gives whether it was merged into one that waits already.
    pub(crate) fn push(&self, event: Event) -> Result<bool> {
        let mut state = self.lock();
        if state.ended || state.overflowed {
            return Err(Error::new(Kind::NoSuchClient, "the stream has ended"));
        }
        if let Event::Shared(new) = &event
            && new.merge != Merge::No
        {
            let waiting = state.events.iter().skip((state.sent - state.first) as usize);
            if waiting.into_iter().any(|e| matches!(e, Event::Shared(old) if old.merge == new.merge)) {
                return Ok(true);
            }
        }
        let (messages, bytes) = self.bounds.waiting;
        let size = event.size();
        if state.waiting() >= messages || (state.waiting_bytes + size > bytes && state.waiting() > 0) {
            return Err(Error::new(
                Kind::OutboxFull,
                format!(
                    "the client does not keep up: {} messages of {} bytes wait already",
                    state.waiting(),
                    state.waiting_bytes
                ),
            ));
        }
        state.waiting_bytes += size;
        state.events.push_back(event);
        state.wake();
        Ok(false)
    }

    /// Puts the last event in, whatever the bounds, and ends the stream.
    pub(crate) fn end(&self, last: Option<Bytes>) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        state.ended = true;
        if let Some(bytes) = last {
            state.waiting_bytes += bytes.len();
            state.events.push_back(Event::Message(bytes));
        }
        state.wake_all();
    }

    /// Puts a message in whatever the bounds: an answer that has to go out.
    pub(crate) fn push_answer(&self, bytes: Bytes) {
        let mut state = self.lock();
        if !state.ended && !state.overflowed {
            state.waiting_bytes += bytes.len();
            state.events.push_back(Event::Message(bytes));
            state.wake();
        }
    }

    /// Drops a client that does not keep up.
    pub(crate) fn overflow(&self) {
        let mut state = self.lock();
        state.overflowed = true;
        state.events.clear();
        (state.first, state.sent) = (0, 0);
        (state.kept_bytes, state.waiting_bytes) = (0, 0);
        state.wake_all();
    }

    /// Asks the reader to close its connection; the stream goes on.
    pub(crate) fn pause(&self, retry: Duration) {
        let mut state = self.lock();
        if !state.ended {
            state.paused = Some(retry);
            state.wake();
        }
    }

    /// Whether a connection carries the stream, or one did and its client may come back for more.
    pub(crate) fn can_receive(&self) -> bool {
        let state = self.lock();
        !state.ended && (!state.readers.is_empty() || (state.was_read && self.bounds.kept.0 > 0))
    }

    pub(crate) fn is_read(&self) -> bool {
        !self.lock().readers.is_empty()
    }

    /// Whether all has been sent and nothing will follow.
    pub(crate) fn is_done(&self) -> bool {
        let state = self.lock();
        state.ended && state.waiting() == 0
    }

    /// Messages and bytes that are held.
    pub(crate) fn held(&self) -> (usize, usize) {
        let state = self.lock();
        (state.events.len(), state.kept_bytes + state.waiting_bytes)
    }

    /// Begins to read. The newest reader delivers; an earlier one waits until it is the last again.
    pub(crate) fn read(self: &Arc<Self>) -> Reader {
        let mut state = self.lock();
        let token = state.next_reader;
        state.next_reader += 1;
        state.was_read = true;
        state.readers.push((token, None));
        drop(state);
        Reader { stream: Arc::clone(self), token }
    }

    /// Begins to read behind the first `seen` events, which the client has.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when what follows is not kept any more, or as many were never sent.
    pub(crate) fn resume(self: &Arc<Self>, seen: u64) -> Result<Reader> {
        let mut state = self.lock();
        let next = seen;
        if next < state.first || next > state.sent {
            return Err(Error::new(
                Kind::NotFound,
                format!(
                    "the events after {}-{seen} are not kept any more; start again without Last-Event-ID",
                    self.number
                ),
            ));
        }
        let again = (next - state.first) as usize..(state.sent - state.first) as usize;
        let bytes: usize = state.events.range(again).map(Event::size).sum();
        state.kept_bytes -= bytes;
        state.waiting_bytes += bytes;
        state.sent = next;
        state.paused = None;
        // Whoever read before is not the client's connection any more.
        for (_, waker) in state.readers.drain(..) {
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        drop(state);
        Ok(self.read())
    }
}

impl Reader {
    pub(crate) fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// How many events were sent: what a client that has seen nothing new resumes from.
    pub(crate) fn position(&self) -> u64 {
        self.stream.lock().sent
    }

    /// What comes next. Registers the task to be woken when there is nothing yet.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        let bounds = self.stream.bounds;
        let mut guard = self.stream.lock();
        let state = &mut *guard;
        let Some(at) = state.readers.iter().position(|(token, _)| *token == self.token) else {
            return Poll::Ready(Next::Drop);
        };
        if state.overflowed {
            return Poll::Ready(Next::Drop);
        }
        let active = at + 1 == state.readers.len();
        if active {
            let index = (state.sent - state.first) as usize;
            if let Some(event) = state.events.get(index).cloned() {
                state.sent += 1;
                let number = state.sent;
                let size = event.size();
                state.waiting_bytes -= size;
                state.kept_bytes += size;
                state.forget(bounds.kept);
                return Poll::Ready(Next::Event((bounds.kept.0 > 0).then_some(number), event));
            }
        }
        if state.ended {
            return Poll::Ready(Next::End);
        }
        if active && let Some(retry) = state.paused.take() {
            return Poll::Ready(Next::Pause(retry));
        }
        let slot = &mut state.readers[at].1;
        match slot {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *slot = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Whether this client is to be dropped although a write to it is still under way.
    pub(crate) fn is_dropped(&self) -> bool {
        let state = self.stream.lock();
        state.overflowed || !state.readers.iter().any(|(token, _)| *token == self.token)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.stream.lock();
        state.readers.retain(|(token, _)| *token != self.token);
        state.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const BOUNDS: Bounds = Bounds { waiting: (3, 100), kept: (2, 100) };

    fn next(reader: &Reader) -> String {
        match reader.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => "pending".into(),
            Poll::Ready(Next::Event(number, event)) => {
                let mut out = Vec::new();
                event.write(&mut out, None);
                format!("{number:?} {}", String::from_utf8(out).unwrap())
            }
            Poll::Ready(other) => format!("{other:?}"),
        }
    }

    fn message(text: &'static str) -> Event {
        Event::Message(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn events_are_numbered_kept_and_given_again() {
        let stream = Stream::new(0, BOUNDS);
        assert!(!stream.can_receive());
        let reader = stream.read();
        for text in ["a", "b", "c"] {
            stream.push(message(text)).unwrap();
        }
        assert_eq!(stream.push(message("d")).unwrap_err().kind(), Kind::OutboxFull);
        assert_eq!(
            ["Some(1) a", "Some(2) b", "Some(3) c", "pending"].map(String::from),
            [(); 4].map(|()| next(&reader))
        );
        drop(reader);
        assert!(stream.can_receive());
        for (seen, kind) in [(9, Kind::NotFound), (0, Kind::NotFound)] {
            assert_eq!(stream.resume(seen).unwrap_err().kind(), kind, "{seen}");
        }
        let reader = stream.resume(1).unwrap();
        assert_eq!(reader.position(), 1);
        assert_eq!(["Some(2) b", "Some(3) c", "pending"].map(String::from), [(); 3].map(|()| next(&reader)));
    }

    #[test]
    fn a_newer_reader_takes_over_and_gives_back() {
        let stream = Stream::new(0, BOUNDS);
        let (old, new) = (stream.read(), stream.read());
        stream.push(message("a")).unwrap();
        assert_eq!((next(&old), next(&new)), ("pending".into(), "Some(1) a".into()));
        drop(new);
        stream.push(message("b")).unwrap();
        assert_eq!(next(&old), "Some(2) b");
        let resumed = stream.resume(1).unwrap();
        assert_eq!((next(&old), next(&resumed)), ("Drop".into(), "Some(2) b".into()));
        stream.end(Some(Bytes::from_static(b"z")));
        assert_eq!((next(&resumed), next(&resumed)), ("Some(3) z".into(), "End".into()));
    }

    #[test]
    fn repeated_changes_merge_while_they_wait() {
        let stream = Stream::new(0, Bounds { kept: (0, 0), ..BOUNDS });
        let reader = stream.read();
        let changed = || Event::Shared(Arc::new(Notification::list_changed(super::super::List::Tools)));
        assert!(!stream.push(changed()).unwrap());
        assert!(stream.push(changed()).unwrap());
        assert!(next(&reader).starts_with("None {"));
        assert!(!stream.push(changed()).unwrap());
        stream.overflow();
        assert_eq!(next(&reader), "Drop");
    }
}
