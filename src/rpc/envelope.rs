//! Tells apart what a body holds: requests, notifications, responses and batches of JSON-RPC 2.0.

use serde_json::value::RawValue;

use super::{
    Code, Failure,
    explain::{explain, not_json, parse_error, shorten},
    params::{Envelope, Params, Slot},
};

/// Bytes of a request id or a progress token. They are repeated in notifications, so they cannot be of any size.
const MAX_ID_BYTES: usize = 1024;

/// What a body holds.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    One(Message<'a>),
    /// The messages of a batch, each unread: one that is malformed does not spoil the others.
    Batch(Vec<&'a str>),
}

/// One JSON-RPC message.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Request { id: &'a str, method: &'a str, params: &'a Params<'a> },
    Notification { method: &'a str, params: &'a Params<'a> },
    Response { id: &'a str, answer: Result<&'a str, &'a str> },
}

/// A message that cannot be served, and the id to answer to, where it could be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) id: Option<String>,
    pub(crate) failure: Failure,
}

/// The text of a body.
pub(crate) fn text(body: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(body).map_err(|error| {
        parse_error(format!("the body is not UTF-8 from byte {} on; send UTF-8 JSON", error.valid_up_to()))
    })
}

/// Reads the text of a body. The slot is an empty place for a message.
pub(crate) fn read<'s, 'a: 's>(
    text: &'a str,
    max_depth: u64,
    slot: &'s mut Slot<'a>,
) -> Result<Body<'s>, Unreadable> {
    if deeper_than(text.as_bytes(), max_depth) {
        return Err(parse_error(format!(
            "the body is nested deeper than {max_depth} levels; send a flatter message"
        )));
    }
    if text.trim_start().starts_with('[') {
        let batch: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|error| parse_error(not_json(&error)))?;
        return Ok(Body::Batch(batch.into_iter().map(RawValue::get).collect()));
    }
    read_one(text, slot).map(Body::One)
}

/// Reads one message, of a body or of a batch. The slot is an empty place for it.
pub(crate) fn read_one<'s, 'a: 's>(text: &'a str, slot: &'s mut Slot<'a>) -> Result<Message<'s>, Unreadable> {
    if !text.trim_start().starts_with('{') {
        return Err(match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => Unreadable {
                id: None,
                failure: Failure::new(Code::INVALID_REQUEST, "a message has to be an object"),
            },
            Err(error) => parse_error(not_json(&error)),
        });
    }
    let envelope = slot.fill(text).map_err(|error| explain(text, &error))?;
    envelope.params.get_or_insert_default();
    classify(envelope)
}

fn classify<'s>(envelope: &'s Envelope<'_>) -> Result<Message<'s>, Unreadable> {
    let invalid = |id: Option<&str>, message: String| Unreadable {
        id: id.map(str::to_owned),
        failure: Failure::new(Code::INVALID_REQUEST, message),
    };
    let id = match envelope.id.map(|raw| check_id(raw.get(), "\"id\"")).transpose() {
        Ok(id) => id,
        Err(message) => return Err(invalid(None, message)),
    };
    match envelope.jsonrpc.as_deref() {
        Some("2.0") => {}
        Some(other) => return Err(invalid(id, format!("\"jsonrpc\" has to be \"2.0\", not {other:?}"))),
        None => return Err(invalid(id, "\"jsonrpc\": \"2.0\" is missing".into())),
    }
    let call = envelope.method.as_deref().zip(envelope.params.as_ref());
    match (id, call, envelope.result, envelope.error) {
        (Some(id), Some((method, params)), None, None) => Ok(Message::Request { id, method, params }),
        (None, Some((method, params)), None, None) => Ok(Message::Notification { method, params }),
        (Some(id), None, Some(result), None) => Ok(Message::Response { id, answer: Ok(result.get()) }),
        (Some(id), None, None, Some(error)) => Ok(Message::Response { id, answer: Err(error.get()) }),
        (id, ..) => Err(invalid(
            id,
            "a message has either \"method\" (request, notification) or \"id\" and one of \"result\" and \"error\" (response)".into(),
        )),
    }
}

/// Checks an id, or a progress token, which is of the same kind: MCP allows strings and integers, and no `null`.
pub(crate) fn check_id<'a>(raw: &'a str, what: &str) -> Result<&'a str, String> {
    if raw.len() > MAX_ID_BYTES {
        return Err(format!("{what} has {} bytes; at most {MAX_ID_BYTES} are taken", raw.len()));
    }
    let integer = raw.strip_prefix('-').unwrap_or(raw).bytes().all(|b| b.is_ascii_digit());
    if raw.starts_with('"') || integer {
        return Ok(raw);
    }
    Err(format!("{what} has to be a string or an integer, not {}", shorten(raw)))
}

/// Whether brackets nest deeper than `max`. Few bodies hold that many brackets at all, and counting is fast.
fn deeper_than(body: &[u8], max: u64) -> bool {
    // `[` and `{` differ in one bit. Sums of a byte each are what the compiler turns into vector instructions.
    let in_chunk = |chunk: &[u8]| chunk.iter().map(|&byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    let openings: u64 = body.chunks(128).map(|chunk| u64::from(in_chunk(chunk))).sum();
    if openings <= max {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0u64, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> (i64, Option<String>) {
        match read(body, 128, &mut Slot::default()) {
            Err(e) => (e.failure.code.0, e.id),
            Ok(Body::One(_)) => (0, None),
            Ok(Body::Batch(all)) => (all.len() as i64, None),
        }
    }

    #[test]
    fn malformed_bodies_get_the_code_of_their_fault() {
        let id = || Some("1".to_owned());
        let cases = [
            ("", -32700, None),
            ("{", -32700, None),
            ("nul", -32700, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":NaN}}"#, -32700, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":Infinity}}"#, -32700, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m"} x"#, -32700, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":5,"params":{"x":NaN}}"#, -32700, None),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method" "m"}"#, -32700, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"\ud800","params":{}}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":1e999}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"\ud800"}}"#, -32602, id()),
            ("5", -32600, None),
            ("{}", -32600, None),
            (r#"{"id":1,"method":"m"}"#, -32600, id()),
            (r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, -32600, id()),
            (r#"{"jsonrpc":2,"id":1,"method":"m"}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, -32600, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{},"params":{}}"#, -32600, None),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#, -32602, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#, -32602, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#, -32602, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":5}}"#, -32602, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":[]}}"#, -32602, id()),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":null}}"#, 0, None),
            (r#"{"jsonrpc":"2.0","id":"a","method":"m"}"#, 0, None),
            (r#"{"jsonrpc":"2.0","id":-7,"result":{}}"#, 0, None),
            ("[]", 0, None),
            ("[1,2]", 2, None),
        ];
        for (body, want, id) in cases {
            assert_eq!(code(body), (want, id), "{body}");
        }
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let nest = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(!deeper_than(nest(128).as_bytes(), 128));
        assert!(deeper_than(nest(129).as_bytes(), 128));
        assert!(!deeper_than(format!("\"{}\\\"[\"", "[".repeat(500)).as_bytes(), 128));
    }

    #[test]
    fn ids_are_bounded() {
        let body = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"m"}}"#, "x".repeat(2000));
        assert_eq!(code(&body), (-32600, None));
    }

    #[test]
    fn invalid_utf8_is_a_parse_error() {
        assert_eq!(text(b"{\"jsonrpc\":\"\xff\"}").unwrap_err().failure.code, Code::PARSE_ERROR);
    }
}
