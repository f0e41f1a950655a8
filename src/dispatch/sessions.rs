//! The revisions with sessions, up to 2025-11-25 (Lifecycle, Cancellation, Logging, Resources "Subscriptions").

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use super::{
    Dispatcher, Incoming, Outcome, Parts,
    calls::resource_not_found,
    modern::{method_not_found, unknown_level},
    refuse,
};
use crate::{
    call::{Answer, CallKind, CancelReason, Outbox, Peer, Principal, Reply, SessionPeer},
    clients::Session,
    protocol::{LogLevel, Revision},
    registry::ListKind,
    rpc::{Code, Failure, Params},
};

/// A new session and the answer that opens it.
pub(crate) struct Initialized {
    pub(crate) session: Arc<Session>,
    pub(crate) answer: Answer,
}

impl Dispatcher {
    /// Serves `initialize`: opens a session of the revision that both sides know.
    pub(crate) fn initialize(
        &self,
        id: &str,
        params: &Params<'_>,
        principal: Option<Arc<Principal>>,
    ) -> Result<Initialized, Answer> {
        let refused = |message: &str| Err(refuse(Some(id), &Failure::new(Code::INVALID_PARAMS, message)));
        let Some(requested) = params.protocol_version.as_deref() else {
            return refused(
                "params.protocolVersion is missing: give the newest revision that the client speaks",
            );
        };
        let Some(capabilities) =
            params.capabilities.map(|raw| raw.get()).filter(|json| json.starts_with('{'))
        else {
            return refused("params.capabilities is missing: give an object, {} if the client has none");
        };
        let Some(info) = params.client_info.map(|raw| raw.get()).filter(|json| json.starts_with('{')) else {
            return refused("params.clientInfo is missing: give an object with name and version");
        };
        let most = self.config.limits.client_bytes;
        if (info.len() + capabilities.len()) as u64 > most {
            return refused(&format!(
                "params.clientInfo and params.capabilities have more than {most} bytes (limit client_bytes); say less"
            ));
        }
        let revision = Revision::parse(requested)
            .filter(|revision| !revision.is_modern())
            .unwrap_or(Revision::NEWEST_WITH_SESSIONS);
        let opened = self.clients.open_session(revision, principal, |client| SessionPeer {
            client,
            info: Some(info.into()),
            capabilities: capabilities.into(),
            log_level: AtomicU8::new(LogLevel::Info as u8),
        });
        match opened {
            Ok(session) => {
                let answer = Answer::result(self.initialize_result(id, revision));
                Ok(Initialized { session, answer })
            }
            Err(error) => {
                let failure = Failure::new(Code::INTERNAL_ERROR, error.message());
                let mut answer = refuse(Some(id), &failure);
                answer.refused = false;
                Err(answer)
            }
        }
    }

    /// Serves a request of a session.
    pub(crate) fn session_request(
        self: &Arc<Self>,
        session: &Arc<Session>,
        incoming: &Incoming<'_>,
        outbox: Arc<dyn Outbox>,
    ) -> Outcome {
        let revision = session.revision;
        let offers = self.registry.load().offers;
        let call = match incoming.method {
            "tools/call" if offers.tools => Some(CallKind::Tool),
            "resources/read" if offers.resources => Some(CallKind::Resource),
            "prompts/get" if offers.prompts => Some(CallKind::Prompt),
            "completion/complete" if offers.completions => Some(CallKind::Completion),
            _ => None,
        };
        if let Some(kind) = call {
            let peer = Peer::Session(Arc::clone(&session.peer));
            return self.call(kind, incoming, Parts { peer, revision, outbox, session: Some(session) });
        }
        let served = match incoming.method {
            "ping" => Some(self.acknowledge(incoming, revision)),
            "tools/list" => self.list(incoming, ListKind::Tools, revision),
            "resources/list" => self.list(incoming, ListKind::Resources, revision),
            "resources/templates/list" => self.list(incoming, ListKind::ResourceTemplates, revision),
            "prompts/list" => self.list(incoming, ListKind::Prompts, revision),
            "resources/subscribe" if offers.resources => Some(self.subscribe(session, incoming)),
            "resources/unsubscribe" if offers.resources => Some(self.unsubscribe(session, incoming)),
            "logging/setLevel" if self.config.logging => Some(self.set_level(session, incoming)),
            "initialize" => Some(Outcome::failure(
                incoming.id,
                &Failure::new(
                    Code::INVALID_REQUEST,
                    "this session is initialized; leave out Mcp-Session-Id to open another",
                ),
            )),
            _ => None,
        };
        served.unwrap_or_else(|| Outcome::failure(incoming.id, &method_not_found(incoming.method)))
    }

