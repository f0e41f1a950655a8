//! Fuzzing: cursors, URI templates, and schemas with the tree that they are applied to.

use jsonschema::{Draft, PatternOptions};
use serde_json::{Value, value::RawValue};

use super::{
    cursor::{ListKind, decode, encode},
    param_header,
    schema::{Bounds, Root, Schema},
    template::Template,
    tree::Tree,
};
use crate::input::fuzz::digest;

const KINDS: [ListKind; 4] =
    [ListKind::Tools, ListKind::Resources, ListKind::ResourceTemplates, ListKind::Prompts];

const BOUNDS: Bounds = Bounds { bytes: 64 << 10, depth: 32, subschemas: 256 };

/// Splits an input in two at a byte that neither part needs.
fn halves(input: &[u8]) -> Option<(&str, &str)> {
    let at = input.iter().position(|byte| *byte == 0)?;
    let (first, second) = (&input[..at], &input[at + 1..]);
    Some((std::str::from_utf8(first).ok()?, std::str::from_utf8(second).ok()?))
}

/// Reads a cursor; and writes one for a key, and reads that.
pub fn cursor(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for kind in KINDS {
        if let Ok(key) = decode(kind, text) {
            assert_eq!(encode(kind, &key), text, "one key has one cursor");
        }
        let own = encode(kind, text);
        for other in KINDS {
            let read = decode(other, &own);
            assert!(if other == kind {
                own.len() > 16 << 10 || read.is_ok_and(|key| key == text)
            } else {
                read.is_err()
            });
        }
    }
}

/// Reads a URI template, and matches a URI with it. The two are parted by a NUL.
pub fn template(input: &[u8]) {
    let Some((template, uri)) = halves(input) else { return };
    let Ok(read) = Template::parse(template) else { return };
    if let Some(values) = read.matches(uri) {
        for (name, _) in &values {
            assert!(template.contains(name), "{name:?} is no variable of {template:?}");
        }
    }
    if !template.contains(['{', '%']) && template.is_ascii() && !template.is_empty() && template.len() < 8000
    {
        assert!(read.matches(template).is_some(), "{template:?} does not match itself");
    }
}

/// Compiles a schema and applies it to a text. The two are parted by a NUL. The same validator on a tree of another
/// make has to come to the same result.
pub fn schema(input: &[u8]) {
    let Some((schema, text)) = halves(input) else { return };
    tree(text);
    tree(schema);
    let Ok((compiled, value)) = Schema::compile(schema, BOUNDS, Root::Any) else { return };
    let _ = param_header::find(&value);
    let found = compiled.validate(text);
    if let Err(violation) = &found {
        assert!(
            violation.to_string().len() < 16 << 10,
            "a violation of {} bytes",
            violation.to_string().len()
        );
    }
    // Where numbers have one meaning only, and names come once.
    if value.get("$schema").is_some() || schema.contains("$id") || !is_plain(text) || !is_plain(schema) {
        return;
    }
    let (Ok(instance), Ok(_)) = (serde_json::from_str::<Value>(text), Tree::read(text)) else { return };
    let other = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(50_000))
        .offline()
        .build(&value);
    if let Ok(other) = other {
        assert_eq!(found.is_ok(), other.is_valid(&instance), "{schema} of {text}");
    }
}

/// Whether numbers are integers that every reader has the same of.
fn is_plain(json: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    json.split(|c| !is_part(c))
        .all(|word| word.len() < 15 && !word.contains(['.', 'e', 'E', '+']) && word != "-0")
}

/// Reads a text into a tree.
fn tree(text: &str) {
    let _ = digest(text);
    let Ok(read) = Tree::read(text) else {
        // What every reader takes, without names that come twice and halves of surrogate pairs, is read.
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            let again = value.to_string();
            assert!(Tree::read(&again).is_ok(), "{again}");
        }
        return;
    };
    serde_json::from_str::<&RawValue>(text)
        .unwrap_or_else(|error| panic!("no JSON was read: {error}: {text}"));
    for index in 0..read.entries.len() {
        let _ = read.string(index);
        let _ = read.name(index);
        assert!(read.behind(index) > index && read.behind(index) <= read.entries.len());
    }
    let source = read.source(0);
    // A string is shown as it reads, not as it was escaped.
    if !text.contains('\\') {
        assert_eq!(source.trim(), text.trim_matches([' ', '\t', '\r', '\n']), "the root is the whole text");
    }
}
