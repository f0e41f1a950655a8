//! A stream of events to one client: what waits to be sent, and in sessions what was sent and may be asked for
//! again (2025-11-25, Transports "Resumability and Redelivery").
//!
//! A stream has no task. Whoever has a message puts it in and wakes the reader; the reader is the connection
//! that happens to carry the stream at the time. A stream of a session outlives its connections.

mod reader;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use bytes::Bytes;

pub(crate) use reader::{Next, Reader};

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
