//! JSON Schema: compiled once when something is registered, then applied to raw JSON texts
//! (2026-07-28, Base Protocol, "JSON Schema Usage").
//!
//! Nothing is ever fetched: a reference that leads out of the document is refused when it is compiled.

use jsonschema::{Draft, PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

use super::{
    node::Borrowed,
    quote::{quoted, shorten},
    tree::Tree,
    violation::Violation,
};
use crate::error::{Error, Kind, Result};

/// Steps that a pattern may go back. Patterns without look-around and back-references need none at all.
const BACKTRACKS: usize = 50_000;
/// Values of a text in which all faults are looked for.
const DETAILED_VALUES: usize = 1_000;
/// Values of a text in which one fault is looked for: an alternative may be as long as the text, and reporting
/// takes hundreds of bytes for each of its faults.
const REPORTED_VALUES: usize = 10_000;

/// The dialects, by what their names have in common.
const DIALECTS: [(&str, Draft); 5] = [
    ("json-schema.org/draft/2020-12/schema", Draft::Draft202012),
    ("json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("json-schema.org/draft-07/schema", Draft::Draft7),
    ("json-schema.org/draft-06/schema", Draft::Draft6),
    ("json-schema.org/draft-04/schema", Draft::Draft4),
];

/// Keywords that hold any JSON, no schemas.
const DATA_KEYWORDS: [&str; 4] = ["const", "default", "enum", "examples"];
/// Keywords that hold subschemas by name.
const SCHEMA_MAPS: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// What a schema may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub bytes: usize,
    /// Levels of nesting of the JSON.
    pub depth: usize,
    pub subschemas: usize,
}

/// What the root of a schema has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `"type": "object"`, as an `inputSchema` has it.
    Object,
    /// Any JSON object.
    Any,
}

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator<Borrowed>,
}

impl Schema {
    /// Compiles a schema. Its parsed text is given back, for whoever looks for more in it.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when the text is no JSON, [`Kind::InvalidSchema`] when it is no schema of a dialect
    /// that is supported, or past its bounds.
    pub(crate) fn compile(text: &str, bounds: Bounds, root: Root) -> Result<(Self, Value)> {
        if text.len() > bounds.bytes {
            return Err(invalid(format!(
                "has {} bytes; at most {} are taken (limit schema_bytes)",
                text.len(),
                bounds.bytes
            )));
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::new(Kind::InvalidJson, format!("the JSON Schema is no JSON: {error}")))?;
        let Value::Object(members) = &value else {
            return Err(invalid(format!("has to be a JSON object, not {}", shorten(text.trim()))));
        };
        if root == Root::Object && members.get("type").and_then(Value::as_str) != Some("object") {
            return Err(invalid("of an input has to have \"type\": \"object\" at its root".to_owned()));
        }
        check_depth(&value, bounds.depth)?;
        let mut count = 0;
        walk(&value, &mut |subschema| {
            count += 1;
            if count > bounds.subschemas {
                return Err(invalid(format!(
                    "has more than {} subschemas (limit schema_subschemas)",
                    bounds.subschemas
                )));
            }
            // A subschema with a name of its own can be of another dialect.
            if subschema.contains_key("$id") { dialect(subschema).map(|_| ()) } else { Ok(()) }
        })?;
        let validator = jsonschema::options_for::<Borrowed>()
            .with_draft(dialect(members)?)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS))
            .offline()
            .build(&value)
            .map_err(|error| not_a_schema(&error))?;
        Ok((Self { validator }, value))
    }

    /// Checks a JSON text.
    pub(crate) fn validate(&self, json: &str) -> std::result::Result<(), Violation> {
        let tree = Tree::read(json)?;
        if self.validator.is_valid(tree.root()) { Ok(()) } else { Err(self.explain(&tree)) }
    }

    #[cold]
    fn explain(&self, tree: &Tree<'_>) -> Violation {
        let values = tree.entries.len();
        if values <= DETAILED_VALUES {
            Violation::of(tree, self.validator.iter_errors(tree.root()))
        } else if values <= REPORTED_VALUES {
            Violation::of(tree, self.validator.validate(tree.root()).err().into_iter())
        } else {
            Violation::whole("not what the schema allows, and too long to say where")
        }
    }
}

