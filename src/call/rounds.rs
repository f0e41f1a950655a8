//! The questions and answers of a call that asks its client (2026-07-28, Multi Round-Trip Requests).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{protocol::ClientCapability, rpc::Failure};

/// A question of this run that has no answer yet.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) key: String,
    pub(crate) method: String,
    /// JSON text of an object.
    pub(crate) params: Option<String>,
}

/// What a client replied to a question.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The result, as JSON text.
    Result(String),
    /// A JSON-RPC error (sessions era only).
    Error(Failure),
}

/// What a call knows of its earlier runs, and what this run asks.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    pub(crate) replies: BTreeMap<String, Reply>,
    /// What `remember` kept, as JSON text by key.
    pub(crate) memory: BTreeMap<String, String>,
    pub(crate) missing: Vec<Question>,
    /// A capability that a question of this run would have needed.
    pub(crate) lacking: Option<ClientCapability>,
}

/// Whether a reply is what its question asked for. One that is not is asked for again.
pub(crate) fn fits(method: &str, reply: &str) -> bool {
    #[derive(Deserialize)]
    struct Elicited<'a> {
        action: &'a str,
        #[serde(borrow, default)]
        content: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Sampled<'a> {
        role: &'a str,
        #[serde(borrow)]
        content: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Listed<'a> {
        #[serde(borrow)]
        roots: Vec<&'a RawValue>,
    }
    match method {
        "elicitation/create" => serde_json::from_str::<Elicited<'_>>(reply).is_ok_and(|e| {
            matches!(e.action, "accept" | "decline" | "cancel")
                && e.content.is_none_or(|c| c.get().starts_with('{'))
        }),
        "sampling/createMessage" => serde_json::from_str::<Sampled<'_>>(reply)
            .is_ok_and(|s| matches!(s.role, "user" | "assistant") && s.content.get().starts_with(['{', '['])),
        "roots/list" => serde_json::from_str::<Listed<'_>>(reply)
            .is_ok_and(|l| l.roots.iter().all(|root| root.get().starts_with('{'))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn replies_are_checked_against_their_question() {
        let cases = [
            ("elicitation/create", r#"{"action":"accept","content":{"name":"x"}}"#, true),
            ("elicitation/create", r#"{"action":"decline"}"#, true),
            ("elicitation/create", r#"{"action":"maybe"}"#, false),
            ("elicitation/create", r#"{"action":"accept","content":[]}"#, false),
            ("elicitation/create", "12345", false),
            (
                "sampling/createMessage",
                r#"{"role":"assistant","content":{"type":"text","text":"t"},"model":"m"}"#,
                true,
            ),
            ("sampling/createMessage", r#"{"role":"assistant"}"#, false),
            ("roots/list", r#"{"roots":[{"uri":"file:///x"}]}"#, true),
            ("roots/list", r#"{"roots":[1]}"#, false),
            ("tools/list", "{}", false),
        ];
        for (method, reply, want) in cases {
            assert_eq!(fits(method, reply), want, "{method} {reply}");
        }
    }
}
