//! Shows the borrowed tree to the schema validator, which takes any tree that has these traits.

use std::borrow::Cow;

use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber, Node, NodeIdentity, Object, cmp},
};
use jsonschema_value::LazyInstance;
use serde_json::{Number, Value};

use super::tree::{Entry, Tree};

/// The representation: values of a [`Tree`].
pub(super) struct Borrowed;

/// A value of a tree.
#[derive(Clone, Copy)]
pub(super) enum TreeNode<'t> {
    At {
        tree: &'t Tree<'t>,
        index: usize,
    },
    /// The name of a member, checked by `propertyNames`.
    Name(&'t str),
}

/// An array or an object.
pub(super) struct Container<'t> {
    tree: &'t Tree<'t>,
    index: usize,
}

/// Walks the values of a container.
pub(super) struct Values<'t> {
    tree: &'t Tree<'t>,
    next: usize,
    end: usize,
}

/// A number as the text has it.
pub(super) struct NumberText<'t>(&'t str);

impl<'t> Tree<'t> {
    pub(super) fn root(&'t self) -> TreeNode<'t> {
        TreeNode::At { tree: self, index: 0 }
    }
}

impl Json for Borrowed {
    type Node<'t> = TreeNode<'t>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    // Names are searched from front to back, so one pass beats any number of lookups.
    const KEYS_PER_LOOKUP: usize = 8;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(TreeNode<'_>) -> T) -> T {
        f(TreeNode::Name(string))
    }
}

impl<'t> Node<'t, Borrowed> for TreeNode<'t> {
    type Object = Container<'t>;
    type Array = Container<'t>;
    type Number = NumberText<'t>;

    #[inline]
    fn as_object(&self) -> Option<Container<'t>> {
        match *self {
            Self::At { tree, index } if self.json_type() == JsonType::Object => {
                Some(Container { tree, index })
            }
            _ => None,
        }
    }

    #[inline]
    fn as_array(&self) -> Option<Container<'t>> {
        match *self {
            Self::At { tree, index } if self.json_type() == JsonType::Array => {
                Some(Container { tree, index })
            }
            _ => None,
        }
    }

    #[inline]
    fn as_string(&self) -> Option<Cow<'t, str>> {
        match *self {
            Self::At { tree, index } => tree.string(index),
            Self::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    #[inline]
    fn as_number(&self) -> Option<NumberText<'t>> {
        match *self {
            Self::At { tree, index } => match tree.entries[index] {
                Entry::Number { start, end } => Some(NumberText(&tree.text[start as usize..end as usize])),
                _ => None,
            },
            Self::Name(_) => None,
        }
    }

    #[inline]
    fn as_boolean(&self) -> Option<bool> {
        match *self {
            Self::At { tree, index } => match tree.entries[index] {
                Entry::Boolean(value) => Some(value),
                _ => None,
            },
            Self::Name(_) => None,
        }
    }

    #[inline]
    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    #[inline]
    fn is_number(&self) -> bool {
        self.json_type() == JsonType::Number
    }

    #[inline]
    fn json_type(&self) -> JsonType {
        let Self::At { tree, index } = *self else { return JsonType::String };
        match tree.entries[index] {
            Entry::Null => JsonType::Null,
            Entry::Boolean(_) => JsonType::Boolean,
            Entry::Number { .. } => JsonType::Number,
            Entry::Plain { .. } | Entry::Escaped { .. } | Entry::DecodedName { .. } => JsonType::String,
            Entry::Array { .. } => JsonType::Array,
            Entry::Object { .. } | Entry::WideObject { .. } => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match expected {
            Value::Null => self.is_null(),
            Value::Bool(expected) => self.as_boolean() == Some(*expected),
            Value::Number(expected) => {
                self.as_number().is_some_and(|number| cmp::equal_numbers(&number, expected))
            }
            Value::String(expected) => self.as_string().is_some_and(|string| string == expected.as_str()),
            Value::Array(expected) => self.as_array().is_some_and(|array| {
                Array::len(&array) == expected.len()
                    && array
                        .elements()
                        .zip(expected)
                        .all(|(element, expected)| element.equals_value(expected))
            }),
            Value::Object(expected) => self.as_object().is_some_and(|object| {
                Object::len(&object) == expected.len()
                    && object.members().all(|(name, value)| {
                        expected.get(name).is_some_and(|expected| value.equals_value(expected))
                    })
            }),
        }
    }

    fn to_value(&self) -> Cow<'t, Value> {
        Cow::Owned(match self.json_type() {
            JsonType::Boolean => Value::Bool(self.as_boolean() == Some(true)),
            JsonType::Number => {
                self.as_number().map_or(Value::Null, |number| Value::Number(number.to_number().into_owned()))
            }
            JsonType::String => {
                self.as_string().map_or(Value::Null, |string| Value::String(string.into_owned()))
            }
            JsonType::Array => {
                self.as_array().into_iter().flat_map(|array| array.elements()).map(to_owned).collect()
            }
            JsonType::Object => (self.as_object().into_iter())
                .flat_map(|object| object.members())
                .map(|(name, value)| (name.to_owned(), to_owned(value)))
                .collect(),
            _ => Value::Null,
        })
    }

    fn lazy_value(&self) -> LazyInstance<'t> {
        let Self::At { tree, index } = *self else { return LazyInstance::Ready(self.to_value()) };
        let start = match tree.entries[index] {
            Entry::Array { start, .. } | Entry::Object { start, .. } | Entry::WideObject { start, .. } => {
                start
            }
            _ => return LazyInstance::Ready(self.to_value()),
        };
        // A violation seldom shows the whole container that it is in; a copy of each would cost more than the check.
        let bytes = &tree.text.as_bytes()[start as usize..];
        LazyInstance::Deferred { bytes, tag: 0, make: read_again, cell: std::sync::OnceLock::new() }
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(match *self {
            Self::At { tree, index } => NodeIdentity::tagged(std::ptr::from_ref(tree) as usize, index as u32),
            Self::Name(name) => NodeIdentity::new(name.as_ptr() as usize),
        })
    }
}

