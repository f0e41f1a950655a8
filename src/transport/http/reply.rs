//! The response to one POST: plain JSON until a call says something before its answer, a stream from then on.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;

use crate::{
    call::{Answer, Outbox, Waiting},
    clients::{Bounds, Event, Session, Stream},
    error::{Error, Kind, Result},
};

pub(super) struct Reply {
    session: Option<Arc<Session>>,
    bounds: Bounds,
    state: Mutex<State>,
}

struct State {
    /// Requests of the POST that are not answered yet.
    outstanding: usize,
    first: Option<Answer>,
    /// The answers after the first, of a batch.
    more: Vec<Answer>,
    stream: Option<Arc<Stream>>,
    waker: Option<Waker>,
}

/// What the POST is answered with.
pub(super) enum Ready {
    /// All answers, none of them streamed.
    Answers(Answer, Vec<Answer>),
    /// A stream that the answers will come on.
    Stream(Arc<Stream>),
}

impl Reply {
    /// The reply to a POST of that many requests.
    pub(super) fn new(requests: usize, session: Option<Arc<Session>>, bounds: Bounds) -> Arc<Self> {
        let state = State { outstanding: requests, first: None, more: Vec::new(), stream: None, waker: None };
        Arc::new(Self { session, bounds, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an answer that came without a call.
    pub(super) fn put(&self, answer: Answer) {
        let mut state = self.lock();
        state.outstanding -= 1;
        let done = state.outstanding == 0;
        if let Some(stream) = &state.stream {
            let bytes = answer.bytes.map(Bytes::from);
            match (done, bytes) {
                (true, last) => stream.end(last),
                (false, Some(bytes)) => stream.push_answer(bytes),
                (false, None) => {}
            }
            return;
        }
        if state.first.is_none() {
            state.first = Some(answer);
        } else {
            state.more.push(answer);
        }
        if done && let Some(waker) = state.waker.take() {
            drop(state);
            waker.wake();
        }
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Ready> {
        let mut state = self.lock();
        if let Some(stream) = &state.stream {
            return Poll::Ready(Ready::Stream(Arc::clone(stream)));
        }
        if state.outstanding == 0 {
            let first = state.first.take().unwrap_or_else(Answer::none);
            return Poll::Ready(Ready::Answers(first, std::mem::take(&mut state.more)));
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            slot => *slot = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// The stream of this reply, which is opened when it is first needed.
    fn stream(&self) -> Result<Arc<Stream>> {
        let mut state = self.lock();
        if let Some(stream) = &state.stream {
            return Ok(Arc::clone(stream));
        }
        if state.outstanding == 0 {
            return Err(Error::new(Kind::Finished, "the call was answered before"));
        }
        let stream = match &self.session {
            Some(session) => session.open_stream(),
            None => Stream::new(0, self.bounds),
        };
        for answer in state.first.take().into_iter().chain(std::mem::take(&mut state.more)) {
            if let Some(bytes) = answer.bytes {
                stream.push_answer(bytes.into());
            }
        }
        state.stream = Some(Arc::clone(&stream));
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        Ok(stream)
    }
}

impl Outbox for Reply {
    fn send(&self, message: Bytes) -> Result<()> {
        self.stream()?.push(Event::Message(message)).map(drop)
    }

    fn finish(&self, id: &str, answer: Answer) {
        if let Some(session) = &self.session {
            session.finish(id);
        }
        self.put(answer);
    }

    fn pause(&self, retry: Duration) -> bool {
        let Some(stream) = self.session.as_ref().and_then(|_| self.stream().ok()) else { return false };
        stream.pause(retry);
        true
    }

    fn ask(&self, waiting: Waiting) -> Result<()> {
        match &self.session {
            Some(session) => session.ask(waiting),
            None => Err(Error::new(Kind::Internal, "there is no session to ask the client in")),
        }
    }
}
