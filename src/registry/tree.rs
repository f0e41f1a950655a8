//! A JSON text read into a flat tree that borrows from it: what a schema is checked against (RFC 8259).
//!
//! One table of small entries, in the order of the text, holds any number of values in one allocation; names,
//! strings and numbers are places of the text, looked at when somebody asks.

use std::borrow::Cow;

use serde_json::{Value, value::RawValue};

/// A value, or the name of a member. Offsets are of the text, indexes of [`Tree::entries`]; 32 bits of both keep
/// an entry at 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Null,
    Boolean(bool),
    Number {
        start: u32,
        end: u32,
    },
    /// A string without escapes, as it stands in the text.
    Plain {
        start: u32,
        end: u32,
    },
    /// A string with escapes, as it stands in the text: long arguments, such as source code, are full of them, and
    /// few schemas look inside.
    Escaped {
        start: u32,
        end: u32,
    },
    /// A name with escapes: a place of [`Tree::names`].
    DecodedName {
        start: u32,
        end: u32,
    },
    /// Elements follow. `end` is the index behind the last.
    Array {
        start: u32,
        end: u32,
        count: u32,
    },
    /// Members follow, each a name and its value.
    Object {
        start: u32,
        end: u32,
        count: u32,
    },
    /// An object of many members. `sorted` is a place of [`Tree::sorted`], which holds their number and then
    /// their indexes in the order of their names.
    WideObject {
        start: u32,
        end: u32,
        sorted: u32,
    },
}

/// A JSON text, read.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    pub(crate) text: &'t str,
    pub(crate) entries: Vec<Entry>,
    /// Names with escapes, decoded.
    pub(super) names: String,
    pub(super) sorted: Vec<u32>,
}

impl<'t> Tree<'t> {
    /// The string at an index.
    #[inline]
    pub(crate) fn string(&self, index: usize) -> Option<Cow<'_, str>> {
        match self.entries[index] {
            Entry::Plain { start, end } => Some(Cow::Borrowed(&self.text[start as usize..end as usize])),
            Entry::Escaped { start, end } => {
                decode(&self.text[start as usize - 1..=end as usize]).map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// The name at an index.
    #[inline]
    pub(crate) fn name(&self, index: usize) -> &str {
        match self.entries[index] {
            Entry::Plain { start, end } => &self.text[start as usize..end as usize],
            Entry::DecodedName { start, end } => &self.names[start as usize..end as usize],
            _ => "",
        }
    }

    /// The index behind a value.
    #[inline]
    pub(crate) fn behind(&self, index: usize) -> usize {
        match self.entries[index] {
            Entry::Array { end, .. } | Entry::Object { end, .. } | Entry::WideObject { end, .. } => {
                end as usize
            }
            _ => index + 1,
        }
    }

    /// The number of members of the object at an index.
    #[inline]
    pub(crate) fn members(&self, index: usize) -> usize {
        match self.entries[index] {
            Entry::Object { count, .. } => count as usize,
            Entry::WideObject { sorted, .. } => self.sorted[sorted as usize] as usize,
            _ => 0,
        }
    }

    /// The index of the value that a JSON Pointer names.
    pub(crate) fn find(&self, pointer: &str) -> Option<usize> {
        pointer.split('/').skip(1).try_fold(0, |index, step| match self.entries[index] {
            Entry::Array { count, .. } => {
                let place = step.parse().ok().filter(|place| *place < count)?;
                Some((0..place).fold(index + 1, |element, _| self.behind(element)))
            }
            _ => self.member(index, &step.replace("~1", "/").replace("~0", "~")),
        })
    }

    /// The text of a value.
    pub(crate) fn source(&self, index: usize) -> Cow<'_, str> {
        match self.entries[index] {
            Entry::Null => "null".into(),
            Entry::Boolean(value) => value.to_string().into(),
            Entry::Number { start, end } => self.text[start as usize..end as usize].into(),
            Entry::Plain { start, end } => self.text[start as usize - 1..=end as usize].into(),
            // A character tells more than the escape that stands for it.
            Entry::Escaped { .. } => Value::from(self.string(index).unwrap_or_default()).to_string().into(),
            Entry::DecodedName { .. } => self.name(index).into(),
            Entry::Array { start, .. } | Entry::Object { start, .. } | Entry::WideObject { start, .. } => {
                let text = &self.text[start as usize..];
                let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
                values.next().and_then(|value| value.ok()).map_or(text, RawValue::get).into()
            }
        }
    }

    /// The index of a member's value.
    #[inline]
    pub(crate) fn member(&self, object: usize, name: &str) -> Option<usize> {
        if let Entry::WideObject { sorted, .. } = self.entries[object] {
            let first = sorted as usize + 1;
            let sorted = &self.sorted[first..first + self.members(object)];
            let found = sorted.binary_search_by(|index| self.name(*index as usize).cmp(name)).ok()?;
            return Some(sorted[found] as usize + 1);
        }
        let mut index = object + 1;
        for _ in 0..self.members(object) {
            if self.name(index) == name {
                return Some(index + 1);
            }
            index = self.behind(index + 1);
        }
        None
    }
}

/// The string that a JSON string stands for.
pub(super) fn decode(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_small() {
        assert_eq!(size_of::<Entry>(), 16);
    }

    #[test]
    fn pointers_lead_to_values() {
        let text = r#"{"a":[1,{"b/c~":" \"x\" "},[]],"":{ "d" : true },"e":1.50}"#;
        let tree = Tree::read(text).unwrap();
        let cases = [
            ("", Some(text)),
            ("/a/0", Some("1")),
            ("/a/1", Some(r#"{"b/c~":" \"x\" "}"#)),
            ("/a/1/b~1c~0", Some(r#"" \"x\" ""#)),
            ("/a/2", Some("[]")),
            ("/", Some(r#"{ "d" : true }"#)),
            ("//d", Some("true")),
            ("/e", Some("1.50")),
            ("/a/3", None),
            ("/a/x", None),
            ("/b", None),
            ("/e/0", None),
        ];
        for (pointer, want) in cases {
            assert_eq!(tree.find(pointer).map(|index| tree.source(index)).as_deref(), want, "{pointer}");
        }
    }
}
