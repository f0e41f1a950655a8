//! Reads a header value that mirrors a member of the body: `Mcp-Name` and `Mcp-Param-*`
//! (2026-07-28, Streamable HTTP, "Value Encoding").

use std::{borrow::Cow, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};

const PREFIX: &[u8] = b"=?base64?";
const SUFFIX: &[u8] = b"?=";

/// Why a header value cannot be read. The message fits behind the name of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadValue {
    /// A byte that the specification keeps out of literal values.
    Character(u8),
    /// What stands between the markers is not padded standard Base64.
    Base64,
    /// The decoded bytes are not UTF-8.
    Utf8,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(byte) => write!(
                f,
                "holds the byte 0x{byte:02x}; send anything but visible ASCII, space and tab as =?base64?...?="
            ),
            Self::Base64 => f.write_str(
                "is not padded standard Base64 between =?base64? and ?=; encode the UTF-8 text again",
            ),
            Self::Utf8 => f.write_str("decodes to bytes that are not UTF-8; encode the UTF-8 text"),
        }
    }
}

/// The text that a header value stands for. A literal is borrowed.
pub(crate) fn decode(value: &[u8]) -> Result<Cow<'_, str>, BadValue> {
    let value = trim(value);
    // Both markers of `=?base64?=` would share its `?`: too short for the pattern, so a literal.
    if let Some(encoded) = value.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)) {
        let bytes = STANDARD.decode(encoded).map_err(|_| BadValue::Base64)?;
        return String::from_utf8(bytes).map(Cow::Owned).map_err(|_| BadValue::Utf8);
    }
    if let Some(&byte) = value.iter().find(|byte| !matches!(byte, b' '..=b'~' | b'\t')) {
        return Err(BadValue::Character(byte));
    }
    std::str::from_utf8(value).map(Cow::Borrowed).map_err(|_| BadValue::Utf8)
}

/// Takes off optional whitespace as RFC 9110 has it: spaces and tabs, nothing else.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_decode_to_their_text() {
        let cases: [(&[u8], &str); 17] = [
            (b"us-west1", "us-west1"),
            (b" \tus west1\t ", "us west1"),
            (b"a\tb", "a\tb"),
            (b"", ""),
            (b"   ", ""),
            (b"=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
            (b" =?base64?IHBhZGRlZCA=?= ", " padded "),
            (b"=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
            (b"=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="),
            (b"=?base64??=", ""),
            (b"=?base64?=", "=?base64?="),
            (b"=?BASE64?SGVsbG8=?=", "=?BASE64?SGVsbG8=?="),
            (b"=?base64?SGVsbG8=", "=?base64?SGVsbG8="),
            (b"SGVsbG8=?=", "SGVsbG8=?="),
            (b"SGVsbG8=", "SGVsbG8="),
            (b"=?utf-8?B?SGVsbG8=?=", "=?utf-8?B?SGVsbG8=?="),
            (b"x =?base64?SGVsbG8=?=", "x =?base64?SGVsbG8=?="),
        ];
        for (value, want) in cases {
            assert_eq!(decode(value).as_deref(), Ok(want), "{}", value.escape_ascii());
        }
        assert!(matches!(decode(b" plain "), Ok(Cow::Borrowed("plain"))));
    }

    #[test]
    fn bad_values_are_refused() {
        let cases: [(&[u8], BadValue); 12] = [
            (b"=?base64?SGVsbG8?=", BadValue::Base64),
            (b"=?base64?SGVsbG8==?=", BadValue::Base64),
            (b"=?base64?SGVs!!!bG8=?=", BadValue::Base64),
            (b"=?base64?SGVs bG8=?=", BadValue::Base64),
            (b"=?base64?SGVsbG9=?=", BadValue::Base64),
            (b"=?base64?PT9iYXNlNjQ_bGl0ZXJhbD89?=", BadValue::Base64),
            (b"=?base64?/w==?=", BadValue::Utf8),
            (b"caf\xc3\xa9", BadValue::Character(0xc3)),
            (b"a\rb", BadValue::Character(b'\r')),
            (b"a\nb", BadValue::Character(b'\n')),
            (b"a\0", BadValue::Character(0)),
            (b"\x7f", BadValue::Character(0x7f)),
        ];
        for (value, want) in cases {
            assert_eq!(decode(value), Err(want), "{}", value.escape_ascii());
        }
    }
}
