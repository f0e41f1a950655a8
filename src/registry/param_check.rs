//! Compares the `Mcp-Param-*` headers of a call with its arguments
//! (2026-07-28, Streamable HTTP, "Server Behavior for Custom Headers" and "Server Validation").

use std::fmt;

use http::HeaderMap;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    number::same_number,
    param_header::ParamHeader,
    quote::{push_step, quoted, shorten},
};
use crate::protocol::header;

/// The largest integer that every reader of a header takes for what it is: 2^53 - 1.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Compares the headers of a `tools/call` with its arguments, a JSON text.
///
/// # Errors
/// The message of a `HeaderMismatch`.
pub(crate) fn check(
    headers: &HeaderMap,
    params: &[ParamHeader],
    arguments: Option<&str>,
) -> Result<(), String> {
    if params.is_empty() {
        return Ok(());
    }
    let mut values = vec![None; params.len()];
    if let Some(text) = arguments {
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_any(Members { params, depth: 0, values: &mut values })
            .map_err(|error| format!("the arguments cannot be compared with the headers: {error}"))?;
    }
    params.iter().zip(values).try_for_each(|(param, value)| compare(param, headers, value.map(RawValue::get)))
}

/// Compares one header with the value of the body, a JSON text.
fn compare(param: &ParamHeader, headers: &HeaderMap, body: Option<&str>) -> Result<(), String> {
    let (name, place) = (&param.name, Place(&param.path));
    let mut sent = headers.get_all(name).iter();
    let (header, body) = match (sent.next(), body.filter(|body| *body != "null")) {
        (None, None) => return Ok(()),
        (None, Some(body)) => {
            return Err(format!(
                "header {name} is missing; it has to mirror {place} of the arguments, {}",
                shorten(body)
            ));
        }
        (Some(_), None) => {
            return Err(format!(
                "header {name} is sent, but {place} of the arguments has no value; leave it out"
            ));
        }
        (Some(header), Some(body)) => (header, body),
    };
    if sent.next().is_some() {
        return Err(format!("header {name} is sent more than once; send it once"));
    }
    let text = header::decode(header.as_bytes()).map_err(|bad| format!("header {name} {bad}"))?;
    let equal = match body.as_bytes()[0] {
        b'"' if !body.contains('\\') => text == body[1..body.len() - 1],
        // A text that JSON can write and UTF-8 cannot, such as half a surrogate pair, equals no header.
        b'"' => serde_json::from_str::<String>(body).is_ok_and(|body| text == body),
        b't' | b'f' => text == body,
        b'{' | b'[' => {
            return Err(format!(
                "{place} of the arguments is mirrored by header {name} and has to be a {}, not {}",
                param.ty.name(),
                shorten(body)
            ));
        }
        _ if body.parse().is_ok_and(|number: f64| number.abs() > MAX_SAFE_INTEGER) => {
            return Err(format!(
                "{place} of the arguments is {}; header {name} can only mirror integers up to 2^53-1",
                shorten(body)
            ));
        }
        _ => same_number(&text, body),
    };
    if equal {
        return Ok(());
    }
    Err(format!(
        "header {name} is {}, which does not match {place} of the arguments, {}",
        quoted(&text),
        shorten(body)
    ))
}

/// Shows a path as a JSON Pointer.
struct Place<'p>(&'p [Box<str>]);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pointer = String::new();
        self.0.iter().for_each(|step| push_step(&mut pointer, step));
        f.write_str(&pointer)
    }
}

/// Picks the values of parameters out of a JSON object, in one pass. All `params` share `depth` steps.
struct Members<'p, 'v, 'a> {
    params: &'p [ParamHeader],
    depth: usize,
    values: &'v mut [Option<&'a RawValue>],
}

impl<'a> Visitor<'a> for Members<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = vec![false; self.params.len()];
        while let Some(key) = map.next_key_seed(Key { params: self.params, depth: self.depth })? {
            let Some((start, end)) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut seen[start], true) {
                let name = Place(&self.params[start].path[..=self.depth]);
                return Err(A::Error::custom(format!("{name} appears twice")));
            }
            if self.params[start].path.len() == self.depth + 1 {
                self.values[start] = Some(map.next_value()?);
            } else {
                let (params, values) = (&self.params[start..end], &mut self.values[start..end]);
                map.next_value_seed(Members { params, depth: self.depth + 1, values })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Members<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Finds the parameters whose paths go on with the name of a member.
struct Key<'p> {
    params: &'p [ParamHeader],
    depth: usize,
}