fn to_owned(node: TreeNode<'_>) -> Value {
    node.to_value().into_owned()
}

/// The value that a text begins with, which was read before.
fn read_again(text: &[u8], _: u32) -> Value {
    let text = std::str::from_utf8(text).unwrap_or_default();
    Tree::read_first(text).map_or(Value::Null, |tree| to_owned(tree.root()))
}

impl<'t> Object<'t, Borrowed> for Container<'t> {
    type Node = TreeNode<'t>;
    type MemberName = &'t str;
    type MembersIter = Members<'t>;

    #[inline]
    fn len(&self) -> usize {
        self.tree.members(self.index)
    }

    #[inline]
    fn get(&self, key: &Box<str>) -> Option<TreeNode<'t>> {
        self.tree.member(self.index, key).map(|index| TreeNode::At { tree: self.tree, index })
    }

    #[inline]
    fn members(&self) -> Members<'t> {
        Members(Values { tree: self.tree, next: self.index + 1, end: self.tree.behind(self.index) })
    }
}

impl<'t> Array<'t, Borrowed> for Container<'t> {
    type Node = TreeNode<'t>;
    type ElementsIter = Values<'t>;

    #[inline]
    fn len(&self) -> usize {
        match self.tree.entries[self.index] {
            Entry::Array { count, .. } => count as usize,
            _ => 0,
        }
    }

    #[inline]
    fn elements(&self) -> Values<'t> {
        Values { tree: self.tree, next: self.index + 1, end: self.tree.behind(self.index) }
    }
}

impl<'t> Iterator for Values<'t> {
    type Item = TreeNode<'t>;

    #[inline]
    fn next(&mut self) -> Option<TreeNode<'t>> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        self.next = self.tree.behind(index);
        Some(TreeNode::At { tree: self.tree, index })
    }
}

/// Walks the members of an object.
pub(super) struct Members<'t>(Values<'t>);

impl<'t> Iterator for Members<'t> {
    type Item = (&'t str, TreeNode<'t>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let tree = self.0.tree;
        let name = self.0.next;
        self.0.next += 1;
        let value = self.0.next()?;
        Some((tree.name(name), value))
    }
}

impl NumberText<'_> {
    fn is_written_whole(&self) -> bool {
        !self.0.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
    }
}

