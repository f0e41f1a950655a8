//! Writes JSON-RPC messages, each once and into its final buffer.

use bytes::Bytes;

use super::Code;

/// An error to answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// JSON text.
    pub(crate) data: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn with_data(mut self, json: impl Into<String>) -> Self {
        self.data = Some(json.into());
        self
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing to memory does not fail");
}

/// Characters of the message of a refusal.
const REFUSAL_CHARS: usize = 500;

/// An error response of the engine's own. Its message may quote what the client sent, whatever the size of that, and
/// is cut.
pub(crate) fn refusal_response(id: Option<&str>, failure: &Failure) -> Vec<u8> {
    let end = match failure.message.len() {
        0..=REFUSAL_CHARS => None,
        _ => failure.message.char_indices().nth(REFUSAL_CHARS),
    };
    match end {
        None => error_response(id, failure),
        Some((end, _)) => {
            let message = format!("{}…", &failure.message[..end]);
            error_response(id, &Failure { message, ..failure.clone() })
        }
    }
}

/// An error response. Without an id (it could not be read) the member is left out, as MCP has it.
pub(crate) fn error_response(id: Option<&str>, failure: &Failure) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(128 + failure.message.len() + failure.data.as_ref().map_or(0, String::len));
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
    if let Some(id) = id {
        out.extend_from_slice(b"\"id\":");
        out.extend_from_slice(id.as_bytes());
        out.push(b',');
    }
    out.extend_from_slice(b"\"error\":{\"code\":");
    out.extend_from_slice(failure.code.0.to_string().as_bytes());
    out.extend_from_slice(b",\"message\":");
    write_string(&mut out, &failure.message);
    if let Some(data) = &failure.data {
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(data.as_bytes());
    }
    out.extend_from_slice(b"}}");
    out
}

/// A notification; `params` is JSON text.
pub(crate) fn notification(method: &str, params: Option<&str>) -> Bytes {
    message(None, method, params)
}

/// A request from the server to a client (sessions era); `params` is JSON text.
pub(crate) fn request(id: u64, method: &str, params: Option<&str>) -> Bytes {
    message(Some(id), method, params)
}

fn message(id: Option<u64>, method: &str, params: Option<&str>) -> Bytes {
    let mut out = Vec::with_capacity(64 + method.len() + params.map_or(0, str::len));
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
    if let Some(id) = id {
        out.extend_from_slice(format!("\"id\":{id},").as_bytes());
    }
    out.extend_from_slice(b"\"method\":");
    write_string(&mut out, method);
    if let Some(params) = params {
        out.extend_from_slice(b",\"params\":");
        out.extend_from_slice(params.as_bytes());
    }
    out.push(b'}');
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_whole() {
        let failure = Failure::new(Code::INVALID_PARAMS, "no \"x\"").with_data("{\"a\":1}");
        let cases: [(Vec<u8>, &str); 4] = [
            (
                error_response(Some("1"), &failure),
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no \"x\"","data":{"a":1}}}"#,
            ),
            (
                error_response(None, &Failure::new(Code::PARSE_ERROR, "bad")),
                r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"bad"}}"#,
            ),
            (notification("n", None).to_vec(), r#"{"jsonrpc":"2.0","method":"n"}"#),
            (request(7, "m", Some("{}")).to_vec(), r#"{"jsonrpc":"2.0","id":7,"method":"m","params":{}}"#),
        ];
        for (got, want) in cases {
            assert_eq!(String::from_utf8(got).unwrap(), want);
        }
    }
}
