//! Reading JSON for a host that does not want to: the members of an object, and values as C types. Text is
//! scanned once; what has no escapes is used where it stands.

use std::{borrow::Cow, fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::error::{Failure, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON, MCP_ERR_NOT_FOUND};

enum Key {
    At(Range<usize>),
    Decoded(Box<str>),
}

struct Member {
    key: Key,
    value: Range<usize>,
}

/// Where the members of one JSON object stand in its text.
pub(crate) struct Members(Vec<Member>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

fn place(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

impl Members {
    /// Finds the members of `text`, which has to be a JSON object.
    pub(crate) fn of(text: &str, what: &str) -> Result<Self, Failure> {
        let Pairs(pairs) = serde_json::from_str(text).map_err(|error| {
            Failure::new(MCP_ERR_INVALID_JSON, format!("{what} is no JSON object: {error}"))
        })?;
        let members = pairs.into_iter().map(|(key, value)| Member {
            key: match key {
                Cow::Borrowed(key) => Key::At(place(text, key)),
                Cow::Owned(key) => Key::Decoded(key.into()),
            },
            value: place(text, value.get()),
        });
        Ok(Self(members.collect()))
    }

    /// The value of that name in `text`, the one that this was made of. The last counts, as most parsers have it.
    pub(crate) fn get<'a>(&self, text: &'a str, name: &'a str) -> Result<Value<'a>, Failure> {
        let found = self.0.iter().rev().find(|member| match &member.key {
            Key::At(range) => text.get(range.clone()) == Some(name),
            Key::Decoded(key) => **key == *name,
        });
        match found.and_then(|member| text.get(member.value.clone())) {
            Some(raw) if raw != "null" => Ok(Value { raw, name }),
            _ => Err(Failure::new(MCP_ERR_NOT_FOUND, format!("there is no {name:?}"))),
        }
    }
}

/// A value that is not null, as JSON text.
pub(crate) struct Value<'a> {
    pub(crate) raw: &'a str,
    name: &'a str,
}

impl<'a> Value<'a> {
    fn mismatch(&self, wanted: &str) -> Failure {
        let shown: String = self.raw.chars().take(40).collect();
        let dots = if shown.len() < self.raw.len() { "…" } else { "" };
        Failure::new(
            MCP_ERR_INVALID_ARGUMENT,
            format!("{:?} has to be {wanted}, not {shown}{dots}", self.name),
        )
    }

    /// A string; borrowed from the text where it has no escapes.
    pub(crate) fn as_str(&self) -> Result<Cow<'a, str>, Failure> {
        let inner = self.raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        match inner {
            Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
            Some(_) => {
                serde_json::from_str(self.raw).map(Cow::Owned).map_err(|_| self.mismatch("Unicode text"))
            }
            None => Err(self.mismatch("a string")),
        }
    }

    /// A whole number, also one written as 3.0.
    pub(crate) fn as_i64(&self) -> Result<i64, Failure> {
        const WANTED: &str = "an integer that fits 64 bits";
        if let Ok(number) = self.raw.parse() {
            return Ok(number);
        }
        match self.number() {
            // From 2^53 on, a number written with a fraction or an exponent need not be the one that is meant.
            Some(number) if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 => {
                Ok(number as i64)
            }
            _ => Err(self.mismatch(WANTED)),
        }
    }

    pub(crate) fn as_f64(&self) -> Result<f64, Failure> {
        self.number().filter(|number| number.is_finite()).ok_or_else(|| self.mismatch("a number"))
    }

    fn number(&self) -> Option<f64> {
        // Rust reads more than JSON writes, such as `inf`.
        let digits = self.raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if digits { self.raw.parse().ok() } else { None }
    }

    pub(crate) fn as_bool(&self) -> Result<bool, Failure> {
        match self.raw {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.mismatch("true or false")),
        }
    }
}

fn checked<'a>(text: &'a str, name: &str, kind: &str, first: char) -> Result<&'a str, Failure> {
    let raw = serde_json::from_str::<&RawValue>(text)
        .map_err(|error| Failure::new(MCP_ERR_INVALID_JSON, format!("{name} is not JSON: {error}")))?
        .get();
    if raw.starts_with(first) {
        return Ok(raw);
    }
    let shown: String = raw.chars().take(40).collect();
    Err(Failure::new(MCP_ERR_INVALID_JSON, format!("{name} has to be a JSON {kind}, not {shown}")))
}

/// The text of a JSON object that the host passed.
pub(crate) fn object<'a>(text: &'a str, name: &str) -> Result<&'a str, Failure> {
    checked(text, name, "object", '{')
}

/// The text of a JSON array that the host passed.
pub(crate) fn array<'a>(text: &'a str, name: &str) -> Result<&'a str, Failure> {
    checked(text, name, "array", '[')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#" {"s":"plain","e":"a\"\u00e9","\u006b":1,"i":-7,"f":3.0,"x":1e3,"d":2.5,"big":12345678901234567890,
        "t":true,"n":null,"o":{"a":[1]},"twice":1,"twice":2,"bad":"\ud800"} "#;

    #[test]
    fn members_are_found_and_read() {
        let members = Members::of(TEXT, "text").unwrap();
        let get = |name: &'static str| members.get(TEXT, name).unwrap();
        assert!(matches!(get("s").as_str().unwrap(), Cow::Borrowed("plain")));
        assert_eq!(get("e").as_str().unwrap(), "a\"é");
        for (name, want) in [("k", 1), ("i", -7), ("f", 3), ("x", 1000), ("twice", 2)] {
            assert_eq!(get(name).as_i64().unwrap(), want, "{name}");
        }
        for (name, want) in [("d", 2.5), ("i", -7.0), ("x", 1e3)] {
            assert_eq!(get(name).as_f64().unwrap(), want, "{name}");
        }
        assert!(get("t").as_bool().unwrap());
        assert_eq!(get("o").raw, r#"{"a":[1]}"#);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let members = Members::of(TEXT, "text").unwrap();
        let get = |name: &'static str| members.get(TEXT, name).unwrap();
        for failure in [
            get("i").as_str().unwrap_err(),
            get("bad").as_str().unwrap_err(),
            get("d").as_i64().unwrap_err(),
            get("big").as_i64().unwrap_err(),
            get("s").as_f64().unwrap_err(),
            get("i").as_bool().unwrap_err(),
        ] {
            assert_eq!(failure.status, MCP_ERR_INVALID_ARGUMENT, "{}", failure.message);
        }
        assert!(get("s").as_i64().unwrap_err().message.contains("\"s\""));
        for name in ["n", "no such"] {
            assert_eq!(members.get(TEXT, name).err().unwrap().status, MCP_ERR_NOT_FOUND);
        }
        assert_eq!(Members::of("[1]", "x").err().unwrap().status, MCP_ERR_INVALID_JSON);
        assert_eq!(Members::of("{", "x").err().unwrap().status, MCP_ERR_INVALID_JSON);
    }
}