impl<'a> DeserializeSeed<'a> for Key<'_> {
    type Value = Option<(usize, usize)>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<(usize, usize)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let is_next = |param: &ParamHeader| &*param.path[self.depth] == key;
        Ok(self.params.iter().position(is_next).map(|start| {
            (start, start + self.params[start..].iter().take_while(|param| is_next(param)).count())
        }))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::registry::param_header::{find, tests::schema};

    /// Headers without `Mcp-Param-`, arguments, and what the refusal says.
    type Case = (&'static [(&'static str, &'static str)], Option<&'static str>, &'static str);

    #[test]
    fn headers_and_arguments_have_to_agree() {
        let params = find(&schema()).unwrap();
        let ok = "";
        let cases: [Case; 34] = [
            (&[], None, ok),
            (&[], Some("{}"), ok),
            (&[("region", "us")], Some(r#"{"region":"us"}"#), ok),
            (&[("region", "us")], Some(r#"{"re\u0067ion":"u\u0073"}"#), ok),
            (&[("region", "=?base64?dXM=?=")], Some(r#"{"region":"us"}"#), ok),
            (&[("region", " us ")], Some(r#"{"other":[{"region":1}],"region" : "us" }"#), ok),
            (&[("region", "")], Some(r#"{"region":""}"#), ok),
            (&[("count", "42")], Some(r#"{"count":42}"#), ok),
            (&[("count", "42.0")], Some(r#"{"count":42}"#), ok),
            (&[("count", "42")], Some(r#"{"count":4.2e1}"#), ok),
            (&[("count", "-7")], Some(r#"{"count":-7}"#), ok),
            (&[("dry", "true")], Some(r#"{"dry":true}"#), ok),
            (&[("zone", "z"), ("xy", "1")], Some(r#"{"at":{"x/y":1,"zone":"z"}}"#), ok),
            (&[], Some(r#"{"region":null,"at":null}"#), ok),
            (&[], Some(r#"{"at":[1]}"#), ok),
            (&[("unknown", "x")], Some("{}"), ok),
            (&[], Some(r#"{"region":"us"}"#), "mcp-param-region is missing"),
            (&[], Some(r#"{"at":{"zone":"z"}}"#), "has to mirror /at/zone of the arguments, \"z\""),
            (&[("region", "us")], None, "mcp-param-region is sent, but /region"),
            (&[("region", "us")], Some(r#"{"region":null}"#), "has no value"),
            (&[("zone", "z")], Some(r#"{"at":5}"#), "/at/zone of the arguments has no value"),
            (&[("region", "eu")], Some(r#"{"region":"us"}"#), "is \"eu\", which does not match /region"),
            (&[("region", "US")], Some(r#"{"region":"us"}"#), "does not match"),
            (&[("region", "us"), ("region", "us")], Some(r#"{"region":"us"}"#), "more than once"),
            (&[("region", "=?base64?dXM?=")], Some(r#"{"region":"us"}"#), "padded standard Base64"),
            (&[("region", "ü")], Some(r#"{"region":"ü"}"#), "holds the byte 0xc3"),
            (&[("count", "43")], Some(r#"{"count":42}"#), "does not match"),
            (&[("count", "0x2a")], Some(r#"{"count":42}"#), "does not match"),
            (&[("count", "9007199254740992")], Some(r#"{"count":9007199254740992}"#), "2^53-1"),
            (&[("count", "1e999")], Some(r#"{"count":1e999}"#), "2^53-1"),
            (&[("dry", "True")], Some(r#"{"dry":true}"#), "does not match"),
            (&[("region", "{}")], Some(r#"{"region":{}}"#), "has to be a string, not {}"),
            (&[("region", "us")], Some(r#"{"region":"us","region":"eu"}"#), "/region appears twice"),
            (&[("zone", "z")], Some(r#"{"at":{"zone":"z"},"at":{}}"#), "/at appears twice"),
        ];
        for (sent, arguments, want) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                let name = if *name == "dry" { "dry-run" } else { name };
                let name = HeaderName::from_bytes(format!("Mcp-Param-{name}").as_bytes()).unwrap();
                headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let got = check(&headers, &params, arguments).err().unwrap_or_default();
            assert!(got.contains(want) && got.is_empty() == want.is_empty(), "{arguments:?}: {got}");
        }
    }
}
