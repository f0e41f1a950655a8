//! One HTTP request on its way: reads the body, hands it on, waits for the reply. Written by hand as a state
//! machine: it costs no allocation of its own, and `Unpin` futures are what lets a connection be taken over.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Version,
    header::{HOST, ORIGIN},
    request::Parts,
};
use http_body::Body;
use hyper::body::Incoming;

use super::{
    Endpoint,
    carry::Carried,
    guard::Refusal,
    reply::{Ready, Reply},
    respond::{self, HttpResponse},
    socket::{Activity, Phase},
    sse::{Source, SseBody},
};
use crate::{
    call::{self, CancelReason},
    clients::InUse,
    protocol::Revision,
};

/// What the requests of one connection share.
pub(super) struct Connection {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) activity: Activity,
    /// A stream that wants the whole connection, on its way to the loop of the connection.
    pub(super) takeover: Mutex<Option<Carried>>,
    /// The `Host` that was let in first: clients send the same with every request of a connection.
    host: OnceLock<HeaderValue>,
}

impl Connection {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            activity: Activity::default(),
            takeover: Mutex::default(),
            host: OnceLock::new(),
        })
    }

    fn admit(&self, parts: &Parts) -> Result<(), Refusal> {
        let mut hosts = parts.headers.get_all(HOST).iter();
        let host = hosts.next().filter(|_| hosts.next().is_none() && parts.uri.authority().is_none());
        let known = host.is_some() && host == self.host.get() && !parts.headers.contains_key(ORIGIN);
        if !known {
            self.endpoint.admit_host(parts)?;
            if let Some(host) = host {
                let _ = self.host.set(host.clone());
            }
        }
        self.endpoint.admit_path(parts)
    }
}

pub(super) struct Service(pub(super) Arc<Connection>);

/// Cancels a request when its client goes away before the answer.
#[derive(Default)]
pub(super) struct CancelOnDrop(pub(super) Option<Arc<call::Request>>);

impl CancelOnDrop {
    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(request) = self.0.take() {
            let stopping = request.engine.is_stopping();
            request.cancel(if stopping { CancelReason::Stopping } else { CancelReason::Disconnected });
        }
    }
}

/// A reply that is on its way.
pub(super) struct Pending {
    pub(super) reply: Arc<Reply>,
    /// The session that the request belongs to; none for those of 2026-07-28.
    pub(super) session: Option<InUse>,
    pub(super) cancel: CancelOnDrop,
    pub(super) is_batch: bool,
}

/// What becomes of a request once it was looked at.
pub(super) enum Routed {
    Response(HttpResponse),
    Pending(Pending),
    Takeover(Carried),
}

enum State {
    Reading { parts: Box<Parts>, body: Incoming, first: Option<Bytes>, rest: Option<BytesMut> },
    Waiting(Pending),
    Done(Option<HttpResponse>),
    TakenOver,
}

pub(super) struct Exchange {
    connection: Arc<Connection>,
    /// The headers of a request from a browser, which its response has to answer to.
    browser: Option<HeaderMap>,
    version: Version,
    state: State,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = Exchange;

    fn call(&self, request: Request<Incoming>) -> Exchange {
        let (parts, body) = request.into_parts();
        let connection = &self.0;
        connection.activity.enter(Phase::Body);
        let endpoint = &connection.endpoint;
        let mut exchange = Exchange {
            connection: Arc::clone(connection),
            browser: None,
            version: parts.version,
            state: State::TakenOver,
        };
        exchange.state = match connection.admit(&parts) {
            Err(refusal) => State::Done(Some(respond::refusal(&refusal))),
            Ok(()) => {
                if parts.headers.contains_key(ORIGIN) {
                    exchange.browser = Some(parts.headers.clone());
                }
                if parts.method == Method::POST {
                    match endpoint.admit_body(&parts.headers, body.size_hint().upper()) {
                        Ok(()) => State::Reading { parts: Box::new(parts), body, first: None, rest: None },
                        Err(refusal) => State::Done(Some(respond::refusal(&refusal))),
                    }
                } else {
                    exchange.routed(endpoint.without_body(&parts))
                }
            }
        };
        exchange
    }
}

