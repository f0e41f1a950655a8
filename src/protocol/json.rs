//! JSON text that the host hands over.

use serde_json::value::RawValue;

use crate::error::{Error, Kind, Result};

/// Checks that a host's text is JSON, and takes it as one line without the white space around it. A line break in
/// JSON stands between its tokens only, and would end an event or a line of the transports.
pub(crate) fn value(json: &str, what: &str) -> Result<String> {
    serde_json::from_str::<&RawValue>(json)
        .map(|raw| raw.get().replace(['\n', '\r'], " "))
        .map_err(|error| Error::new(Kind::InvalidJson, format!("{what} is not JSON: {error}")))
}

/// The same for a JSON object.
pub(crate) fn object(json: &str, what: &str) -> Result<String> {
    let text = value(json, what)?;
    if text.starts_with('{') {
        return Ok(text);
    }
    Err(Error::new(
        Kind::InvalidJson,
        format!("{what} has to be a JSON object, not {}", text.chars().take(40).collect::<String>()),
    ))
}
