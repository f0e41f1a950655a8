//! Says why a text is no message: the slow path, of what is refused anyway.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{
    Code, Failure,
    envelope::{Unreadable, check_id},
    params::read_params,
};

/// A message, read as far as it can be read.
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

pub(super) fn parse_error(message: String) -> Unreadable {
    Unreadable { id: None, failure: Failure::new(Code::PARSE_ERROR, message) }
}

/// Looks again at a text that could not be read.
pub(super) fn explain(text: &str, error: &serde_json::Error) -> Unreadable {
    // JSON is what has its grammar: numbers that nothing holds, and halves of surrogate pairs, are a fault of the
    // message.
    if let Err(error) = serde_json::from_str::<&RawValue>(text) {
        return parse_error(not_json(&error));
    }
    let invalid = |id: Option<&str>, message: String| Unreadable {
        id: id.map(str::to_owned),
        failure: Failure::new(Code::INVALID_REQUEST, message),
    };
    let loose = match serde_json::from_str::<Loose<'_>>(text) {
        Ok(loose) => loose,
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
        (_, Some(_), Some(params)) => match read_params(params.get()) {
            Err(why) => Unreadable {
                id: id.map(str::to_owned),
                failure: Failure::new(Code::INVALID_PARAMS, format!("\"params\" cannot be read: {why}")),
            },
            Ok(()) => invalid(id, format!("the body is no JSON-RPC message: {error}")),
        },
        _ => invalid(id, format!("the body is no JSON-RPC message: {error}")),
    }
}

pub(super) fn not_json(error: &serde_json::Error) -> String {
    format!("the body is not JSON: {error}")
}

pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
