//! Tells one request from another by its content, so that the state of one is of no use to another
//! (2026-07-28, Multi Round-Trip Requests, server requirement 5).
//!
//! A client may write its arguments anew for each round: the order of members, blanks and escapes make no
//! difference. Numbers count as they are written.

use ring::digest::{SHA256, digest};

use crate::registry::tree::{Entry, Tree};

/// The SHA-256 of a request. `name` is the tool, the prompt or the URI; `arguments` is JSON, and none are the same
/// as an empty object.
pub(crate) fn digest_request(method: &str, name: &str, arguments: Option<&str>) -> [u8; 32] {
    let arguments = arguments.unwrap_or("{}");
    let mut form = Vec::with_capacity(64 + method.len() + name.len() + 2 * arguments.len());
    push(&mut form, b'm', method.as_bytes());
    push(&mut form, b'm', name.as_bytes());
    match Tree::read(arguments) {
        Ok(tree) => push_value(&mut form, &tree, 0),
        // What has no one meaning, such as a name twice, is good for the same text only.
        Err(_) => push(&mut form, b'?', arguments.as_bytes()),
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &form).as_ref());
    sum
}

/// Appends a kind, a length and the bytes: no two forms run into each other.
fn push(form: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    push_count(form, kind, bytes.len());
    form.extend_from_slice(bytes);
}

fn push_count(form: &mut Vec<u8>, kind: u8, count: usize) {
    form.push(kind);
    form.extend_from_slice(&(count as u64).to_be_bytes());
}

fn push_value(form: &mut Vec<u8>, tree: &Tree<'_>, index: usize) {
    match tree.entries[index] {
        Entry::Null => form.push(b'n'),
        Entry::Boolean(value) => form.push(if value { b't' } else { b'f' }),
        Entry::Number { start, end } => push(form, b'#', &tree.text.as_bytes()[start as usize..end as usize]),
        Entry::Plain { .. } | Entry::Escaped { .. } | Entry::DecodedName { .. } => {
            push(form, b'"', tree.string(index).unwrap_or_default().as_bytes());
        }
        Entry::Array { count, .. } => {
            push_count(form, b'[', count as usize);
            let mut element = index + 1;
            while element < tree.behind(index) {
                push_value(form, tree, element);
                element = tree.behind(element);
            }
        }
        Entry::Object { .. } | Entry::WideObject { .. } => {
            let mut names = Vec::with_capacity(tree.members(index));
            let mut name = index + 1;
            while name < tree.behind(index) {
                names.push(name);
                name = tree.behind(name + 1);
            }
            names.sort_unstable_by(|a, b| tree.name(*a).cmp(tree.name(*b)));
            push_count(form, b'{', names.len());
            for name in names {
                push(form, b'"', tree.name(name).as_bytes());
                push_value(form, tree, name + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(arguments: &str) -> [u8; 32] {
        digest_request("tools/call", "t", Some(arguments))
    }

    #[test]
    fn writing_anew_makes_no_difference() {
        let cases = [
            (r#"{"a":1,"b":[true,null]}"#, " { \"b\" : [ true,\n null ] , \"a\" : 1 } "),
            (r#"{"a":"é/"}"#, r#"{"\u0061":"\u00e9\/"}"#),
            (r#"{"x":{"p":{},"q":[]},"a":0}"#, r#"{"a":0,"x":{"q":[],"p":{}}}"#),
        ];
        for (one, other) in cases {
            assert_eq!(sum(one), sum(other), "{one}");
        }
        assert_eq!(digest_request("tools/call", "t", None), sum("{}"));
    }

    #[test]
    fn other_requests_have_other_digests() {
        let mut sums = vec![
            digest_request("tools/call", "t", None),
            digest_request("prompts/get", "t", None),
            digest_request("tools/call", "u", None),
            digest_request("tools/cal", "lt", None),
            digest_request("tools/call", "", Some(r#""t""#)),
        ];
        let arguments = [
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1.0}"#,
            r#"{"a":[1]}"#,
            r#"{"a":null}"#,
            r#"{"a":true}"#,
            r#"{"a":false}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"b":1}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[[],[]]}"#,
            r#"{"a":[[[]]]}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"a":2}"#,
            "{",
            "",
        ];
        sums.extend(arguments.map(sum));
        let count = sums.len();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), count);
    }
}