fn invalid(why: String) -> Error {
    Error::new(Kind::InvalidSchema, format!("the JSON Schema {why}"))
}

/// Words the fault that the compiler or the meta-schema found.
fn not_a_schema(error: &ValidationError<'_>) -> Error {
    if let ValidationErrorKind::Referencing(error) = error.kind() {
        return invalid(format!(
            "has a reference that leads nowhere inside it, and nothing is fetched: {error}; put what it means under \
             \"$defs\""
        ));
    }
    let place = error.instance_path().as_str();
    let place = if place.is_empty() { "the root" } else { place };
    let value = error.instance().to_string();
    invalid(format!("is not valid at {place}: {}", error.masked_with(shorten(&value))))
}

fn dialect(schema: &Map<String, Value>) -> Result<Draft> {
    let Some(name) = schema.get("$schema") else { return Ok(Draft::Draft202012) };
    let known = name.as_str().and_then(|name| {
        let name = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://"))?;
        let name = name.strip_suffix('#').unwrap_or(name);
        DIALECTS.iter().find(|(known, _)| *known == name)
    });
    known.map(|(_, draft)| *draft).ok_or_else(|| {
        invalid(format!(
            "is of a dialect that is not supported, {}; use 2020-12 (the default), 2019-09, draft-07, draft-06 or \
             draft-04",
            quoted(&name.to_string())
        ))
    })
}

fn check_depth(value: &Value, left: usize) -> Result<()> {
    let deeper = |value: &Value| match left.checked_sub(1) {
        Some(left) => check_depth(value, left),
        None => Err(invalid("is nested too deeply (limit schema_depth)".to_owned())),
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(deeper),
        Value::Object(members) => members.values().try_for_each(deeper),
        _ => Ok(()),
    }
}