    fn acknowledge(&self, incoming: &Incoming<'_>, revision: Revision) -> Outcome {
        Outcome::Answer(Answer::result(self.frame.empty(incoming.id, revision)))
    }

    fn subscribe(&self, session: &Session, incoming: &Incoming<'_>) -> Outcome {
        let Some(uri) = incoming.params.uri.as_deref() else {
            return Outcome::failure(
                incoming.id,
                &Failure::new(Code::INVALID_PARAMS, "params.uri is missing"),
            );
        };
        if self.registry.load().resource(uri).is_none() {
            return Outcome::failure(incoming.id, &resource_not_found(uri, session.revision));
        }
        match session.subscribe(uri) {
            Ok(()) => self.acknowledge(incoming, session.revision),
            Err(error) => Outcome::failure(incoming.id, &Failure::new(Code::INVALID_PARAMS, error.message())),
        }
    }

    fn unsubscribe(&self, session: &Session, incoming: &Incoming<'_>) -> Outcome {
        let Some(uri) = incoming.params.uri.as_deref() else {
            return Outcome::failure(
                incoming.id,
                &Failure::new(Code::INVALID_PARAMS, "params.uri is missing"),
            );
        };
        session.unsubscribe(uri);
        self.acknowledge(incoming, session.revision)
    }

    fn set_level(&self, session: &Session, incoming: &Incoming<'_>) -> Outcome {
        let Some(name) = incoming.params.level.as_deref() else {
            return Outcome::failure(
                incoming.id,
                &Failure::new(Code::INVALID_PARAMS, "params.level is missing"),
            );
        };
        match LogLevel::parse(name) {
            Some(level) => {
                session.peer.log_level.store(level as u8, Ordering::Relaxed);
                self.acknowledge(incoming, session.revision)
            }
            None => Outcome::failure(incoming.id, &unknown_level(name)),
        }
    }

    /// Takes a notification of a session. One that is not known is passed over, as JSON-RPC has it.
    pub(crate) fn session_notification(&self, session: &Arc<Session>, method: &str, params: &Params<'_>) {
        match method {
            "notifications/initialized" => self.clients.session_ready(session),
            "notifications/cancelled" => {
                if let Some(request) = params.request_id.and_then(|id| session.request(id.get())) {
                    let reason = params.reason.as_deref().unwrap_or_default();
                    tracing::debug!(target: "mcpserver::dispatch", id = request.id(), reason, "the client cancelled a request");
                    request.cancel(CancelReason::Client);
                }
            }
            _ => {}
        }
    }

    /// Takes a client's response to one of our requests.
    pub(crate) fn session_response(
        self: &Arc<Self>,
        session: &Session,
        id: &str,
        answer: std::result::Result<&str, &str>,
    ) {
        let reply = match answer {
            Ok(result) => Reply::Result(result.to_owned()),
            Err(error) => Reply::Error(read_error(error)),
        };
        // An id that is not ours answers a question that was withdrawn, or none at all.
        if let Some(waiting) = id.parse().ok().and_then(|id| session.reply(id, reply)) {
            self.resume(waiting);
        }
    }
}

fn read_error(json: &str) -> Failure {
    #[derive(serde::Deserialize)]
    struct Error {
        code: i64,
        message: String,
    }
    match serde_json::from_str::<Error>(json) {
        Ok(error) => Failure::new(Code(error.code), error.message),
        Err(_) => Failure::new(Code::INTERNAL_ERROR, "the client answered with an error that cannot be read"),
    }
}
