//! Which parameters of a tool a client mirrors into HTTP headers: the `x-mcp-header` annotation
//! (2026-07-28, Streamable HTTP, "Custom Headers from Tool Parameters").

use std::collections::HashSet;

use http::HeaderName;
use serde_json::{Map, Value};

use super::quote::{push_index, push_step, quoted, shorten};
use crate::error::{Error, Kind, Result};

const ANNOTATION: &str = "x-mcp-header";

/// Keywords that hold any JSON, in which the annotation's name means nothing.
const DATA_KEYWORDS: [&str; 4] = ["const", "default", "enum", "examples"];

/// Keywords that hold subschemas by names of the schema's author.
const SCHEMA_MAPS: [&str; 5] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties"];

/// The type of an annotated parameter. `number` is not among those that the specification allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamType {
    String,
    Integer,
    Boolean,
}

/// An annotated parameter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParamHeader {
    /// `mcp-param-…`
    pub name: HeaderName,
    /// The names that lead to the value in the arguments.
    pub path: Vec<Box<str>>,
    pub ty: ParamType,
}

/// The annotations of an input schema, those with a common beginning of their paths side by side.
///
/// # Errors
/// [`Kind::InvalidSchema`], naming the place of an annotation that the specification forbids.
pub(crate) fn find(schema: &Value) -> Result<Vec<ParamHeader>> {
    let mut search =
        Search { found: Vec::new(), names: HashSet::new(), place: String::new(), path: Vec::new() };
    search.schema(schema, Reach::Root)?;
    let mut found = search.found;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    if let Some([outer, inner]) = found.windows(2).find(|pair| pair[1].path.starts_with(&pair[0].path)) {
        return Err(Error::new(
            Kind::InvalidSchema,
            format!(
                "{ANNOTATION} at {} can never apply: {} is annotated too, and a {} has no members",
                place_of(&inner.path),
                place_of(&outer.path),
                outer.ty.name(),
            ),
        ));
    }
    Ok(found)
}

impl ParamType {
    fn of(schema: &Map<String, Value>) -> Option<Self> {
        match schema.get("type")?.as_str()? {
            "string" => Some(Self::String),
            "integer" => Some(Self::Integer),
            "boolean" => Some(Self::Boolean),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
}

/// How the search came to a subschema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Root,
    /// By `properties` alone.
    Static,
    Other,
}

struct Search {
    found: Vec<ParamHeader>,
    /// In lower case.
    names: HashSet<String>,
    /// JSON Pointer of the subschema.
    place: String,
    /// Its path in the arguments; meaningless once the reach is `Other`.
    path: Vec<Box<str>>,
}

impl Search {
    fn schema(&mut self, schema: &Value, reach: Reach) -> Result<()> {
        match schema {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                let length = self.place.len();
                push_index(&mut self.place, index);
                self.schema(item, Reach::Other)?;
                self.place.truncate(length);
                Ok(())
            }),
            Value::Object(schema) => self.keywords(schema, reach),
            _ => Ok(()),
        }
    }

    fn keywords(&mut self, schema: &Map<String, Value>, reach: Reach) -> Result<()> {
        if let Some(annotation) = schema.get(ANNOTATION) {
            self.annotation(annotation, schema, reach)?;
        }
        for (keyword, value) in schema {
            if DATA_KEYWORDS.contains(&keyword.as_str()) || keyword == ANNOTATION {
                continue;
            }
            let length = self.place.len();
            push_step(&mut self.place, keyword);
            match value {
                Value::Object(members) if keyword == "properties" => {
                    let reach = if reach == Reach::Other { Reach::Other } else { Reach::Static };
                    self.members(members, reach)?;
                }
                Value::Object(members) if SCHEMA_MAPS.contains(&keyword.as_str()) => {
                    self.members(members, Reach::Other)?;
                }
                _ => self.schema(value, Reach::Other)?,
            }
            self.place.truncate(length);
        }
        Ok(())
    }

    fn members(&mut self, members: &Map<String, Value>, reach: Reach) -> Result<()> {
        for (name, schema) in members {
            let length = self.place.len();
            push_step(&mut self.place, name);
            self.path.push(name.as_str().into());
            self.schema(schema, reach)?;
            self.path.pop();
            self.place.truncate(length);
        }
        Ok(())
    }

    fn annotation(&mut self, annotation: &Value, schema: &Map<String, Value>, reach: Reach) -> Result<()> {
        if reach != Reach::Static {
            return Err(
                self.invalid("is only taken on properties that `properties` alone lead to from the root")
            );
        }
        let Some(name) = annotation.as_str() else {
            return Err(
                self.invalid(&format!("has to be a string, not {}", shorten(&annotation.to_string())))
            );
        };
        let bad = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(*c));
        if let Some(bad) = bad {
            return Err(self.invalid(&format!(
                "is {}; a header name cannot hold {bad:?}, only letters, digits and !#$%&'*+-.^_`|~",
                quoted(name)
            )));
        }
        if name.is_empty() {
            return Err(self.invalid("is empty; give the part of the header name behind `Mcp-Param-`"));
        }
        let Some(ty) = ParamType::of(schema) else {
            let ty = schema
                .get("type")
                .map_or("no type".to_owned(), |ty| format!("type {}", shorten(&ty.to_string())));
            return Err(self.invalid(&format!(
                "is on a property of {ty}; only one of \"string\", \"integer\" and \"boolean\" can be mirrored"
            )));
        };
        if !self.names.insert(name.to_ascii_lowercase()) {
            return Err(
                self.invalid(&format!("is {name:?}, which another property has; case makes no difference"))
            );
        }
        let header = HeaderName::from_bytes(format!("mcp-param-{name}").as_bytes()).map_err(|error| {
            self.invalid(&format!("is {}, which is no header name: {error}", quoted(name)))
        })?;
        self.found.push(ParamHeader { name: header, path: self.path.clone(), ty });
        Ok(())
    }

    fn invalid(&self, why: &str) -> Error {
        let place = if self.place.is_empty() { "the root of the schema" } else { &self.place };
        Error::new(Kind::InvalidSchema, format!("{ANNOTATION} at {place} {why}"))
    }
}