/// Shows every subschema that is an object, the root first.
fn walk(schema: &Value, visit: &mut dyn FnMut(&Map<String, Value>) -> Result<()>) -> Result<()> {
    let members = match schema {
        Value::Object(members) => members,
        Value::Array(items) => return items.iter().try_for_each(|item| walk(item, visit)),
        _ => return Ok(()),
    };
    visit(members)?;
    for (keyword, value) in members {
        match value {
            _ if DATA_KEYWORDS.contains(&keyword.as_str()) => {}
            Value::Object(named) if SCHEMA_MAPS.contains(&keyword.as_str()) => {
                named.values().try_for_each(|schema| walk(schema, visit))?;
            }
            value => walk(value, visit)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { bytes: 2000, depth: 8, subschemas: 20 };

    fn compile(text: &str) -> Result<Schema> {
        Schema::compile(text, BOUNDS, Root::Any).map(|(schema, _)| schema)
    }

    #[test]
    fn schemas_of_every_dialect_compile() {
        let texts = [
            "{}",
            r#"{"type":"object","additionalProperties":false}"#,
            r##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"string"}}}"##,
            r##"{"$id":"https://example.com/r","$ref":"x","$defs":{"x":{"$id":"x","type":"string"}}}"##,
            r##"{"$defs":{"x":{"$dynamicAnchor":"x"}},"$dynamicRef":"#x"}"##,
            r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#,
            r#"{"default":{"$ref":"https://example.com/x"},"properties":{"$ref":{"type":"string"}}}"#,
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[true]}"#,
            r##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveRef":"#"}"##,
            r##"{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"$id":"#b"}},"$ref":"#b"}"##,
            r#"{"$schema":"http://json-schema.org/draft-06/schema#","exclusiveMinimum":1}"#,
            r#"{"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,"exclusiveMinimum":true}"#,
            r#"{"$schema":"https://json-schema.org/draft-07/schema","x-mcp-header":"any"}"#,
        ];
        for text in texts {
            compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn bad_schemas_are_refused() {
        let cases = [
            ("5".to_owned(), "has to be a JSON object, not 5"),
            ("null".to_owned(), "has to be a JSON object, not null"),
            ("[{}]".to_owned(), "has to be a JSON object"),
            (r#"{"type":"strin"}"#.to_owned(), "at /type: \"strin\" is not valid under any"),
            (r#"{"properties":{"a":{"required":true}}}"#.to_owned(), "at /properties/a/required"),
            (r#"{"pattern":"("}"#.to_owned(), "at /pattern"),
            (r##"{"$ref":"#/$defs/x"}"##.to_owned(), "'/$defs/x' does not exist"),
            (r##"{"properties":{"a":{"$dynamicRef":"#a"}}}"##.to_owned(), "'a' does not exist"),
            (r#"{"$ref":"https://example.com/a"}"#.to_owned(), "nothing is fetched"),
            (r#"{"$ref":"file:///etc/hostname"}"#.to_owned(), "nothing is fetched"),
            (r#"{"$ref":"other.json"}"#.to_owned(), "nothing is fetched"),
            (r#"{"$dynamicRef":"https://example.com/a"}"#.to_owned(), "nothing is fetched"),
            (r#"{"$defs":{"unused":{"$ref":"https://example.com/a"}}}"#.to_owned(), "nothing is fetched"),
            (r#"{"$schema":"http://json-schema.org/draft-03/schema#"}"#.to_owned(), "use 2020-12"),
            (r#"{"$schema":"https://example.com/mine"}"#.to_owned(), "use 2020-12"),
            (r#"{"$schema":7}"#.to_owned(), "use 2020-12"),
            (r#"{"$defs":{"a":{"$id":"a","$schema":"https://example.com/mine"}}}"#.to_owned(), "use 2020-12"),
            (format!(r#"{{"description":"{}"}}"#, "x".repeat(2000)), "at most 2000"),
            (format!("{}{{}}{}", r#"{"not":"#.repeat(9), "}".repeat(9)), "too deeply (limit schema_depth)"),
            (format!(r#"{{"anyOf":[{}{{}}]}}"#, "{},".repeat(20)), "more than 20 subschemas"),
        ];
        for (text, want) in cases {
            let error = compile(&text).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidSchema, "{text}");
            assert!(error.message().contains(want), "{text}: {error}");
        }
        assert_eq!(compile("{").unwrap_err().kind(), Kind::InvalidJson);
    }

    #[test]
    fn the_root_of_an_input_is_an_object() {
        for (text, good) in [
            (r#"{"type":"object"}"#, true),
            ("{}", false),
            (r#"{"type":["object"]}"#, false),
            (r#"{"type":"string"}"#, false),
        ] {
            assert_eq!(Schema::compile(text, BOUNDS, Root::Object).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn texts_are_checked() {
        let trip = r#"{"type":"object","properties":{"days":{"type":"integer","maximum":7},
            "city":{"type":"string","minLength":2}},"required":["city"],"additionalProperties":false}"#;
        let choice = r#"{"anyOf":[{"type":"string"},{"type":"object","required":["a"]},{"type":"null"}]}"#;
        let list = r#"{"items":{"type":"string"},"uniqueItems":true}"#;
        let tree = r##"{"properties":{"next":{"$ref":"#"}},"required":["v"]}"##;
        let ok = "";
        let cases = [
            (trip, r#"{"city":"Rome","days":7}"#, ok),
            (trip, r#"{"city":"\u00e9\u00e9","days":1.0}"#, ok),
            (trip, r#"{"days":12,"city":"Rome"}"#, "/days: 12 is greater than the maximum of 7"),
            (trip, r#"{"city":"\u00e9"}"#, "/city: \"é\" is shorter than 2 characters"),
            (trip, "{}", "the arguments: \"city\" is a required property"),
            (trip, "[]", "the arguments: [] is not of type \"object\""),
            (
                trip,
                r#"{"days":"x","city":5}"#,
                "/days: \"x\" is not of type \"integer\"; /city: 5 is not of type \"string\"",
            ),
            (
                trip,
                r#"{"city":"Rome","x":1}"#,
                "the arguments: Additional properties are not allowed ('x' was unexpected)",
            ),
            (
                trip,
                r#"{"city":"Rome","city":"Oslo"}"#,
                "the arguments: not JSON that can be read: \"city\" appears twice in one object",
            ),
            (
                trip,
                r#"{"city":"Rome""#,
                "the arguments: not JSON that can be read: expected a comma or the end of the object at byte 14",
            ),
            (choice, "null", ok),
            (choice, r#"{"a":1}"#, ok),
            (
                choice,
                "{\n \"b\": 1}",
                "the arguments: {  \"b\": 1} is not valid under any of the schemas listed in the 'anyOf' keyword; the closest fails with \"a\" is a required property",
            ),
            (list, r#"["a","b"]"#, ok),
            (
                list,
                "[1,2,3,4,5]",
                "/0: 1 is not of type \"string\"; /1: 2 is not of type \"string\"; /2: 3 is not of type \"string\"; and 2 more",
            ),
            (list, r#"["a","a"]"#, "the arguments: [\"a\",\"a\"] has non-unique elements"),
            (tree, r#"{"v":1,"next":{"v":2,"next":{"v":3}}}"#, ok),
            (tree, r#"{"v":1,"next":{"v":2,"next":{}}}"#, "/next/next: \"v\" is a required property"),
            (r#"{"enum":["a",1,{"x":[2]}]}"#, r#"{"x":[2.0]}"#, ok),
            (
                r#"{"enum":["a",1,{"x":[2]}]}"#,
                r#""b""#,
                "the arguments: \"b\" is not one of \"a\", 1, {\"x\":[2]}",
            ),
            (r#"{"const":1}"#, "1.0", ok),
            (r#"{"properties":{"a/b":false}}"#, r#"{"a/b":1}"#, "/a~1b: False schema does not allow 1"),
            (
                r#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#,
                r#"{"A":1}"#,
                "the arguments: \"A\" does not match \"^[a-z]+$\"",
            ),
        ];
        for (schema, text, want) in cases {
            let got = compile(schema)
                .unwrap()
                .validate(text)
                .err()
                .map_or(String::new(), |fault| fault.to_string());
            assert_eq!(got, want, "{schema} {text}");
        }
    }

    #[test]
    fn long_values_are_cut_in_messages() {
        let schema = compile(r#"{"maxLength":1}"#).unwrap();
        let got = schema.validate(&format!("\"{}\"", "x".repeat(5000))).unwrap_err().to_string();
        assert_eq!(got, format!("the arguments: \"{}… is longer than 1 character", "x".repeat(79)));
        let names: Vec<String> = (0..900).map(|i| format!("\"name{i}\":0")).collect();
        let schema = compile(r#"{"additionalProperties":false}"#).unwrap();
        let got = schema.validate(&format!("{{{}}}", names.join(","))).unwrap_err().to_string();
        assert!(got.len() < 500, "{got}");
    }

    #[test]
    fn long_texts_are_told_less() {
        let schema =
            compile(r#"{"items":{"anyOf":[{"type":"string"},{"items":{"type":"string"}}]}}"#).unwrap();
        let list = |n: usize| format!("[[{}]]", vec!["1"; n].join(","));
        let told = |n: usize| schema.validate(&list(n)).unwrap_err().to_string();
        assert!(told(10).contains("/0/0: 1 is not of type"));
        assert!(told(2_000).contains("/0/0: 1 is not of type"));
        assert!(told(60_000).contains("too long to say where"));
    }

    #[test]
    fn patterns_take_no_exponential_time() {
        let text = format!("\"{}!\"", "a".repeat(1500));
        // A plain pattern is matched in linear time, and one that looks around gives up after a bounded time.
        for (pattern, want) in
            [("^(a+)+$", "does not match"), ("^(?:(?=a)(a+))+$", "takes too long to match")]
        {
            let schema = compile(&format!(r#"{{"pattern":"{pattern}"}}"#)).unwrap();
            let got = schema.validate(&text).unwrap_err().to_string();
            assert!(got.contains(want), "{got}");
        }
    }
}
