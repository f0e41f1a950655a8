//! The revision without sessions: every request carries its own context (2026-07-28, Base Protocol "_meta",
//! Versioning, Discovery, Subscriptions).

use std::sync::Arc;

use super::{Dispatcher, Incoming, Outcome, Parts, advertise::supported_versions, refuse};
use crate::{
    call::{Answer, CallKind, Outbox, Peer, Span},
    clients::Filter,
    protocol::{LogLevel, Revision},
    registry::ListKind,
    rpc::{Code, Failure, Params, write_string},
};

/// The error for a revision that is not served.
pub(crate) fn unsupported_version(requested: &str) -> Failure {
    let mut data = format!("{{\"supported\":{},\"requested\":", supported_versions()).into_bytes();
    write_string(&mut data, requested);
    data.push(b'}');
    Failure::new(Code::UNSUPPORTED_PROTOCOL_VERSION, format!("Unsupported protocol version: {requested}"))
        .with_data(String::from_utf8(data).unwrap_or_default())
}

/// Checks what every request has to carry in `_meta`. Gives the revision and the client's side of the call.
fn check_meta(incoming: &Incoming<'_>) -> Result<(Revision, Peer), Failure> {
    let missing = |name: &str| {
        Failure::new(
            Code::INVALID_PARAMS,
            format!(
                "params._meta[\"io.modelcontextprotocol/{name}\"] is missing: every request of 2026-07-28 carries it"
            ),
        )
    };
    let params: &Params<'_> = incoming.params;
    let Some(meta) = &params.meta else { return Err(missing("protocolVersion")) };
    let Some(version) = meta.protocol_version.as_deref() else { return Err(missing("protocolVersion")) };
    let Some(revision) = Revision::parse(version).filter(|revision| revision.is_modern()) else {
        return Err(unsupported_version(version));
    };
    let Some(capabilities) = meta.client_capabilities else { return Err(missing("clientCapabilities")) };
    for (name, raw) in [("clientCapabilities", Some(capabilities)), ("clientInfo", meta.client_info)] {
        if raw.is_some_and(|raw| !raw.get().starts_with('{')) {
            return Err(Failure::new(
                Code::INVALID_PARAMS,
                format!("params._meta[\"io.modelcontextprotocol/{name}\"] has to be an object"),
            ));
        }
    }
    let log_level = match meta.log_level.as_deref() {
        Some(name) => Some(LogLevel::parse(name).ok_or_else(|| unknown_level(name))?),
        None => None,
    };
    let span = |raw: &serde_json::value::RawValue| Span::of(incoming.body, raw.get());
    let peer =
        Peer::Request { info: meta.client_info.map(span), capabilities: span(capabilities), log_level };
    Ok((revision, peer))
}

/// The error for a log level that does not exist.
pub(super) fn unknown_level(name: &str) -> Failure {
    let levels: Vec<_> = LogLevel::ALL.iter().map(|level| level.as_str()).collect();
    Failure::new(Code::INVALID_PARAMS, format!("{name:?} is no log level; use one of {}", levels.join(", ")))
}

impl Dispatcher {
    /// Serves a request of 2026-07-28.
    pub(crate) fn modern(self: &Arc<Self>, incoming: &Incoming<'_>, outbox: Arc<dyn Outbox>) -> Outcome {
        let (revision, peer) = match check_meta(incoming) {
            Ok(checked) => checked,
            Err(failure) => return Outcome::Answer(refuse(Some(incoming.id), &failure)),
        };
        let offers = self.registry.load().offers;
        let call = match incoming.method {
            "tools/call" if offers.tools => CallKind::Tool,
            "resources/read" if offers.resources => CallKind::Resource,
            "prompts/get" if offers.prompts => CallKind::Prompt,
            "completion/complete" if offers.completions => CallKind::Completion,
            _ => return self.modern_without_handler(incoming, revision),
        };
        self.call(call, incoming, Parts { peer, revision, outbox, session: None })
    }

    fn modern_without_handler(&self, incoming: &Incoming<'_>, revision: Revision) -> Outcome {
        let served = match incoming.method {
            "server/discover" => Some(Outcome::Answer(Answer::result(self.discover_result(incoming.id)))),
            "subscriptions/listen" => Some(self.listen(incoming)),
            "tools/list" => self.list(incoming, ListKind::Tools, revision),
            "resources/list" => self.list(incoming, ListKind::Resources, revision),
            "resources/templates/list" => self.list(incoming, ListKind::ResourceTemplates, revision),
            "prompts/list" => self.list(incoming, ListKind::Prompts, revision),
            _ => None,
        };
        served
            .unwrap_or_else(|| Outcome::Answer(refuse(Some(incoming.id), &method_not_found(incoming.method))))
    }

    fn listen(&self, incoming: &Incoming<'_>) -> Outcome {
        let raw = incoming.params.notifications.map_or("null", |raw| raw.get());
        let mut filter: Filter = match serde_json::from_str(raw) {
            Ok(filter) if raw.starts_with('{') => filter,
            Ok(_) => {
                return refused(
                    incoming,
                    Code::INVALID_PARAMS,
                    "params.notifications has to be an object".into(),
                );
            }
            Err(error) => {
                let message = format!("params.notifications has to be a filter of notifications: {error}");
                return refused(incoming, Code::INVALID_PARAMS, message);
            }
        };
        let offers = self.registry.load().offers;
        filter.tools_list_changed &= offers.tools;
        filter.prompts_list_changed &= offers.prompts;
        filter.resources_list_changed &= offers.resources;
        if !offers.resources {
            filter.resource_subscriptions.clear();
        }
        let most = self.config.limits.subscriptions;
        if filter.resource_subscriptions.len() as u64 > most {
            let message = format!(
                "{} resource subscriptions are more than the {most} that one stream may have; open another",
                filter.resource_subscriptions.len()
            );
            return refused(incoming, Code::INVALID_PARAMS, message);
        }
        let info = incoming.params.meta.as_ref().and_then(|meta| meta.client_info).map(|raw| raw.get());
        let bytes = info.map_or(0, str::len)
            + filter.resource_subscriptions.iter().map(|uri| uri.len()).sum::<usize>();
        let most = self.config.limits.client_bytes;
        if bytes as u64 > most {
            let message = format!(
                "the URIs to subscribe to and the clientInfo have {bytes} bytes, and at most {most} are kept for one stream (limit client_bytes)"
            );
            return refused(incoming, Code::INVALID_PARAMS, message);
        }
        match self.clients.open_listen(incoming.id, filter, incoming.principal.clone(), info) {
            Ok(listen) => Outcome::Listen(listen),
            Err(error) => Outcome::failure(incoming.id, &Failure::new(Code::INTERNAL_ERROR, error.message())),
        }
    }
}

fn refused(incoming: &Incoming<'_>, code: Code, message: String) -> Outcome {
    Outcome::Answer(refuse(Some(incoming.id), &Failure::new(code, message)))
}

pub(super) fn method_not_found(method: &str) -> Failure {
    Failure::new(Code::METHOD_NOT_FOUND, format!("Method not found: {method}"))
}
