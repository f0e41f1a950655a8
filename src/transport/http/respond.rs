//! Turns answers and refusals into HTTP responses.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW,
        CACHE_CONTROL, CONTENT_TYPE, ORIGIN, VARY,
    },
};
use http_body::{Body, Frame, SizeHint};

use super::{guard::Refusal, sse::SseBody};
use crate::{
    call::Answer,
    rpc::{Code, Failure, refusal_response},
};

/// The body of a response.
pub(super) enum ReplyBody {
    Full(Option<Bytes>),
    Stream(Box<SseBody>),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => stream.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

pub(super) type HttpResponse = Response<ReplyBody>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) fn json(status: StatusCode, bytes: Vec<u8>) -> HttpResponse {
    let mut response = Response::new(ReplyBody::Full(Some(bytes.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> HttpResponse {
    let mut response = Response::new(ReplyBody::Full(None));
    *response.status_mut() = status;
    response
}

/// The answer to one request. `modern` for those of 2026-07-28, whose errors have statuses of their own.
pub(super) fn answer(answer: Answer, modern: bool) -> HttpResponse {
    let status = match answer.code {
        Some(Code::METHOD_NOT_FOUND) if modern => StatusCode::NOT_FOUND,
        Some(Code::MISSING_CLIENT_CAPABILITY) => StatusCode::BAD_REQUEST,
        Some(_) if answer.refused => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    match answer.bytes {
        Some(bytes) => json(status, bytes),
        None => no_answer(),
    }
}

/// A cancelled request gets no response: a stream that ends at once has none.
fn no_answer() -> HttpResponse {
    let mut response = empty(StatusCode::OK);
    stream_headers(response.headers_mut());
    response
}

/// The answers to a batch.
pub(super) fn batch(first: Answer, more: Vec<Answer>) -> HttpResponse {
    let mut out = b"[".to_vec();
    for bytes in std::iter::once(first).chain(more).filter_map(|answer| answer.bytes) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(&bytes);
    }
    if out.len() == 1 {
        return no_answer();
    }
    out.push(b']');
    json(StatusCode::OK, out)
}

/// A refusal of a request that was not read, or not as a message.
pub(super) fn refusal(refusal: &Refusal) -> HttpResponse {
    let failure = Failure::new(Code::INVALID_REQUEST, refusal.message.clone());
    json(refusal.status, refusal_response(None, &failure))
}

pub(super) fn stream(body: Box<SseBody>) -> HttpResponse {
    let mut response = Response::new(ReplyBody::Stream(body));
    stream_headers(response.headers_mut());
    response
}

pub(super) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
pub(super) const ACCEL_BUFFERING: (&str, HeaderValue) = ("x-accel-buffering", HeaderValue::from_static("no"));
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache, no-transform");

fn stream_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, EVENT_STREAM);
    headers.insert(CACHE_CONTROL, NO_CACHE);
    headers.insert(ACCEL_BUFFERING.0, ACCEL_BUFFERING.1);
}

pub(super) const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");

pub(super) fn method_not_allowed(allow: HeaderValue, message: &str) -> HttpResponse {
    let mut response = refusal(&Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message));
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// The answer to a preflight of a browser whose origin was let in. It may send whatever headers it asks for: which
/// `Mcp-Param-*` there are is up to the tools.
pub(super) fn preflight(request: &HeaderMap) -> HttpResponse {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Lets the page of an origin that was let in read the response.
pub(super) fn allow_origin(response: &mut HeaderMap, request: &HeaderMap) {
    if let Some(origin) = request.get(ORIGIN) {
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("mcp-session-id"));
        response.insert(VARY, HeaderValue::from_static("origin"));
    }
}
