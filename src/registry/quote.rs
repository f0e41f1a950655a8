//! How messages name places and quote values: JSON Pointers (RFC 6901), and texts cut to a readable length.

use std::{borrow::Cow, fmt::Write as _};

/// Characters of a quoted value. A message stays one line, whatever a client sends.
pub(crate) const QUOTED_CHARS: usize = 80;

/// A text cut to [`QUOTED_CHARS`], with an ellipsis where it was cut.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A text in quotes, with control characters escaped, and cut.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", shorten(text))
}

/// Appends one step to a JSON Pointer.
pub(crate) fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    for character in step.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Appends the index of an array element to a JSON Pointer.
pub(crate) fn push_index(pointer: &mut String, index: usize) {
    write!(pointer, "/{index}").expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let cases = [
            ("short".to_owned(), "short".to_owned()),
            ("é".repeat(80), "é".repeat(80)),
            ("é".repeat(81), "é".repeat(80) + "…"),
        ];
        for (text, want) in cases {
            assert_eq!(shorten(&text), want);
        }
        assert_eq!(quoted("a\n\"b"), r#""a\n\"b""#);
    }

    #[test]
    fn steps_are_escaped() {
        let mut pointer = String::new();
        push_step(&mut pointer, "a/b~c");
        push_index(&mut pointer, 3);
        push_step(&mut pointer, "");
        assert_eq!(pointer, "/a~1b~0c/3/");
    }
}
