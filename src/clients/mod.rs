//! Who can be pushed to. A client is a session, or one `subscriptions/listen` stream; each has a number, a
//! bounded outbox, and rules for what it may be sent.

mod client;
mod listen;
mod notification;
mod push;
mod session;
mod stream;

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use arc_swap::ArcSwapOption;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use client::{ClientChange, ClientEvent, ClientInfo, ClientKind, DisconnectReason};
pub(crate) use listen::{Filter, Listen};
pub use notification::List;
pub(crate) use notification::Notification;
pub(crate) use session::{InUse, Opening, Session};
pub(crate) use stream::{Bounds, Event, Next, Reader, Stream};

use crate::{
    call::{ClientId, Principal},
    callback,
    config::Limits,
    error::{Error, Kind, Result},
    observe::Metrics,
    protocol::Revision,
};

type Listener = Box<dyn Fn(ClientEvent) + Send + Sync>;

#[derive(Clone)]
enum Client {
    Session(Arc<Session>),
    Listen(Arc<Listen>),
}

impl Client {
    /// Whether it can be pushed to; a session is a client once it has said that it is initialized.
    fn is_ready(&self) -> bool {
        match self {
            Self::Session(session) => session.is_ready(),
            Self::Listen(_) => true,
        }
    }
}

/// Enough that threads which serve different clients seldom meet at one lock.
const SHARDS: usize = 16;

type Shard<K, V> = Mutex<HashMap<K, V, BuildHasherDefault<KeyHasher>>>;

/// A quick hash for keys that this server makes itself, from a counter or at random: nobody can choose them so
/// that they collide.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        // The table takes its slots from the low bits, which multiplication mixes least.
        self.0.rotate_left(32)
    }
}

/// All clients of a server.
pub(crate) struct Clients {
    limits: Limits,
    metrics: Arc<Metrics>,
    clients: [Shard<u64, Client>; SHARDS],
    sessions: [Shard<Box<str>, Arc<Session>>; SHARDS],
    next: AtomicU64,
    room: Arc<Semaphore>,
    session_room: Arc<Semaphore>,
    listener: ArcSwapOption<Listener>,
    random: SystemRandom,
    epoch: Instant,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn permits(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

impl Clients {
    pub(crate) fn new(limits: &Limits, metrics: Arc<Metrics>) -> Self {
        Self {
            limits: limits.clone(),
            metrics,
            clients: Default::default(),
            sessions: Default::default(),
            next: AtomicU64::new(1),
            room: Arc::new(Semaphore::new(permits(limits.clients))),
            session_room: Arc::new(Semaphore::new(permits(limits.sessions))),
            listener: ArcSwapOption::empty(),
            random: SystemRandom::new(),
            epoch: Instant::now(),
        }
    }

    /// Milliseconds on the clock that sessions are timed by.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn set_listener(&self, listener: Listener) {
        self.listener.store(Some(Arc::new(listener)));
    }

    fn tell(&self, client: ClientId, kind: ClientKind, change: ClientChange) {
        tracing::debug!(target: "mcpserver::clients", client = client.0, ?kind, ?change, "client");
        if let Some(listener) = &*self.listener.load() {
            let told = callback::run(|| listener(ClientEvent { client, kind, change }));
            if told.is_none() {
                tracing::error!(target: "mcpserver::clients", client = client.0, "the client listener panicked");
            }
        }
    }

    fn shard(&self, client: ClientId) -> &Shard<u64, Client> {
        &self.clients[client.0 as usize % SHARDS]
    }

    fn session_shard(&self, id: &str) -> &Shard<Box<str>, Arc<Session>> {
        &self.sessions[id.bytes().last().unwrap_or(0) as usize % SHARDS]
    }

    fn next_id(&self) -> ClientId {
        ClientId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn take_room(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            Error::new(
                Kind::LimitExceeded,
                format!("the server serves {} clients already; try again later", self.limits.clients),
            )
        })
    }

    /// Opens a session. At the limit, the session that has been idle longest makes room.
    pub(crate) fn open_session(
        &self,
        revision: Revision,
        principal: Option<Arc<Principal>>,
        peer: impl FnOnce(ClientId) -> crate::call::SessionPeer,
    ) -> Result<Arc<Session>> {
        let mut room = Arc::clone(&self.session_room).try_acquire_owned();
        if room.is_err() && self.evict_idle_sessions() {
            room = Arc::clone(&self.session_room).try_acquire_owned();
        }
        let permit = room.map_err(|_| {
            Error::new(
                Kind::LimitExceeded,
                format!("the server has {} sessions in use already; try again later", self.limits.sessions),
            )
        })?;
        let mut bytes = [0; 24];
        self.random
            .fill(&mut bytes)
            .map_err(|_| Error::new(Kind::Io, "the system gives no random numbers"))?;
        let id = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
        let client_permit = self.take_room()?;
        let opening = Opening {
            id: id.into(),
            revision,
            peer: peer(self.next_id()),
            principal,
            permits: [permit, client_permit],
            now: self.now(),
        };
        let session = Session::open(opening, &self.limits);
        // Not ready yet, but known: whoever pushes to it is told which of the two it is.
        let client = session.peer.client;
        lock(self.shard(client)).insert(client.0, Client::Session(Arc::clone(&session)));
        lock(self.session_shard(&session.id)).insert(session.id.clone(), Arc::clone(&session));
        Ok(session)
    }

    /// The session is ready: it is a client from now on.
    pub(crate) fn session_ready(&self, session: &Arc<Session>) {
        if session.make_ready() {
            self.tell(session.peer.client, ClientKind::Session, ClientChange::Connected);
        }
    }

