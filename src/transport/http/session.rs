//! The sessions era over HTTP: POST in a session, the GET stream, DELETE, resumption, batches (2025-11-25 and
//! 2025-03-26, Transports "Streamable HTTP").

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{
    Endpoint,
    carry::Carried,
    guard::{Refusal, check_accept, single, text},
    headers::{LAST_EVENT_ID, SESSION_ID},
    reply::Reply,
    respond::{self, HttpResponse},
    route::{Post, refused},
    service::{CancelOnDrop, Pending, Routed},
};
use crate::{
    clients::{DisconnectReason, InUse, Reader, Session},
    dispatch::{Incoming, Initialized, Outcome, refuse},
    observe::Metrics,
    protocol::Revision,
    rpc::{Code, Failure, Message, Slot, Unreadable, read_one},
};

impl Endpoint {
    /// The session that a request names, kept from being idle while the request is served.
    fn session(&self, headers: &HeaderMap) -> Result<InUse, Refusal> {
        let Some(value) = single(headers, &SESSION_ID)? else {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "Mcp-Session-Id is missing; POST initialize first, and send the header that its response carries",
            ));
        };
        let id = text(value, "Mcp-Session-Id")?;
        let clients = &self.dispatcher.clients;
        let session = clients.session(id).ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "there is no such session, or it has ended; POST initialize to open a new one",
            )
        })?;
        Ok(session.use_now(clients.now()))
    }

    /// Serves one message of the sessions era.
    pub(super) fn in_session(
        self: &Arc<Self>,
        headers: &HeaderMap,
        post: Post<'_>,
        message: Message<'_>,
    ) -> Routed {
        if let Message::Request { id, method, params } = &message
            && *method == "initialize"
            && !headers.contains_key(SESSION_ID)
        {
            return Routed::Response(match self.dispatcher.initialize(id, params, None) {
                Ok(Initialized { session, answer }) => with_session(respond::answer(answer, false), &session),
                Err(answer) if answer.refused => respond::answer(answer, false),
                Err(answer) => {
                    respond::json(StatusCode::SERVICE_UNAVAILABLE, answer.bytes.unwrap_or_default())
                }
            });
        }
        let used = match self.session(headers) {
            Ok(used) => used,
            Err(refusal) => {
                Metrics::add(&self.dispatcher.metrics.requests_refused);
                let id = match &message {
                    Message::Request { id, .. } => Some(*id),
                    _ => None,
                };
                return Routed::Response(refused(refusal.status, id, refusal.message));
            }
        };
        match message {
            Message::Request { id, method, params } => {
                let reply = Reply::new(1, Some(Arc::clone(used.session())), self.bounds);
                let incoming = Incoming {
                    body: post.body,
                    message: post.text,
                    id,
                    method,
                    params,
                    principal: None,
                    headers: None,
                };
                match self.dispatcher.session_request(used.session(), &incoming, reply.clone()) {
                    Outcome::Answer(answer) => Routed::Response(respond::answer(answer, false)),
                    _ => pending(reply, used, false),
                }
            }
            other => {
                self.take(used.session(), other);
                Routed::Response(respond::empty(StatusCode::ACCEPTED))
            }
        }
    }

    /// Takes a message that gets no answer.
    fn take(&self, session: &Arc<Session>, message: Message<'_>) {
        match message {
            Message::Notification { method, params } => {
                self.dispatcher.session_notification(session, method, params);
            }
            Message::Response { id, answer } => self.dispatcher.session_response(session, id, answer),
            Message::Request { .. } => {}
        }
    }

    /// Serves a batch (2025-03-26, Base Protocol "Batching").
    pub(super) fn batch(
        self: &Arc<Self>,
        headers: &HeaderMap,
        version: Option<&str>,
        body: &Bytes,
        messages: &[&str],
    ) -> Routed {
        let refuse_all = |message: String| {
            Metrics::add(&self.dispatcher.metrics.requests_refused);
            Routed::Response(refused(StatusCode::BAD_REQUEST, None, message))
        };
        let most = self.dispatcher.config.limits.batch_messages;
        if messages.is_empty() {
            return refuse_all("the batch is empty; send at least one message".into());
        }
        if messages.len() as u64 > most {
            return refuse_all(format!(
                "the batch has {} messages; at most {most} are taken (limit batch_messages)",
                messages.len()
            ));
        }
        if version.is_some_and(|version| version != Revision::V2025_03_26.as_str()) {
            return refuse_all("only revision 2025-03-26 has batches; send each message on its own".into());
        }
        let used = match self.session(headers) {
            Ok(used) => used,
            Err(refusal) => return Routed::Response(respond::refusal(&refusal)),
        };
        let session = Arc::clone(used.session());
        if session.revision != Revision::V2025_03_26 {
            return refuse_all(format!(
                "revision {} of this session has no batches; send each message on its own",
                session.revision
            ));
        }
        let mut slots: Vec<Slot<'_>> = messages.iter().map(|_| Slot::default()).collect();
        let read: Vec<_> =
            messages.iter().zip(&mut slots).map(|(text, slot)| (*text, read_one(text, slot))).collect();
        let requests = read.iter().filter(|(_, m)| matches!(m, Ok(Message::Request { .. }) | Err(_))).count();
        let reply = Reply::new(requests, Some(Arc::clone(&session)), self.bounds);
        for (text, message) in read {
            match message {
                Err(Unreadable { id, failure }) => reply.put(refuse(id.as_deref(), &failure)),
                Ok(Message::Request { id, method: "initialize", .. }) => {
                    let failure = Failure::new(Code::INVALID_REQUEST, "initialize cannot be part of a batch");
                    reply.put(refuse(Some(id), &failure));
                }
                Ok(Message::Request { id, method, params }) => {
                    let incoming =
                        Incoming { body, message: text, id, method, params, principal: None, headers: None };
                    if let Outcome::Answer(answer) =
                        self.dispatcher.session_request(&session, &incoming, reply.clone())
                    {
                        reply.put(answer);
                    }
                }
                Ok(other) => self.take(&session, other),
            }
        }
        if requests == 0 {
            return Routed::Response(respond::empty(StatusCode::ACCEPTED));
        }
        pending(reply, used, true)
    }

    /// Serves GET: a stream of what belongs to no request, or the rest of one that was interrupted.
    pub(super) fn get(self: &Arc<Self>, headers: &HeaderMap) -> Routed {
        let opened = check_accept(headers, &["text/event-stream"])
            .and_then(|()| self.session(headers))
            .and_then(|used| Ok((self.reader(headers, used.session())?, used)));
        match opened {
            Ok(((reader, resumed), used)) => Routed::Takeover(Carried::session(reader, used, resumed)),
            Err(refusal) => Routed::Response(respond::refusal(&refusal)),
        }
    }

    fn reader(&self, headers: &HeaderMap, session: &Session) -> Result<(Reader, bool), Refusal> {
        let Some(value) = single(headers, &LAST_EVENT_ID)? else {
            return Ok((session.standalone.read(), false));
        };
        let id = text(value, "Last-Event-ID")?;
        let parsed =
            id.split_once('-').and_then(|(stream, seen)| Some((stream.parse().ok()?, seen.parse().ok()?)));
        let Some((stream, seen)) = parsed else {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("Last-Event-ID {id:?} is none that this server gave out"),
            ));
        };
        let gone =
            || format!("the stream of event {id} is not kept any more; start again without Last-Event-ID");
        let stream = session.stream(stream).ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, gone()))?;
        let reader =
            stream.resume(seen).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.message()))?;
        Ok((reader, true))
    }

    /// Serves DELETE: ends the session.
    pub(super) fn delete(&self, headers: &HeaderMap) -> HttpResponse {
        match self.session(headers) {
            Ok(used) => {
                self.dispatcher.clients.end_session(used.session(), DisconnectReason::Closed);
                respond::empty(StatusCode::OK)
            }
            Err(refusal) => respond::refusal(&refusal),
        }
    }
}

fn pending(reply: Arc<Reply>, session: InUse, is_batch: bool) -> Routed {
    // A connection that breaks does not cancel what was asked in a session: the client may come back for it.
    Routed::Pending(Pending { reply, session: Some(session), cancel: CancelOnDrop::default(), is_batch })
}

fn with_session(mut response: HttpResponse, session: &Session) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(&session.id) {
        response.headers_mut().insert(SESSION_ID, value);
    }
    response
}