/// The place in the schema that a path of the arguments belongs to.
fn place_of(path: &[Box<str>]) -> String {
    let mut place = String::new();
    for step in path {
        place.push_str("/properties");
        push_step(&mut place, step);
    }
    place
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::registry) fn schema() -> Value {
        json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "count": {"type": "integer", "x-mcp-header": "Count"},
            "dry": {"type": "boolean", "x-mcp-header": "Dry-Run"},
            "at": {"type": "object", "properties": {
                "zone": {"type": "string", "x-mcp-header": "Zone"},
                "x/y": {"type": "integer", "x-mcp-header": "XY"},
            }},
            "x-mcp-header": {"type": "string", "default": {"x-mcp-header": "data"}},
        }})
    }

    #[test]
    fn annotations_are_found() {
        let found = find(&schema()).unwrap();
        let got: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.path.join("."), p.ty)).collect();
        let want = [
            ("mcp-param-xy", "at.x/y", ParamType::Integer),
            ("mcp-param-zone", "at.zone", ParamType::String),
            ("mcp-param-count", "count", ParamType::Integer),
            ("mcp-param-dry-run", "dry", ParamType::Boolean),
            ("mcp-param-region", "region", ParamType::String),
        ];
        assert_eq!(got, want.map(|(name, path, ty)| (name, path.to_owned(), ty)));
        assert_eq!(find(&json!({"type": "object"})).unwrap(), []);
    }

    #[test]
    fn forbidden_annotations_name_their_place() {
        let on = |annotation: Value, ty: Value| json!({"properties": {"p": {"type": ty, "x-mcp-header": annotation}}});
        let good = json!({"type": "string", "x-mcp-header": "A"});
        let cases = [
            (on(json!(""), json!("string")), "/properties/p is empty"),
            (on(json!("a b"), json!("string")), "cannot hold ' '"),
            (on(json!("a:b"), json!("string")), "cannot hold ':'"),
            (on(json!("ä"), json!("string")), "cannot hold 'ä'"),
            (on(json!("a\r\nb"), json!("string")), r"cannot hold '\r'"),
            (on(json!(5), json!("string")), "has to be a string, not 5"),
            (on(json!(null), json!("string")), "has to be a string, not null"),
            (on(json!("A"), json!("number")), "on a property of type \"number\""),
            (on(json!("A"), json!("object")), "on a property of type \"object\""),
            (on(json!("A"), json!("array")), "on a property of type \"array\""),
            (on(json!("A"), json!("null")), "on a property of type \"null\""),
            (on(json!("A"), json!(["string", "null"])), "on a property of type [\"string\",\"null\"]"),
            (json!({"properties": {"p": {"x-mcp-header": "A"}}}), "on a property of no type"),
            (json!({"x-mcp-header": "A"}), "the root of the schema"),
            (
                json!({"properties": {"a": &good, "b": {"type": "string", "x-mcp-header": "a"}}}),
                "another property",
            ),
            (json!({"properties": {"a": {"items": &good}}}), "/properties/a/items is only taken"),
            (json!({"anyOf": [true, {"properties": {"a": &good}}]}), "/anyOf/1/properties/a"),
            (json!({"if": {"properties": {"a": &good}}}), "/if/properties/a"),
            (json!({"$defs": {"a": &good}}), "/$defs/a"),
            (json!({"patternProperties": {"^a~/": &good}}), "/patternProperties/^a~0~1"),
            (json!({"additionalProperties": &good}), "/additionalProperties"),
            (json!({"x-other": {"deep": [&good]}}), "/x-other/deep/0"),
            (json!({"$defs": {"x-mcp-header": &good}}), "/$defs/x-mcp-header"),
            (
                json!({"properties": {"a": {"type": "string", "x-mcp-header": "A", "properties": {
                    "b": {"type": "string", "x-mcp-header": "B"}}}}}),
                "/properties/a/properties/b can never apply",
            ),
        ];
        for (schema, want) in cases {
            let error = find(&schema).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidSchema);
            assert!(error.message().contains(want), "{schema}: {error}");
        }
    }
}
