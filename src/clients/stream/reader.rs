//! The reading end of a stream: the connection that carries it now.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use super::{Event, Stream};

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

/// A reading end: the connection that carries the stream now.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(super) stream: Arc<Stream>,
    pub(super) token: u64,
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

    /// Whether this client is to be dropped although a write to it is still under way. Registers the task to be
    /// woken when that changes: a write that waits for the client wakes nobody.
    pub(crate) fn poll_dropped(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.stream.lock();
        let dropped = state.overflowed;
        match state.readers.iter_mut().find(|(token, _)| *token == self.token) {
            Some((_, waker)) if !dropped => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
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

    use bytes::Bytes;

    use super::{super::Bounds, *};
    use crate::{
        clients::{List, Notification},
        error::Kind,
    };

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
        let changed = || Event::Shared(Arc::new(Notification::list_changed(List::Tools)));
        assert!(!stream.push(changed()).unwrap());
        assert!(stream.push(changed()).unwrap());
        assert!(next(&reader).starts_with("None {"));
        assert!(!stream.push(changed()).unwrap());
        stream.overflow();
        assert_eq!(next(&reader), "Drop");
    }
}
