//! Reads a JSON-RPC message in one pass, borrowing from the bytes it came in.
//!
//! The parameters of all MCP methods are one struct: reading them at once, rather than as a raw value that is
//! read again, is what keeps a call close to the cost of its bytes. What does not fit is read a second time,
//! slowly, to say exactly what is wrong with it.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{error::Category, value::RawValue};

use super::{Code, Failure};

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
    Request { id: &'a str, method: Cow<'a, str>, params: Params<'a> },
    Notification { method: Cow<'a, str>, params: Params<'a> },
    Response { id: &'a str, answer: std::result::Result<&'a str, &'a str> },
}

/// A message that cannot be served, and the id to answer to, where it could be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) id: Option<String>,
    pub(crate) failure: Failure,
}

/// The parameters of every method. Members of the wrong type are refused, unknown ones are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Params<'a> {
    #[serde(borrow, default)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) uri: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) arguments: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) cursor: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) level: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) r#ref: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) argument: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) notifications: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) protocol_version: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) capabilities: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) client_info: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) request_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) reason: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(crate) input_responses: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) request_state: Option<Str<'a>>,
    #[serde(borrow, default, rename = "_meta", deserialize_with = "object")]
    pub(crate) meta: Option<RequestMeta<'a>>,
}

/// The members of `_meta` that the protocol reserves.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RequestMeta<'a> {
    #[serde(borrow, default, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(crate) protocol_version: Option<Str<'a>>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientInfo")]
    pub(crate) client_info: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientCapabilities")]
    pub(crate) client_capabilities: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/logLevel")]
    pub(crate) log_level: Option<Str<'a>>,
    #[serde(borrow, default, rename = "progressToken")]
    pub(crate) progress_token: Option<&'a RawValue>,
}

/// A string that is borrowed unless it holds escapes. (`Option<Cow<str>>` would always be copied by serde.)
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl std::ops::Deref for Str<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(v)))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Str<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Str<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    params: Option<Params<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// The same, read as far as it can be read.
#[derive(Deserialize)]
struct Loose<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

/// Keeps a `null` apart from a member that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Takes an object or `null`. A derived struct would take an array as well, member by member.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Object(PhantomData))
}

fn parse_error(message: String) -> Unreadable {
    Unreadable { id: None, failure: Failure::new(Code::PARSE_ERROR, message) }
}

/// The text of a body.
pub(crate) fn text(body: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(body).map_err(|error| {
        parse_error(format!("the body is not UTF-8 from byte {} on; send UTF-8 JSON", error.valid_up_to()))
    })
}

/// Reads the text of a body.
pub(crate) fn read(text: &str, max_depth: u64) -> Result<Body<'_>, Unreadable> {
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
    read_one(text).map(Body::One)
}

/// Reads one message, of a body or of a batch.
pub(crate) fn read_one(text: &str) -> Result<Message<'_>, Unreadable> {
    if !text.trim_start().starts_with('{') {
        return Err(match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => Unreadable {
                id: None,
                failure: Failure::new(Code::INVALID_REQUEST, "a message has to be an object"),
            },
            Err(error) => parse_error(not_json(&error)),
        });
    }
    match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(envelope) => classify(envelope),
        Err(error) => Err(explain(text, &error)),
    }
}

fn classify(envelope: Envelope<'_>) -> Result<Message<'_>, Unreadable> {
    let invalid = |id: Option<&str>, message: String| Unreadable {
        id: id.map(str::to_owned),
        failure: Failure::new(Code::INVALID_REQUEST, message),
    };
    let id = match envelope.id.map(|raw| check_id(raw.get(), "\"id\"")).transpose() {
        Ok(id) => id,
        Err(message) => return Err(invalid(None, message)),
    };
    if &*envelope.jsonrpc != "2.0" {
        return Err(invalid(id, format!("\"jsonrpc\" has to be \"2.0\", not {:?}", &*envelope.jsonrpc)));
    }
    let params = envelope.params.unwrap_or_default();
    match (id, envelope.method, envelope.result, envelope.error) {
        (Some(id), Some(method), None, None) => Ok(Message::Request { id, method: method.0, params }),
        (None, Some(method), None, None) => Ok(Message::Notification { method: method.0, params }),
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

/// Says why a text is no message: the slow path of what is refused anyway.
fn explain(text: &str, error: &serde_json::Error) -> Unreadable {
    if matches!(error.classify(), Category::Syntax | Category::Eof | Category::Io) {
        return parse_error(not_json(error));
    }
    let invalid = |id: Option<&str>, message: String| Unreadable {
        id: id.map(str::to_owned),
        failure: Failure::new(Code::INVALID_REQUEST, message),
    };
    let loose = match serde_json::from_str::<Loose<'_>>(text) {
        Ok(loose) => loose,
        // A text whose fault comes after the first member of a wrong type is no JSON at all.
        Err(error) if error.classify() != Category::Data => {
            return parse_error(not_json(&error));
        }
        Err(error) => return invalid(None, format!("the body is no JSON-RPC message: {error}")),
    };
    let id = match loose.id.map(|raw| check_id(raw.get(), "\"id\"")).transpose() {
        Ok(id) => id,
        Err(message) => return invalid(None, message),
    };
    match (loose.jsonrpc.map(RawValue::get), loose.method.map(RawValue::get), loose.params) {
        (None, ..) => invalid(id, "\"jsonrpc\": \"2.0\" is missing".into()),
        (Some(version), ..) if version != "\"2.0\"" => {
            invalid(id, format!("\"jsonrpc\" has to be \"2.0\", not {}", shorten(version)))
        }
        (_, Some(method), _) if !method.starts_with('"') => {
            invalid(id, format!("\"method\" has to be a string, not {}", shorten(method)))
        }
        (_, Some(_), Some(params)) if !params.get().starts_with('{') => Unreadable {
            id: id.map(str::to_owned),
            failure: Failure::new(
                Code::INVALID_PARAMS,
                "\"params\" has to be an object, as every method of MCP has it",
            ),
        },
        (_, Some(_), Some(params)) => {
            let why = serde_json::from_str::<Params<'_>>(params.get())
                .err()
                .map_or(error.to_string(), |e| e.to_string());
            Unreadable {
                id: id.map(str::to_owned),
                failure: Failure::new(Code::INVALID_PARAMS, format!("\"params\" cannot be read: {why}")),
            }
        }
        _ => invalid(id, format!("the body is no JSON-RPC message: {error}")),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("the body is not JSON: {error}")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether brackets nest deeper than `max`. Few bodies hold that many brackets at all, and counting is fast.
fn deeper_than(body: &[u8], max: u64) -> bool {
    let openings = body.iter().filter(|&&b| b == b'{' || b == b'[').count() as u64;
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
        match read(body, 128) {
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
