//! Fuzzing: bytes of a body to messages and errors.

use serde_json::value::RawValue;

use super::{Body, Code, Message, Params, Slot, Unreadable, read, read_one, refusal_response, text};

const MAX_DEPTH: u64 = 128;

/// Reads a body and everything in it.
pub fn envelope(body: &[u8]) {
    let text = match text(body) {
        Ok(text) => text,
        Err(unreadable) => return refusal(&unreadable, None),
    };
    match read(text, MAX_DEPTH, &mut Slot::default()) {
        Ok(Body::One(found)) => message(text, &found),
        Ok(Body::Batch(messages)) => {
            json(text);
            for text in messages {
                one(text);
            }
        }
        Err(unreadable) => refusal(&unreadable, Some(text)),
    }
}

fn one(text: &str) {
    match read_one(text, &mut Slot::default()) {
        Ok(found) => message(text, &found),
        Err(unreadable) => refusal(&unreadable, Some(text)),
    }
}

fn json(text: &str) {
    serde_json::from_str::<&RawValue>(text)
        .unwrap_or_else(|error| panic!("no JSON was taken: {error}: {text}"));
}

/// What is taken for a message is one.
fn message(text: &str, message: &Message<'_>) {
    json(text);
    let (id, value) = match message {
        Message::Request { id, params: found, .. } => {
            params(found);
            (Some(*id), None)
        }
        Message::Notification { params: found, .. } => {
            params(found);
            (None, None)
        }
        Message::Response { id, answer } => (Some(*id), Some(answer.unwrap_or_else(|error| error))),
    };
    id.into_iter().chain(value).for_each(json);
    // Where a reader of another make reads it at all, it reads the same.
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) else { return };
    assert_eq!(members["jsonrpc"], "2.0", "{text}");
    let same_id =
        |id: &str| serde_json::from_str::<serde_json::Value>(id).is_ok_and(|id| members["id"] == id);
    match message {
        Message::Request { id, method, .. } => assert!(members["method"] == *method && same_id(id), "{text}"),
        Message::Notification { method, .. } => {
            assert!(members["method"] == *method && !members.contains_key("id"), "{text}");
        }
        Message::Response { id, answer } => {
            let name = if answer.is_ok() { "result" } else { "error" };
            assert!(members.contains_key(name) && !members.contains_key("method") && same_id(id), "{text}");
        }
    }
}

fn params(params: &Params<'_>) {
    let raw = [
        params.arguments,
        params.reference,
        params.argument,
        params.notifications,
        params.capabilities,
        params.client_info,
        params.request_id,
        params.input_responses,
    ];
    let meta =
        params.meta.iter().flat_map(|meta| [meta.client_info, meta.client_capabilities, meta.progress_token]);
    for raw in raw.into_iter().chain(meta).flatten() {
        json(raw.get());
        assert!(!raw.get().starts_with([' ', '\t', '\r', '\n']), "a value begins at its first byte");
    }
}

/// An error has the code of its fault, and can be answered with.
fn refusal(unreadable: &Unreadable, text: Option<&str>) {
    let known = [Code::PARSE_ERROR, Code::INVALID_REQUEST, Code::INVALID_PARAMS];
    assert!(known.contains(&unreadable.failure.code));
    let response = refusal_response(unreadable.id.as_deref(), &unreadable.failure);
    json(std::str::from_utf8(&response).expect("UTF-8 is answered"));
    assert!(response.len() < 8192, "a refusal of {} bytes", response.len());
    let Some(text) = text else { return };
    let read = serde_json::from_str::<&RawValue>(text);
    if unreadable.failure.code == Code::PARSE_ERROR {
        // A text that is JSON is refused for its depth.
        let openings = text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() as u64;
        assert!(read.is_err() || openings > MAX_DEPTH, "{text}");
    } else {
        assert!(read.is_ok(), "{text}");
    }
}
