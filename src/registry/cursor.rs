//! Pagination cursors (MCP, Utilities, Pagination): opaque to a client, and stateless to the server.
//!
//! A cursor names the entry behind which to go on, not a position: entries that come or go between two pages
//! make no other entry appear twice or not at all, and any node can serve the next page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::quote::quoted;
use crate::error::{Error, Kind, Result};

const VERSION: u8 = 1;
/// Bytes before the key: version, list, checksum.
const HEAD: usize = 6;
/// Bytes of a cursor: enough for a key of 8 KiB, which no name or URI in use comes near.
const MAX_BYTES: usize = 16 << 10;

/// A list that comes in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ListKind {
    Tools,
    Resources,
    ResourceTemplates,
    Prompts,
}

impl ListKind {
    fn code(self) -> u8 {
        match self {
            Self::Tools => 1,
            Self::Resources => 2,
            Self::ResourceTemplates => 3,
            Self::Prompts => 4,
        }
    }
}

/// The cursor of the page behind the entry with this key.
pub(crate) fn encode(kind: ListKind, after: &str) -> String {
    let mut bytes = Vec::with_capacity(HEAD + after.len());
    bytes.extend_from_slice(&[VERSION, kind.code()]);
    bytes.extend_from_slice(&checksum(kind, after).to_be_bytes());
    bytes.extend_from_slice(after.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key behind which the page of this cursor begins.
///
/// # Errors
/// [`Kind::InvalidArgument`] for a text that is no cursor of this list.
pub(crate) fn decode(kind: ListKind, cursor: &str) -> Result<String> {
    let key = if cursor.len() <= MAX_BYTES { read(kind, cursor) } else { None };
    key.ok_or_else(|| {
        Error::new(
            Kind::InvalidArgument,
            format!("{} is no cursor of this list; start again without a cursor", quoted(cursor)),
        )
    })
}

fn read(kind: ListKind, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (head, key) = bytes.split_at_checked(HEAD)?;
    let key = std::str::from_utf8(key).ok()?;
    let good = head[..2] == [VERSION, kind.code()] && head[2..] == checksum(kind, key).to_be_bytes();
    good.then(|| key.to_owned())
}

/// FNV-1a: it tells garbage and cut texts apart, and need not withstand a forger. Whoever forges a cursor
/// gets a page that any client can get.
fn checksum(kind: ListKind, key: &str) -> u32 {
    [VERSION, kind.code()]
        .iter()
        .chain(key.as_bytes())
        .fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ListKind; 4] =
        [ListKind::Tools, ListKind::Resources, ListKind::ResourceTemplates, ListKind::Prompts];

    #[test]
    fn cursors_come_back_for_their_list_only() {
        for kind in KINDS {
            for key in ["", "echo", "file:///été?x=1#y", &"k".repeat(8192)] {
                let cursor = encode(kind, key);
                assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
                for other in KINDS {
                    assert_eq!(decode(other, &cursor).ok().as_deref(), (other == kind).then_some(key));
                }
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        let good = encode(ListKind::Tools, "echo");
        let mut cases: Vec<String> =
            ["", "garbage", "AQ", "eyJwYWdlIjogMn0=", "é", "AQEAAAAA", "\0"].map(str::to_owned).to_vec();
        cases.extend((0..good.len()).map(|end| good[..end].to_owned()));
        cases.extend((0..good.len()).map(|at| {
            let other = if &good[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &good[..at], &good[at + 1..])
        }));
        cases.push(good.clone() + "A");
        cases.push(good + "=");
        cases.push("A".repeat(MAX_BYTES + 1));
        for cursor in cases {
            let error = decode(ListKind::Tools, &cursor).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument);
            assert!(error.message().ends_with("start again without a cursor"), "{cursor}: {error}");
        }
    }
}
