//! A session of the revisions up to 2025-11-25 (Lifecycle; Transports "Session Management").

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    DisconnectReason,
    stream::{Bounds, Stream},
};
use crate::{
    call::{CancelReason, Principal, Reply, Request, SessionPeer, Waiting},
    config::Limits,
    error::{Error, Kind, Result},
    protocol::Revision,
};

const OPENING: u8 = 0;
const READY: u8 = 1;
const ENDED: u8 = 2;

/// Streams of finished requests that are kept for clients that come back for the rest.
const KEPT_STREAMS: usize = 32;

pub(crate) struct Session {
    /// What the client names it by.
    pub(crate) id: Box<str>,
    pub(crate) revision: Revision,
    pub(crate) peer: Arc<SessionPeer>,
    pub(crate) principal: Option<Arc<Principal>>,
    /// Messages that belong to no request.
    pub(crate) standalone: Arc<Stream>,
    phase: AtomicU8,
    announced: AtomicBool,
    /// Milliseconds on the clock of the server.
    last_used: AtomicU64,
    /// Requests and connections that keep it from being idle.
    users: AtomicUsize,
    bounds: Bounds,
    max_requests: usize,
    max_subscriptions: usize,
    /// What the client may still make the server keep, beside what it said about itself.
    max_subscribed_bytes: usize,
    state: Mutex<State>,
    /// Room among the sessions, and among the clients.
    _permits: [OwnedSemaphorePermit; 2],
}

#[derive(Default)]
struct State {
    streams: VecDeque<Arc<Stream>>,
    next_stream: u64,
    subscriptions: HashSet<Box<str>>,
    subscribed_bytes: usize,
    /// Requests that are not answered yet. There are seldom more than a few, and a search costs less than a table.
    requests: Vec<Arc<Request>>,
    /// Questions to the client that are not answered yet, by the id of our request.
    questions: HashMap<u64, Asked>,
    next_question: u64,
}

impl State {
    /// Where the request of that id, a JSON text, stands.
    fn find(&self, id: &str) -> Option<usize> {
        self.requests.iter().position(|request| request.id() == id)
    }
}

struct Asked {
    key: String,
    /// The call that waits; shared by all its questions.
    waiting: Arc<Mutex<Option<Waiting>>>,
    request: Arc<Request>,
}

/// Keeps a session from being idle while it is held.
pub(crate) struct InUse(Arc<Session>);

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.users.fetch_sub(1, Ordering::AcqRel);
    }
}

impl InUse {
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.0
    }
}

/// What a session is opened with.
pub(crate) struct Opening {
    pub(crate) id: Box<str>,
    pub(crate) revision: Revision,
    pub(crate) peer: SessionPeer,
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) permits: [OwnedSemaphorePermit; 2],
    pub(crate) now: u64,
}

