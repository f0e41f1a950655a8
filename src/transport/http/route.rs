//! Decides what a request is: its era, its session, and who serves it (2026-07-28, Versioning "Backward
//! Compatibility").

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, request::Parts};

use super::{
    Endpoint,
    carry::Carried,
    guard::{self, Refusal},
    headers,
    reply::Reply,
    respond::{self, HttpResponse},
    service::{CancelOnDrop, Pending, Routed},
};
use crate::{
    dispatch::{Incoming, Outcome, refuse, unsupported_version},
    observe::Metrics,
    protocol::Revision,
    rpc::{self, Body, Code, Failure, Message, Params, Slot, Unreadable},
};

const BOTH: [&str; 2] = ["application/json", "text/event-stream"];

/// The revision that a body names.
fn stated<'a>(params: &'a Params<'_>) -> Option<&'a str> {
    params.meta.as_ref().and_then(|meta| meta.protocol_version.as_deref())
}

/// A name of a revision that is none.
fn unknown(version: Option<&str>) -> Option<&str> {
    version.filter(|version| Revision::parse(version).is_none())
}

/// Whether a name of a revision belongs to the sessions era.
fn has_sessions(version: &str) -> bool {
    Revision::parse(version).is_some_and(|revision| !revision.is_modern())
}

impl Endpoint {
    /// Checks who asks.
    pub(super) fn admit_host(&self, parts: &Parts) -> Result<(), Refusal> {
        self.guard.check(&parts.headers, parts.uri.authority().map(http::uri::Authority::as_str))
    }

