//! Fuzzing: values of headers that mirror the body.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::header::decode;

/// Decodes the value of a header.
pub fn value(bytes: &[u8]) {
    let Ok(text) = decode(bytes) else { return };
    assert!(text.len() <= bytes.len());
    let encoded = format!("=?base64?{}?=", STANDARD.encode(text.as_bytes()));
    assert_eq!(decode(encoded.as_bytes()).as_deref(), Ok(&*text), "what is encoded again says the same");
}
