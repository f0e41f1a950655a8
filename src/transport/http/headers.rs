//! Names of MCP's own headers, and the checks of those that mirror the body (2026-07-28, Streamable HTTP
//! "Request Metadata").

use http::{HeaderMap, HeaderName};

use super::guard::{Refusal, single, text};
use crate::{
    call::Answer,
    dispatch::refuse,
    protocol::header,
    rpc::{Code, Failure, Params},
};

pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const NAME: HeaderName = HeaderName::from_static("mcp-name");
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The revision that a request names in its header.
pub(super) fn version(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    single(headers, &PROTOCOL_VERSION)?.map(|value| text(value, "MCP-Protocol-Version")).transpose()
}

/// Checks that the headers of a request of 2026-07-28 say what its body says.
pub(super) fn check_mirrors(
    headers: &HeaderMap,
    version: Option<&str>,
    id: &str,
    method: &str,
    params: &Params<'_>,
) -> Result<(), Answer> {
    mirrors(headers, version, method, params).map_err(|message| {
        refuse(Some(id), &Failure::new(Code::HEADER_MISMATCH, format!("Header mismatch: {message}")))
    })
}

fn mirrors(
    headers: &HeaderMap,
    version: Option<&str>,
    method: &str,
    params: &Params<'_>,
) -> Result<(), String> {
    let Some(version) = version else {
        return Err("MCP-Protocol-Version is missing; send the revision of the request".into());
    };
    if let Some(body) = params.meta.as_ref().and_then(|meta| meta.protocol_version.as_deref())
        && body != version
    {
        return Err(format!("MCP-Protocol-Version is {version:?}, and the body says {body:?}"));
    }
    match one(headers, &METHOD)? {
        None => return Err(format!("Mcp-Method is missing; send {method:?}")),
        Some(value) if value.as_bytes() != method.as_bytes() => {
            return Err(format!("Mcp-Method is {value:?}, and the body says {method:?}"));
        }
        Some(_) => {}
    }
    let body = match method {
        "tools/call" | "prompts/get" => params.name.as_deref(),
        "resources/read" => params.uri.as_deref(),
        _ => return Ok(()),
    };
    match (one(headers, &NAME)?, body) {
        (None, Some(body)) => Err(format!("Mcp-Name is missing; send {body:?}")),
        (Some(value), body) => {
            let name = header::decode(value.as_bytes()).map_err(|error| format!("Mcp-Name: {error}"))?;
            match body {
                Some(body) if body == name => Ok(()),
                Some(body) => Err(format!("Mcp-Name is {name:?}, and the body says {body:?}")),
                // The body is at fault, and is refused for that.
                None => Ok(()),
            }
        }
        (None, None) => Ok(()),
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a http::HeaderValue>, String> {
    single(headers, name).map_err(|refusal| refusal.message)
}
