//! What of a JSON text breaks its schema, in a line that a model can act on.

use std::fmt;

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use super::{quote::shorten, reader::Unreadable, tree::Tree};

/// Faults that a violation lists.
const LISTED: usize = 3;
/// Characters of one message: a schema can list a thousand choices, and a client send a thousand names.
const MESSAGE_CHARS: usize = 400;

/// A text that its schema does not allow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The faults that are listed, at least one.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
}

/// One place, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// A JSON Pointer; empty for the whole text.
    pub path: String,
    pub message: String,
}

impl Violation {
    /// A fault of the whole text.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { faults: vec![Fault { path: String::new(), message: message.into() }], more: 0 }
    }

    /// What the validator found.
    pub(super) fn of<'e>(tree: &Tree<'_>, errors: impl Iterator<Item = ValidationError<'e>>) -> Self {
        let mut violation = Self { faults: Vec::new(), more: 0 };
        for error in errors {
            if violation.faults.len() < LISTED {
                violation.faults.push(fault(tree, &error));
            } else {
                violation.more += 1;
            }
        }
        if violation.faults.is_empty() { Self::whole("not what the schema allows") } else { violation }
    }

    /// The line, in which `whole` names what the path "" stands for.
    pub(crate) fn describe(&self, whole: &str) -> String {
        let mut line = String::new();
        for Fault { path, message } in &self.faults {
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.push_str(if path.is_empty() { whole } else { path });
            line.push_str(": ");
            line.push_str(message);
        }
        if self.more > 0 {
            line.push_str(&format!("; and {} more", self.more));
        }
        line
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe("the arguments"))
    }
}

impl From<Unreadable> for Violation {
    fn from(error: Unreadable) -> Self {
        Self::whole(format!("not JSON that can be read: {error}"))
    }
}

fn fault(tree: &Tree<'_>, error: &ValidationError<'_>) -> Fault {
    let path = error.instance_path().as_str().to_owned();
    let mut message = message(tree, error);
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } =
        error.kind()
        && let Some(closest) = closest(&path, context)
    {
        let place = closest.instance_path().as_str();
        let place = if place == path { String::new() } else { format!("{place}: ") };
        message.push_str(&format!("; the closest fails with {place}{}", self::message(tree, closest)));
    }
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS) {
        message.truncate(end);
        message.push('…');
    }
    Fault { path, message }
}

/// Of alternatives that all fail, what is wrong with the one that was likely meant: the one with the fewest faults
/// of those that take a value of this type at all.
fn closest<'e>(
    path: &str,
    alternatives: &'e [Vec<ValidationError<'static>>],
) -> Option<&'e ValidationError<'static>> {
    let other_type = |error: &ValidationError<'_>| {
        matches!(error.kind(), ValidationErrorKind::Type { .. }) && error.instance_path().as_str() == path
    };
    let meant = alternatives.iter().filter(|errors| !errors.iter().any(other_type));
    meant.min_by_key(|errors| errors.len()).and_then(|errors| errors.first())
}

fn message(tree: &Tree<'_>, error: &ValidationError<'_>) -> String {
    let source = tree.find(error.instance_path().as_str()).map(|index| tree.source(index));
    let value = shorten(source.as_deref().unwrap_or("the value")).replace(['\n', '\r', '\t'], " ");
    match error.kind() {
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().into_iter().flatten().map(Value::to_string);
            format!("{value} is not one of {}", options.collect::<Vec<_>>().join(", "))
        }
        ValidationErrorKind::BacktrackLimitExceeded { .. } => {
            format!(
                "{value} takes too long to match with the pattern of the schema at {}",
                error.schema_path()
            )
        }
        _ => error.masked_with(value).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line() {
        let fault = |path: &str, message: &str| Fault { path: path.to_owned(), message: message.to_owned() };
        let cases = [
            (Violation::whole("no"), "the arguments: no"),
            (
                Violation { faults: vec![fault("/a", "no"), fault("", "nor")], more: 0 },
                "/a: no; the arguments: nor",
            ),
            (Violation { faults: vec![fault("/a", "no")], more: 7 }, "/a: no; and 7 more"),
        ];
        for (violation, want) in cases {
            assert_eq!(violation.to_string(), want);
        }
        assert_eq!(Violation::whole("no").describe("the result"), "the result: no");
    }
}