impl JsonNumber for NumberText<'_> {
    #[inline]
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    #[inline]
    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, Number> {
        let exact = self.as_u64().map(Number::from).or_else(|| self.as_i64().map(Number::from));
        // The tree holds no number that `f64` does not.
        Cow::Owned(exact.or_else(|| Number::from_f64(self.as_f64()?)).unwrap_or_else(|| Number::from(0)))
    }

    #[inline]
    fn is_integer(&self) -> bool {
        self.is_written_whole() || self.as_f64().is_some_and(|value| value.fract() == 0.0)
    }

    fn is_written_as_integer(&self) -> bool {
        self.is_written_whole()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wide() -> Value {
        let mut wide =
            json!({"i": 42, "f": 1.5, "neg": -7, "s": "h\u{e9}llo", "esc": "a\"\n", "t": true, "n": null});
        wide["deep"] =
            json!({"list": [10, [20, {}], [], "x"], "again": [1, {"a": 1}, {"a": 1.0}], "": {"~/": 0}});
        for i in 0..20 {
            wide[format!("k{i}")] = json!([i]);
        }
        wide
    }

    #[test]
    fn trees_show_what_the_text_holds() {
        for value in
            [wide(), json!([wide(), wide()]), json!("s"), json!(5), json!(null), json!([]), json!({})]
        {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let tree = Tree::read(&text).unwrap();
                assert_eq!(*tree.root().to_value(), value);
                assert_eq!(*tree.root().lazy_value().into_cow(), value);
                assert!(tree.root().equals_value(&value));
                assert!(!tree.root().equals_value(&json!([value])));
            }
        }
    }

    #[test]
    fn members_are_found_by_name() {
        let (value, text) = (wide(), wide().to_string());
        let tree = Tree::read(&text).unwrap();
        let root = tree.root().as_object().unwrap();
        assert_eq!(Object::len(&root), value.as_object().unwrap().len());
        for (name, value) in value.as_object().unwrap() {
            assert_eq!(*root.get(&Borrowed::prepare_key(name)).unwrap().to_value(), *value, "{name}");
        }
        for name in ["", "k", "k99", "list"] {
            assert!(root.get(&Borrowed::prepare_key(name)).is_none(), "{name}");
        }
        assert_eq!(root.members().count(), Object::len(&root));
    }

    #[test]
    fn identities_tell_nodes_apart() {
        let text = wide().to_string();
        let tree = Tree::read(&text).unwrap();
        let child = || tree.root().as_object().unwrap().get(&"deep".into()).unwrap();
        assert_eq!(child().identity(), child().identity());
        assert_ne!(child().identity(), tree.root().identity());
    }

    #[test]
    fn arrays_know_repeated_elements() {
        for (text, unique) in [("[1,2,[1]]", true), (r#"[1,{"a":1},{"a":1.0}]"#, false), ("[0,-0.0]", false)]
        {
            let tree = Tree::read(text).unwrap();
            assert_eq!(tree.root().as_array().unwrap().is_unique(), unique, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_when_asked() {
        // Text, u64, i64, f64, whole, written whole.
        let cases = [
            ("42", Some(42), Some(42), 42.0, true, true),
            ("-7", None, Some(-7), -7.0, true, true),
            ("1.5", None, None, 1.5, false, false),
            ("1.0", None, None, 1.0, true, false),
            ("1e2", None, None, 100.0, true, false),
            ("18446744073709551615", Some(u64::MAX), None, 18446744073709551615.0, true, true),
            ("99999999999999999999", None, None, 1e20, true, true),
            ("1e-400", None, None, 0.0, true, false),
        ];
        for (text, unsigned, signed, float, whole, written_whole) in cases {
            let number = NumberText(text);
            assert_eq!(
                (number.as_u64(), number.as_i64(), number.as_f64()),
                (unsigned, signed, Some(float)),
                "{text}"
            );
            assert_eq!(
                (number.is_integer(), number.is_written_as_integer()),
                (whole, written_whole),
                "{text}"
            );
            assert_eq!(*number.to_number(), serde_json::from_str(text).unwrap(), "{text}");
        }
    }
}
