//! The frame of a result: `resultType` and `_meta` where 2026-07-28 wants them, nothing where earlier revisions
//! have nothing.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::Revision;
use crate::rpc::write_string;

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// What every result of a server begins with.
pub(crate) struct Frame {
    /// `"io.modelcontextprotocol/serverInfo":{…}`
    server_info: Box<str>,
    /// `,"result":{"resultType":"complete","_meta":{…},`
    modern: Box<str>,
}

impl Frame {
    /// `info` is the server's `Implementation` as JSON text.
    pub(crate) fn new(info: &str) -> Self {
        let server_info = format!("\"{SERVER_INFO}\":{info}");
        let modern = format!(",\"result\":{{\"resultType\":\"complete\",\"_meta\":{{{server_info}}},");
        Self { server_info: server_info.into(), modern: modern.into() }
    }

    /// Begins a complete result. At least one member has to follow, then [`Frame::end`].
    pub(crate) fn begin(&self, id: &str, revision: Revision, room: usize) -> Vec<u8> {
        let opening = if revision.is_modern() { &*self.modern } else { ",\"result\":{" };
        let mut out = Vec::with_capacity(32 + id.len() + opening.len() + room);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(opening.as_bytes());
        out
    }

    /// Begins a complete result with a `_meta` (JSON object) of the host's own.
    pub(crate) fn begin_with_meta(&self, id: &str, revision: Revision, meta: &str, room: usize) -> Vec<u8> {
        let mut out = begin_plain(id, room + meta.len() + self.modern.len());
        if revision.is_modern() {
            out.extend_from_slice(b"\"resultType\":\"complete\",");
        }
        out.extend_from_slice(b"\"_meta\":");
        self.write_meta(&mut out, revision, Some(meta));
        out.push(b',');
        out
    }

    /// Ends what `begin` began.
    pub(crate) fn end(out: &mut Vec<u8>) {
        out.extend_from_slice(b"}}");
    }

    /// A whole response around a host's own result (a JSON object).
    pub(crate) fn wrap(&self, id: &str, revision: Revision, result: &str, cache: Option<&str>) -> Vec<u8> {
        let members: Members<'_> = serde_json::from_str(result).unwrap_or_default();
        let has = |name: &str| members.0.iter().any(|(member, _)| member == name);
        let mut out = begin_plain(id, result.len() + self.modern.len());
        let mut first = true;
        let mut member = |out: &mut Vec<u8>, name: &str| {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
        };
        if revision.is_modern() {
            if !has("resultType") {
                member(&mut out, "resultType");
                out.extend_from_slice(b"\"complete\"");
            }
            if !has("_meta") {
                member(&mut out, "_meta");
                self.write_meta(&mut out, revision, None);
            }
        }
        for (name, value) in &members.0 {
            match name.as_str() {
                "resultType" | "ttlMs" | "cacheScope" if !revision.is_modern() => {}
                "_meta" => {
                    member(&mut out, name);
                    self.write_meta(&mut out, revision, Some(value.get()));
                }
                _ => {
                    member(&mut out, name);
                    out.extend_from_slice(value.get().as_bytes());
                }
            }
        }
        if let Some(cache) = cache.filter(|_| revision.is_modern() && !has("ttlMs") && !has("cacheScope")) {
            out.push(b',');
            out.extend_from_slice(cache.as_bytes());
        }
        Self::end(&mut out);
        out
    }

    /// An answer without members of its own (`EmptyResult`).
    pub(crate) fn empty(&self, id: &str, revision: Revision) -> Vec<u8> {
        self.wrap(id, revision, "{}", None)
    }

    /// A `_meta` object: the host's, and who we are where the revision has a place for it.
    pub(crate) fn write_meta(&self, out: &mut Vec<u8>, revision: Revision, own: Option<&str>) {
        let members: Members<'_> = own.and_then(|own| serde_json::from_str(own).ok()).unwrap_or_default();
        out.push(b'{');
        let mut first = true;
        if revision.is_modern() && !members.0.iter().any(|(name, _)| name == SERVER_INFO) {
            out.extend_from_slice(self.server_info.as_bytes());
            first = false;
        }
        for (name, value) in &members.0 {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
        }
        out.push(b'}');
    }
}

fn begin_plain(id: &str, room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(48 + id.len() + room);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b",\"result\":{");
    out
}

/// The members of an object in their order, each value as its text.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_results_are_framed_by_revision() {
        let frame = Frame::new(r#"{"name":"s","version":"1"}"#);
        let (old, new) = (Revision::V2025_11_25, Revision::V2026_07_28);
        let info = r#""io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}"#;
        let cases = [
            (old, r#"{"content":[]}"#, r#"{"content":[]}"#.to_owned()),
            (old, r#"{"content":[],"resultType":"complete","ttlMs":1}"#, r#"{"content":[]}"#.to_owned()),
            (old, "{}", "{}".to_owned()),
            (
                new,
                r#"{"content":[]}"#,
                format!(r#"{{"resultType":"complete","_meta":{{{info}}},"content":[]}}"#),
            ),
            (
                new,
                r#"{"resultType":"x","_meta":{"a":1}}"#,
                format!(r#"{{"resultType":"x","_meta":{{{info},"a":1}}}}"#),
            ),
            (new, "{}", format!(r#"{{"resultType":"complete","_meta":{{{info}}}}}"#)),
        ];
        for (revision, result, want) in cases {
            let got = String::from_utf8(frame.wrap("1", revision, result, None)).unwrap();
            assert_eq!(got, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{want}}}"#));
        }
        let mut out = frame.begin("2", new, 0);
        out.extend_from_slice(b"\"a\":1");
        Frame::end(&mut out);
        let want = format!(
            r#"{{"jsonrpc":"2.0","id":2,"result":{{"resultType":"complete","_meta":{{{info}}},"a":1}}}}"#
        );
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
