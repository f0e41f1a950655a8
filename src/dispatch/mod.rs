//! A message of a client and its context in, an answer out. Knows the protocol and no socket.

mod advertise;
mod calls;
mod lists;
mod modern;
mod sessions;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::HeaderMap;

use crate::{
    call::{Answer, Engine, Outbox, Peer, Principal, Request, Rounds, Waiting},
    clients::{Clients, Listen, Session},
    config::{Config, Limits},
    error::{Error, Kind, Result},
    exec::Pool,
    input::{Input, with_elicitation_id},
    observe::Metrics,
    protocol::{Revision, result::Frame},
    registry::Registry,
    rpc::{Code, Failure, Params, refusal_response},
};

pub(crate) use modern::unsupported_version;
pub(crate) use sessions::Initialized;

/// What serves the messages of one server, whichever way they come.
pub(crate) struct Dispatcher {
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    pub(crate) clients: Clients,
    pub(crate) metrics: Arc<Metrics>,
    input: Input,
    frame: Frame,
    /// The pool of the current run.
    pool: ArcSwapOption<Pool>,
}

/// A request as a transport hands it over.
pub(crate) struct Incoming<'a> {
    /// The bytes that everything else was borrowed from.
    pub(crate) body: &'a Bytes,
    /// The text of this message within them.
    pub(crate) message: &'a str,
    pub(crate) id: &'a str,
    pub(crate) method: &'a str,
    pub(crate) params: &'a Params<'a>,
    pub(crate) principal: Option<Arc<Principal>>,
    /// The headers that came along, where the transport has any.
    pub(crate) headers: Option<&'a HeaderMap>,
}

/// What becomes of a request.
pub(crate) enum Outcome {
    /// It is answered.
    Answer(Answer),
    /// Its answer goes to the outbox, now or later.
    Running(Arc<Request>),
    /// It stays open and is notified.
    Listen(Arc<Listen>),
}

impl Outcome {
    fn failure(id: &str, failure: &Failure) -> Self {
        Self::Answer(Answer {
            bytes: Some(refusal_response(Some(id), failure)),
            code: Some(failure.code),
            refused: false,
        })
    }
}

/// An answer to a message that is at fault itself.
pub(crate) fn refuse(id: Option<&str>, failure: &Failure) -> Answer {
    Answer { bytes: Some(refusal_response(id, failure)), code: Some(failure.code), refused: true }
}

impl Dispatcher {
    pub(crate) fn new(config: Config) -> Result<Self> {
        crate::registry::check_icons(config.info.icons.as_deref())?;
        let metrics = Arc::new(Metrics::default());
        Ok(Self {
            registry: Registry::new(&config.limits),
            clients: Clients::new(&config.limits, Arc::clone(&metrics)),
            input: Input::new(config.request_state_key, &config.limits)?,
            frame: Frame::new(&advertise::implementation(&config.info, Revision::V2026_07_28)),
            metrics,
            pool: ArcSwapOption::empty(),
            config,
        })
    }

    pub(crate) fn set_pool(&self, pool: Option<Arc<Pool>>) {
        self.pool.store(pool);
    }

    /// Runs the handler of a request, for the first time or again.
    fn run(&self, request: Arc<Request>, rounds: Option<Box<Rounds>>) {
        match &*self.pool.load() {
            Some(pool) => pool.run(request, rounds),
            None => drop(request.fail(&Failure::new(Code::INTERNAL_ERROR, "the server is not running"))),
        }
    }

    fn resume(&self, waiting: Waiting) {
        if waiting.request.is_open() {
            self.run(waiting.request, Some(waiting.rounds));
        }
    }
}

impl Engine for Dispatcher {
    fn suspend(&self, request: Arc<Request>, mut rounds: Box<Rounds>) -> Result<()> {
        let Peer::Session(peer) = &request.peer else {
            let response = self.input.required(&request, &rounds, &self.frame)?;
            return if request.answer(Answer::result(response)) {
                Ok(())
            } else {
                Err(Error::new(Kind::Cancelled, "the call was cancelled"))
            };
        };
        if request.revision == Revision::V2025_11_25 {
            for question in &mut rounds.missing {
                let id = || format!("{}-{}-{}", peer.client.0, request.id().trim_matches('"'), question.key);
                if let Some(params) = with_elicitation_id(&question.method, question.params.as_deref(), id) {
                    question.params = Some(params);
                }
            }
        }
        let outbox = Arc::clone(&request.outbox);
        outbox.ask(Waiting { request, rounds })
    }

    fn is_stopping(&self) -> bool {
        self.pool.load().is_none()
    }

    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn limits(&self) -> &Limits {
        &self.config.limits
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// What a call is made of, beside what is called.
struct Parts<'a> {
    peer: Peer,
    revision: Revision,
    outbox: Arc<dyn Outbox>,
    session: Option<&'a Session>,
}