impl Exchange {
    fn routed(&self, routed: Routed) -> State {
        match routed {
            Routed::Response(response) => State::Done(Some(response)),
            Routed::Pending(pending) => State::Waiting(pending),
            Routed::Takeover(mut carried) => {
                if let Some(request) = &self.browser {
                    carried.allow_origin(request);
                }
                if self.version < Version::HTTP_11 {
                    carried.without_chunks();
                }
                *self.connection.takeover.lock().unwrap_or_else(PoisonError::into_inner) = Some(carried);
                self.connection.activity.enter(Phase::TakenOver);
                State::TakenOver
            }
        }
    }

    /// Reads on. Gives the next state when the body is there, or cannot be had.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<State> {
        let State::Reading { parts, body, first, rest } = &mut self.state else {
            unreachable!("only while reading")
        };
        let endpoint = &self.connection.endpoint;
        let limit = endpoint.body_limit();
        while let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(cx)) {
            let Ok(frame) = frame else {
                let refusal = Refusal::new(StatusCode::BAD_REQUEST, "the body ended before it was whole");
                return Poll::Ready(State::Done(Some(respond::refusal(&refusal))));
            };
            let Ok(data) = frame.into_data() else { continue };
            match (&mut *first, &mut *rest) {
                // Nearly every body comes in one piece, and is used where it lies.
                (None, None) => *first = Some(data),
                (_, Some(all)) => all.extend_from_slice(&data),
                (Some(one), None) => {
                    let mut all = BytesMut::with_capacity(2 * (one.len() + data.len()));
                    all.extend_from_slice(one);
                    all.extend_from_slice(&data);
                    *rest = Some(all);
                }
            }
            let length = rest.as_ref().map_or_else(|| first.as_ref().map_or(0, Bytes::len), BytesMut::len);
            if length as u64 > limit {
                return Poll::Ready(State::Done(Some(respond::refusal(&endpoint.too_large()))));
            }
            if body.is_end_stream() {
                break;
            }
        }
        let bytes = match rest.take() {
            Some(all) => all.freeze(),
            None => first.take().unwrap_or_default(),
        };
        self.connection.activity.enter(Phase::Serving);
        let routed = endpoint.post(parts, &bytes);
        Poll::Ready(self.routed(routed))
    }

    fn respond(&self, pending: Pending, ready: Ready) -> HttpResponse {
        let Pending { session, mut cancel, is_batch, .. } = pending;
        match ready {
            Ready::Answers(first, more) => {
                cancel.disarm();
                if is_batch { respond::batch(first, more) } else { respond::answer(first, session.is_none()) }
            }
            Ready::Stream(stream) => {
                let source = Source { reader: stream.read(), subscription: None };
                let mut first = Vec::new();
                let revision = session.as_ref().map_or(Revision::V2026_07_28, |used| used.session().revision);
                source.prime(&mut first, revision, self.connection.endpoint.retry());
                let connection = Arc::clone(&self.connection);
                respond::stream(SseBody::new(source, first, cancel, session, connection))
            }
        }
    }
}

impl Future for Exchange {
    type Output = Result<HttpResponse, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut response = loop {
            match &mut this.state {
                State::Reading { .. } => this.state = ready!(this.poll_body(cx)),
                State::Waiting(pending) => {
                    let ready = ready!(pending.reply.poll(cx));
                    let State::Waiting(pending) = std::mem::replace(&mut this.state, State::TakenOver) else {
                        unreachable!("matched above")
                    };
                    break this.respond(pending, ready);
                }
                State::Done(response) => break response.take().expect("polled after it was done"),
                State::TakenOver => return Poll::Pending,
            }
        };
        if let Some(request) = &this.browser {
            respond::allow_origin(response.headers_mut(), request);
        }
        if matches!(response.body(), respond::ReplyBody::Full(_)) {
            this.connection.activity.enter(Phase::Idle);
        }
        Poll::Ready(Ok(response))
    }
}