impl Session {
    pub(crate) fn open(opening: Opening, limits: &Limits) -> Arc<Self> {
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let bounds = Bounds {
            waiting: (size(limits.outbox_messages), size(limits.outbox_bytes)),
            kept: (size(limits.event_log_messages), size(limits.event_log_bytes)),
        };
        Arc::new(Self {
            id: opening.id,
            revision: opening.revision,
            max_subscribed_bytes: size(limits.client_bytes).saturating_sub(opening.peer.bytes()),
            peer: Arc::new(opening.peer),
            principal: opening.principal,
            standalone: Stream::new(0, bounds),
            phase: AtomicU8::new(OPENING),
            announced: AtomicBool::new(false),
            last_used: AtomicU64::new(opening.now),
            users: AtomicUsize::new(0),
            bounds,
            max_requests: size(limits.session_requests),
            max_subscriptions: size(limits.subscriptions),
            state: Mutex::default(),
            _permits: opening.permits,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn use_now(self: &Arc<Self>, now: u64) -> InUse {
        self.last_used.store(now, Ordering::Relaxed);
        self.users.fetch_add(1, Ordering::AcqRel);
        InUse(Arc::clone(self))
    }

    /// When it was last used, if nothing uses it now.
    pub(crate) fn idle_since(&self) -> Option<u64> {
        (self.users.load(Ordering::Acquire) == 0 && self.lock().requests.is_empty())
            .then(|| self.last_used.load(Ordering::Relaxed))
    }

    pub(crate) fn touch(&self, now: u64) {
        self.last_used.store(now, Ordering::Relaxed);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.phase.load(Ordering::Acquire) == READY
    }

    /// The client sent `notifications/initialized`. Tells whether that is news.
    pub(crate) fn make_ready(&self) -> bool {
        let ready = self.phase.compare_exchange(OPENING, READY, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if ready {
            self.announced.store(true, Ordering::Release);
        }
        ready
    }

    /// Whether the host was told that the client is there.
    pub(crate) fn was_announced(&self) -> bool {
        self.announced.load(Ordering::Acquire)
    }

    /// Ends the session: its requests are cancelled and its streams end. Tells whether that is news.
    pub(crate) fn end(&self, reason: DisconnectReason) -> bool {
        if self.phase.swap(ENDED, Ordering::AcqRel) == ENDED {
            return false;
        }
        let (requests, streams) = {
            let mut state = self.lock();
            state.questions.clear();
            (std::mem::take(&mut state.requests), std::mem::take(&mut state.streams))
        };
        let cause = if reason == DisconnectReason::Stopping {
            CancelReason::Stopping
        } else {
            CancelReason::SessionEnded
        };
        for request in requests {
            request.cancel(cause);
        }
        for stream in streams {
            stream.end(None);
        }
        self.standalone.end(None);
        true
    }

    /// Takes a request in.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] when one of that id is under way, [`Kind::LimitExceeded`], [`Kind::NoSuchClient`]
    /// when the session has ended.
    pub(crate) fn begin(&self, request: &Arc<Request>) -> Result<()> {
        let mut state = self.lock();
        if self.phase.load(Ordering::Acquire) == ENDED {
            return Err(Error::new(Kind::NoSuchClient, "the session has ended; initialize a new one"));
        }
        if state.requests.len() >= self.max_requests {
            return Err(Error::new(
                Kind::LimitExceeded,
                format!(
                    "{} requests of this session are under way; wait for their answers",
                    self.max_requests
                ),
            ));
        }
        if state.find(request.id()).is_some() {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("a request of id {} is under way; give each request its own", request.id()),
            ));
        }
        state.requests.push(Arc::clone(request));
        Ok(())
    }

    /// Forgets a request that was answered or cancelled, and what it asked.
    pub(crate) fn finish(&self, id: &str) {
        let mut state = self.lock();
        if let Some(at) = state.find(id) {
            state.requests.swap_remove(at);
        }
        if !state.questions.is_empty() {
            state.questions.retain(|_, asked| asked.request.id() != id);
        }
    }

    pub(crate) fn request(&self, id: &str) -> Option<Arc<Request>> {
        let state = self.lock();
        state.find(id).map(|at| Arc::clone(&state.requests[at]))
    }

    /// Opens the stream of a request.
    pub(crate) fn open_stream(&self) -> Arc<Stream> {
        let mut state = self.lock();
        state.next_stream += 1;
        let stream = Stream::new(state.next_stream, self.bounds);
        state.streams.push_back(Arc::clone(&stream));
        self.trim(&mut state);
        stream
    }

    /// Holds the event log of all streams together to its bounds, the oldest first.
    fn trim(&self, state: &mut State) {
        let total = |state: &State| {
            state.streams.iter().map(|s| s.held()).fold((0, 0), |sum, held| (sum.0 + held.0, sum.1 + held.1))
        };
        loop {
            let (events, bytes) = total(state);
            let over = events > self.bounds.kept.0
                || bytes > self.bounds.kept.1
                || state.streams.len() > KEPT_STREAMS;
            let done = state.streams.iter().position(|stream| stream.is_done() && !stream.is_read());
            match done {
                Some(at) if over => drop(state.streams.remove(at)),
                _ => break,
            }
        }
    }

    /// The stream of that number.
    pub(crate) fn stream(&self, number: u64) -> Option<Arc<Stream>> {
        if number == 0 {
            return Some(Arc::clone(&self.standalone));
        }
        self.lock().streams.iter().find(|stream| stream.number() == number).cloned()
    }

    pub(crate) fn subscribe(&self, uri: &str) -> Result<()> {
        let mut state = self.lock();
        if state.subscriptions.contains(uri) {
            return Ok(());
        }
        let bytes = state.subscribed_bytes + uri.len();
        if bytes > self.max_subscribed_bytes {
            return Err(Error::new(
                Kind::LimitExceeded,
                "the URIs that are subscribed to are too long together (limit client_bytes); unsubscribe from some first",
            ));
        }
        if state.subscriptions.len() >= self.max_subscriptions {
            return Err(Error::new(
                Kind::LimitExceeded,
                format!(
                    "{} resources are subscribed to; unsubscribe from some first",
                    self.max_subscriptions
                ),
            ));
        }
        state.subscriptions.insert(uri.into());
        state.subscribed_bytes = bytes;
        Ok(())
    }

    pub(crate) fn unsubscribe(&self, uri: &str) {
        let mut state = self.lock();
        if state.subscriptions.remove(uri) {
            state.subscribed_bytes -= uri.len();
        }
    }

    pub(crate) fn is_subscribed(&self, uri: &str) -> bool {
        self.lock().subscriptions.contains(uri)
    }

    /// Asks the client what a call waits for: one request of ours for each question, on the call's own stream.
    pub(crate) fn ask(&self, waiting: Waiting) -> Result<()> {
        let request = Arc::clone(&waiting.request);
        let questions = waiting.rounds.missing.clone();
        let waiting = Arc::new(Mutex::new(Some(waiting)));
        let mut messages = Vec::with_capacity(questions.len());
        {
            let mut state = self.lock();
            if state.find(request.id()).is_none() {
                return Err(Error::new(Kind::Cancelled, "the call was cancelled"));
            }
            for question in questions {
                state.next_question += 1;
                let id = state.next_question;
                messages.push(crate::rpc::request(id, &question.method, question.params.as_deref()));
                let asked =
                    Asked { key: question.key, waiting: Arc::clone(&waiting), request: Arc::clone(&request) };
                state.questions.insert(id, asked);
            }
        }
        messages.into_iter().try_for_each(|message| request.outbox.send(message))
    }

    /// Takes the client's reply to one of our requests. Gives the call when that was the last one it waited for.
    pub(crate) fn reply(&self, id: u64, reply: Reply) -> Option<Waiting> {
        let asked = self.lock().questions.remove(&id)?;
        let mut slot = asked.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_mut()?.reply(&asked.key, reply);
        if slot.as_ref()?.is_complete() { slot.take() } else { None }
    }
}
