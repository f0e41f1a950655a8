//! `ask` and `once`: what a client answered in earlier rounds is brought back to the handler, and what it still
//! has to answer is put to it (2026-07-28, Multi Round-Trip Requests).

mod digest;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod seal;

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use digest::digest_request;
pub(crate) use seal::SealKey;
use seal::{Claims, Expect};

use crate::{
    call::{CallKind, Reply, Request, Rounds},
    config::Limits,
    error::{Error, Kind, Result},
    protocol::result::Frame,
    rpc::{Code, Failure, write_string},
};

/// A thousand years: longer than any state lives, and no sum with it overflows.
const MOST_MS: u64 = 1000 * 365 * 24 * 3600 * 1000;

/// What `requestState` holds inside its seal.
#[derive(Default, Deserialize, Serialize)]
struct State {
    #[serde(default)]
    replies: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    memory: BTreeMap<String, Box<RawValue>>,
}

/// What a retried request brings along.
pub(crate) struct Brought<'a> {
    pub(crate) kind: CallKind,
    /// The tool or prompt, or the URI that is read.
    pub(crate) name: &'a str,
    pub(crate) arguments: Option<&'a str>,
    pub(crate) principal: Option<&'a str>,
    /// JSON text.
    pub(crate) responses: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
}

/// The rounds of calls of the revision without sessions.
pub(crate) struct Input {
    key: SealKey,
    state_bytes: usize,
    state_lifetime_ms: u64,
}

impl Input {
    pub(crate) fn new(key: Option<[u8; 32]>, limits: &Limits) -> Result<Self> {
        Ok(Self {
            key: match key {
                Some(bytes) => SealKey::new(&bytes),
                None => SealKey::random()?,
            },
            state_bytes: usize::try_from(limits.request_state_bytes).unwrap_or(usize::MAX),
            state_lifetime_ms: limits.request_state_ms.min(MOST_MS),
        })
    }

    /// Opens what a request brings along. Most bring nothing.
    pub(crate) fn open(&self, brought: &Brought<'_>) -> std::result::Result<Option<Box<Rounds>>, Failure> {
        if brought.responses.is_none() && brought.state.is_none() {
            return Ok(None);
        }
        let invalid = |message: String| Failure::new(Code::INVALID_PARAMS, message);
        let mut rounds = Box::<Rounds>::default();
        if let Some(sealed) = brought.state {
            let expect = Expect {
                principal: brought.principal,
                digest: digest_request(method(brought.kind), brought.name, brought.arguments),
                now: now(),
            };
            let payload = self
                .key
                .open(sealed, &expect, self.state_bytes)
                .map_err(|error| invalid(error.to_string()))?;
            let state: State = serde_json::from_slice(&payload).map_err(|_| {
                invalid(
                    "requestState was refused: it cannot be read; send the request again without it".into(),
                )
            })?;
            let text = |raw: Box<RawValue>| String::from(Box::<str>::from(raw));
            rounds.replies =
                state.replies.into_iter().map(|(key, raw)| (key, Reply::Result(text(raw)))).collect();
            rounds.memory = state.memory.into_iter().map(|(key, raw)| (key, text(raw))).collect();
        }
        if let Some(responses) = brought.responses {
            let responses: BTreeMap<String, &RawValue> =
                serde_json::from_str(responses).map_err(|error| {
                    invalid(format!("inputResponses has to be an object of responses by key: {error}"))
                })?;
            for (key, response) in responses {
                rounds.replies.insert(key, Reply::Result(response.get().to_owned()));
            }
        }
        Ok(Some(rounds))
    }

    /// The response that asks for what is missing.
    pub(crate) fn required(&self, request: &Request, rounds: &Rounds, frame: &Frame) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(request.id().as_bytes());
        out.extend_from_slice(b",\"result\":{\"resultType\":\"input_required\",\"_meta\":");
        frame.write_meta(&mut out, request.revision, None);
        out.extend_from_slice(b",\"inputRequests\":{");
        for (i, question) in rounds.missing.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_string(&mut out, &question.key);
            out.extend_from_slice(b":{\"method\":");
            write_string(&mut out, &question.method);
            out.extend_from_slice(b",\"params\":");
            out.extend_from_slice(question.params.as_deref().unwrap_or("{}").as_bytes());
            out.push(b'}');
        }
        out.extend_from_slice(b"},\"requestState\":");
        write_string(&mut out, &self.seal(request, rounds)?);
        Frame::end(&mut out);
        Ok(out)
    }

    fn seal(&self, request: &Request, rounds: &Rounds) -> Result<String> {
        let raw = |json: &str| {
            RawValue::from_string(json.to_owned())
                .map_err(|error| Error::new(Kind::Internal, "an answer is not JSON").with_source(error))
        };
        let mut state = State::default();
        for (key, reply) in &rounds.replies {
            if let Reply::Result(json) = reply {
                state.replies.insert(key.clone(), raw(json)?);
            }
        }
        for (key, json) in &rounds.memory {
            state.memory.insert(key.clone(), raw(json)?);
        }
        let payload = serde_json::to_vec(&state).map_err(|error| {
            Error::new(Kind::Internal, "the state of a call cannot be written").with_source(error)
        })?;
        let subject = &request.subject;
        let claims = Claims {
            expires: now() + self.state_lifetime_ms,
            principal: request.principal.as_deref().map(|principal| principal.subject.as_str()),
            digest: digest_request(
                method(subject.kind),
                request.uri.as_deref().unwrap_or(&subject.name),
                request.arguments(),
            ),
        };
        self.key.seal(&claims, &payload, self.state_bytes)
    }
}

/// The parameters of a URL elicitation with the `elicitationId` that only 2025-11-25 wants; `None` where there is
/// nothing to add.
pub(crate) fn with_elicitation_id(
    method: &str,
    params: Option<&str>,
    id: impl FnOnce() -> String,
) -> Option<String> {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(default)]
        mode: Option<&'a str>,
        #[serde(default, rename = "elicitationId")]
        elicitation_id: Option<serde::de::IgnoredAny>,
    }
    let params = params.filter(|_| method == "elicitation/create")?;
    let parsed: Params<'_> = serde_json::from_str(params).ok()?;
    if parsed.mode != Some("url") || parsed.elicitation_id.is_some() {
        return None;
    }
    let rest = params.trim_start().strip_prefix('{')?;
    Some(format!("{{\"elicitationId\":\"{}\",{rest}", id()))
}

const fn method(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Tool => "tools/call",
        CallKind::Resource => "resources/read",
        CallKind::Prompt => "prompts/get",
        CallKind::Completion => "completion/complete",
    }
}

/// The present time, in milliseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