    pub(crate) fn session(&self, id: &str) -> Option<Arc<Session>> {
        lock(self.session_shard(id)).get(id).cloned()
    }

    pub(crate) fn end_session(&self, session: &Arc<Session>, reason: DisconnectReason) -> bool {
        lock(self.session_shard(&session.id)).remove(&session.id);
        if !session.end(reason) {
            return false;
        }
        let client = session.peer.client;
        lock(self.shard(client)).remove(&client.0);
        if session.was_announced() {
            self.tell(client, ClientKind::Session, ClientChange::Disconnected(reason));
        }
        true
    }

    /// Opens a listen stream.
    pub(crate) fn open_listen(
        &self,
        subscription: &str,
        filter: Filter,
        principal: Option<Arc<Principal>>,
        info: Option<&str>,
    ) -> Result<Arc<Listen>> {
        let permit = self.take_room()?;
        let bounds = Bounds {
            waiting: (permits(self.limits.outbox_messages), permits(self.limits.outbox_bytes)),
            kept: (0, 0),
        };
        let listen = Arc::new(Listen {
            client: self.next_id(),
            subscription: subscription.into(),
            filter,
            stream: Stream::new(0, bounds),
            principal,
            info: info.map(Into::into),
            _permit: permit,
        });
        lock(self.shard(listen.client)).insert(listen.client.0, Client::Listen(Arc::clone(&listen)));
        self.tell(listen.client, ClientKind::Listen, ClientChange::Connected);
        Ok(listen)
    }

    pub(crate) fn end_listen(&self, listen: &Listen, reason: DisconnectReason) {
        if lock(self.shard(listen.client)).remove(&listen.client.0).is_some() {
            self.tell(listen.client, ClientKind::Listen, ClientChange::Disconnected(reason));
        }
    }

    /// Ends a client at the wish of the host.
    pub(crate) fn close(&self, client: ClientId) -> Result<()> {
        let found = lock(self.shard(client)).get(&client.0).cloned();
        match found {
            Some(Client::Session(session)) => drop(self.end_session(&session, DisconnectReason::Host)),
            Some(Client::Listen(listen)) => {
                self.end_listen(&listen, DisconnectReason::Host);
                listen.end();
            }
            None => return Err(no_such_client(client)),
        }
        Ok(())
    }

    /// All clients, in the order in which they came.
    pub(crate) fn list(&self) -> Vec<ClientInfo> {
        let mut all = Vec::new();
        for shard in &self.clients {
            let shard = lock(shard);
            all.extend(shard.values().filter(|client| client.is_ready()).map(|client| match client {
                Client::Session(session) => ClientInfo {
                    client: session.peer.client,
                    kind: ClientKind::Session,
                    revision: session.revision,
                    info: session.peer.info.as_deref().map(str::to_owned),
                    principal: session.principal.as_deref().cloned(),
                },
                Client::Listen(listen) => ClientInfo {
                    client: listen.client,
                    kind: ClientKind::Listen,
                    revision: Revision::V2026_07_28,
                    info: listen.info.as_deref().map(str::to_owned),
                    principal: listen.principal.as_deref().cloned(),
                },
            }));
        }
        all.sort_by_key(|info| info.client);
        all
    }

    /// Sessions that exist, and clients that can be pushed to.
    pub(crate) fn count(&self) -> (usize, usize) {
        let sessions = self.sessions.iter().map(|shard| lock(shard).len()).sum();
        let ready = |shard: &Shard<u64, Client>| lock(shard).values().filter(|c| c.is_ready()).count();
        (sessions, self.clients.iter().map(ready).sum())
    }

    fn all_sessions(&self) -> Vec<Arc<Session>> {
        self.sessions.iter().flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Ends the sessions that were not used for the idle limit. Called every now and then.
    pub(crate) fn expire(&self) {
        let oldest = self.now().saturating_sub(self.limits.session_idle_ms);
        for session in self.all_sessions() {
            if session.idle_since().is_some_and(|since| since < oldest)
                && self.end_session(&session, DisconnectReason::Idle)
            {
                Metrics::add(&self.metrics.sessions_expired);
            }
        }
    }

    /// Ends the sessions that have been idle longest: one in a hundred, so that a flood of new ones does not
    /// search all of them each time. Tells whether any was idle.
    fn evict_idle_sessions(&self) -> bool {
        let mut idle: Vec<_> = self
            .all_sessions()
            .into_iter()
            .filter_map(|session| Some((session.idle_since()?, session)))
            .collect();
        idle.sort_by_key(|(since, _)| *since);
        let most = (permits(self.limits.sessions) / 100).max(1);
        let mut evicted = false;
        for (_, session) in idle.into_iter().take(most) {
            if self.end_session(&session, DisconnectReason::Evicted) {
                Metrics::add(&self.metrics.sessions_evicted);
                evicted = true;
            }
        }
        evicted
    }

    /// Says goodbye to all streams: those of listens get their result, those of sessions end.
    pub(crate) fn say_goodbye(&self) {
        for shard in &self.clients {
            let clients: Vec<_> = lock(shard).values().cloned().collect();
            for client in clients {
                if let Client::Listen(listen) = client {
                    self.end_listen(&listen, DisconnectReason::Stopping);
                    listen.end();
                }
            }
        }
        for session in self.all_sessions() {
            session.standalone.end(None);
        }
    }

    /// Ends all sessions, and cancels what they still ask for.
    pub(crate) fn end_sessions(&self) {
        for session in self.all_sessions() {
            self.end_session(&session, DisconnectReason::Stopping);
        }
    }
}

fn no_such_client(client: ClientId) -> Error {
    Error::new(Kind::NoSuchClient, format!("there is no client {}; it may have gone", client.0))
}