    /// Checks what is asked for.
    pub(super) fn admit_path(&self, parts: &Parts) -> Result<(), Refusal> {
        if parts.uri.path() != self.path {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                format!("there is nothing at {}; the MCP endpoint is {}", parts.uri.path(), self.path),
            ));
        }
        Ok(())
    }

    pub(super) fn body_limit(&self) -> u64 {
        self.dispatcher.config.limits.body_bytes
    }

    pub(super) fn too_large(&self) -> Refusal {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {} bytes (limit body_bytes)", self.body_limit()),
        )
    }

    /// Checks a POST before its body is read.
    pub(super) fn admit_body(&self, headers: &HeaderMap, announced: Option<u64>) -> Result<(), Refusal> {
        if announced.is_some_and(|length| length > self.body_limit()) {
            return Err(self.too_large());
        }
        guard::check_content(headers)?;
        guard::check_accept(headers, &BOTH)
    }

    /// Serves a request that is no POST.
    pub(super) fn without_body(self: &Arc<Self>, parts: &Parts) -> Routed {
        let version = match headers::version(&parts.headers) {
            Ok(version) => version,
            Err(refusal) => return Routed::Response(respond::refusal(&refusal)),
        };
        let modern = version.is_some_and(|version| !has_sessions(version));
        if matches!(parts.method, Method::GET | Method::DELETE)
            && let Some(unknown) = unknown(version)
        {
            return self.unreadable(&Unreadable { id: None, failure: unsupported_version(unknown) });
        }
        match parts.method {
            Method::GET | Method::DELETE if modern => Routed::Response(respond::method_not_allowed(
                http::HeaderValue::from_static("POST, OPTIONS"),
                "2026-07-28 has no GET streams and no sessions; POST subscriptions/listen for notifications",
            )),
            Method::GET => self.get(&parts.headers),
            Method::DELETE => Routed::Response(self.delete(&parts.headers)),
            Method::OPTIONS => Routed::Response(respond::preflight(&parts.headers)),
            _ => Routed::Response(respond::method_not_allowed(respond::METHODS, "use POST, GET or DELETE")),
        }
    }

    /// Serves a POST.
    pub(super) fn post(self: &Arc<Self>, parts: &Parts, body: &Bytes) -> Routed {
        Metrics::add(&self.dispatcher.metrics.requests);
        let headers = &parts.headers;
        let depth = self.dispatcher.config.limits.json_depth;
        let mut slot = Slot::default();
        let read = rpc::text(body).and_then(|text| Ok((text, rpc::read(text, depth, &mut slot)?)));
        let version = match headers::version(headers) {
            Ok(version) => version,
            Err(refusal) => return self.malformed_version(read.map(|(_, body)| body), &refusal),
        };
        match read {
            Ok((text, Body::One(message))) => self.message(headers, version, Post { body, text }, message),
            Ok((_, Body::Batch(messages))) => self.batch(headers, version, body, &messages),
            Err(unreadable) => self.unreadable(&unreadable),
        }
    }

    /// Refuses a request whose version header cannot be read: what that is called depends on the era that the body
    /// is of.
    fn malformed_version(&self, read: Result<Body<'_>, Unreadable>, refusal: &Refusal) -> Routed {
        match read {
            Ok(Body::One(Message::Request { id, params, .. }))
                if stated(params).is_some_and(|version| !has_sessions(version)) =>
            {
                let message = format!("Header mismatch: {}", refusal.message);
                let id = Some(id.to_owned());
                self.unreadable(&Unreadable { id, failure: Failure::new(Code::HEADER_MISMATCH, message) })
            }
            _ => {
                Metrics::add(&self.dispatcher.metrics.requests_refused);
                Routed::Response(respond::refusal(refusal))
            }
        }
    }

    fn unreadable(&self, unreadable: &Unreadable) -> Routed {
        Metrics::add(&self.dispatcher.metrics.requests_refused);
        Routed::Response(respond::answer(refuse(unreadable.id.as_deref(), &unreadable.failure), false))
    }

    fn message(
        self: &Arc<Self>,
        headers: &HeaderMap,
        version: Option<&str>,
        post: Post<'_>,
        message: Message<'_>,
    ) -> Routed {
        let stated = match &message {
            Message::Request { params, .. } | Message::Notification { params, .. } => stated(params),
            Message::Response { .. } => None,
        };
        let modern = [version, stated].into_iter().flatten().any(|version| !has_sessions(version));
        if !modern {
            return self.in_session(headers, post, message);
        }
        match message {
            Message::Request { id, method, params } => self.modern(headers, version, post, id, method, params),
            // No notification that a client may send here means anything: to cancel, it closes the response.
            Message::Notification { .. } => match unknown(version) {
                None => Routed::Response(respond::empty(StatusCode::ACCEPTED)),
                Some(unknown) => {
                    self.unreadable(&Unreadable { id: None, failure: unsupported_version(unknown) })
                }
            },
            Message::Response { .. } => self.unreadable(&Unreadable {
                id: None,
                failure: Failure::new(
                    Code::INVALID_REQUEST,
                    "a client of 2026-07-28 sends no responses; answer with inputResponses in the retried request",
                ),
            }),
        }
    }

    fn modern(
        self: &Arc<Self>,
        headers: &HeaderMap,
        version: Option<&str>,
        post: Post<'_>,
        id: &str,
        method: &str,
        params: &Params<'_>,
    ) -> Routed {
        let stated = stated(params);
        // A revision that neither side of the request disputes, and that nobody serves, comes before all else.
        if let Some(version) = unknown(version).filter(|v| stated.is_none_or(|s| s == *v)) {
            Metrics::add(&self.dispatcher.metrics.requests_refused);
            return Routed::Response(respond::answer(refuse(Some(id), &unsupported_version(version)), true));
        }
        let complete = params
            .meta
            .as_ref()
            .is_some_and(|meta| meta.protocol_version.is_some() && meta.client_capabilities.is_some());
        // What is missing from `_meta` is said by the dispatcher, before headers are compared with it.
        if complete && let Err(answer) = headers::check_mirrors(headers, version, id, method, params) {
            Metrics::add(&self.dispatcher.metrics.requests_refused);
            return Routed::Response(respond::answer(answer, true));
        }
        let Post { body, text } = post;
        let incoming =
            Incoming { body, message: text, id, method, params, principal: None, headers: Some(headers) };
        let reply = Reply::new(1, None, self.bounds);
        match self.dispatcher.modern(&incoming, reply.clone()) {
            Outcome::Answer(answer) => {
                if answer.refused {
                    Metrics::add(&self.dispatcher.metrics.requests_refused);
                }
                Routed::Response(respond::answer(answer, true))
            }
            Outcome::Running(request) => {
                let cancel = CancelOnDrop(Some(request));
                Routed::Pending(Pending { reply, session: None, cancel, is_batch: false })
            }
            Outcome::Listen(listen) => Routed::Takeover(Carried::listen(listen)),
        }
    }
}

/// A body, and its text.
#[derive(Clone, Copy)]
pub(super) struct Post<'a> {
    pub(super) body: &'a Bytes,
    pub(super) text: &'a str,
}

/// A refusal with a status of HTTP's own, as a response to a message that was read.
pub(super) fn refused(status: StatusCode, id: Option<&str>, message: impl Into<String>) -> HttpResponse {
    let failure = Failure::new(Code::INVALID_REQUEST, message);
    respond::json(status, rpc::refusal_response(id, &failure))
}
