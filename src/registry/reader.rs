//! Reads a JSON text into the flat tree (RFC 8259).
//!
//! What `serde_json` reads and what this reads is the same, save that a name twice in one object is refused: which
//! one counts differs between readers.

use std::fmt;

use super::{
    quote::quoted,
    tree::{Entry, Tree, decode},
};

/// Levels of nesting that `serde_json` reads.
const MAX_DEPTH: usize = 127;
/// Members up to which an object is searched from front to back.
const FEW_MEMBERS: usize = 12;
/// Digits up to which a number without an exponent is finite as `f64`.
const FINITE_DIGITS: usize = 300;

/// Why a text cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Byte of the text.
    at: usize,
    why: Why,
}

#[derive(Debug, PartialEq, Eq)]
enum Why {
    Syntax(&'static str),
    Twice(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Syntax(what) => write!(f, "{what} at byte {}", self.at),
            Why::Twice(name) => write!(f, "{} appears twice in one object", quoted(name)),
        }
    }
}

impl<'t> Tree<'t> {
    /// Reads a text that is one value.
    pub(crate) fn read(text: &'t str) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(text);
        // Offsets and indexes are below the length of the text, so this makes every cast to 32 bits exact.
        if text.len() > u32::MAX as usize {
            return Err(reader.error("more than 4 GiB"));
        }
        reader.value(0)?;
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.error("expected the end of the text"));
        }
        Ok(reader.tree)
    }

    /// Reads again the value that a part of such a text begins with.
    pub(crate) fn read_first(text: &'t str) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(text);
        reader.value(0)?;
        Ok(reader.tree)
    }
}

struct Reader<'t> {
    tree: Tree<'t>,
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        // A value seldom takes less than eight bytes with its name, and a long text is often one long string.
        let entries = Vec::with_capacity(4 + (text.len() / 8).min(250));
        Self { tree: Tree { text, entries, names: String::new(), sorted: Vec::new() }, at: 0 }
    }

    fn value(&mut self, depth: usize) -> Result<(), Unreadable> {
        self.blanks();
        match self.peek() {
            Some(b'"') => {
                let entry = self.string()?;
                self.tree.entries.push(entry);
                Ok(())
            }
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Entry::Boolean(true)),
            Some(b'f') => self.literal("false", Entry::Boolean(false)),
            Some(b'n') => self.literal("null", Entry::Null),
            _ => Err(self.error("expected a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Unreadable> {
        let (index, start) = self.open(depth)?;
        let mut count = 0;
        let mut few = [0; FEW_MEMBERS];
        if !self.take(b'}') {
            loop {
                self.blanks();
                if self.peek() != Some(b'"') {
                    return Err(self.error("expected a name in quotes"));
                }
                let at = self.at;
                let name = self.name()?;
                let name_index = self.tree.entries.len();
                self.tree.entries.push(name);
                if count < FEW_MEMBERS {
                    if few[..count]
                        .iter()
                        .any(|earlier| self.tree.name(*earlier) == self.tree.name(name_index))
                    {
                        return Err(self.twice(at, name_index));
                    }
                    few[count] = name_index;
                }
                count += 1;
                if !self.take(b':') {
                    return Err(self.error("expected a colon"));
                }
                self.value(depth)?;
                if self.take(b',') {
                    continue;
                }
                if self.take(b'}') {
                    break;
                }
                return Err(self.error("expected a comma or the end of the object"));
            }
        }
        let end = self.tree.entries.len() as u32;
        self.tree.entries[index] = if count <= FEW_MEMBERS {
            Entry::Object { start, end, count: count as u32 }
        } else {
            Entry::WideObject { start, end, sorted: self.sort(index, start as usize, count)? }
        };
        Ok(())
    }

    /// Sorts the names of a wide object, which also shows what stands there twice.
    fn sort(&mut self, object: usize, start: usize, count: usize) -> Result<u32, Unreadable> {
        let mut sorted = Vec::with_capacity(count);
        let mut index = object + 1;
        for _ in 0..count {
            sorted.push(index as u32);
            index = self.tree.behind(index + 1);
        }
        let name = |index: &u32| self.tree.name(*index as usize);
        sorted.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        if let Some(pair) = sorted.windows(2).find(|pair| name(&pair[0]) == name(&pair[1])) {
            return Err(self.twice(start, pair[0] as usize));
        }
        let place = self.tree.sorted.len() as u32;
        self.tree.sorted.push(count as u32);
        self.tree.sorted.append(&mut sorted);
        Ok(place)
    }

    fn array(&mut self, depth: usize) -> Result<(), Unreadable> {
        let (index, start) = self.open(depth)?;
        let mut count = 0;
        if !self.take(b']') {
            loop {
                self.value(depth)?;
                count += 1;
                if self.take(b',') {
                    continue;
                }
                if self.take(b']') {
                    break;
                }
                return Err(self.error("expected a comma or the end of the array"));
            }
        }
        self.tree.entries[index] = Entry::Array { start, end: self.tree.entries.len() as u32, count };
        Ok(())
    }

    /// Makes room for the entry of a container, which is known at its end.
    fn open(&mut self, depth: usize) -> Result<(usize, u32), Unreadable> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deep"));
        }
        let place = (self.tree.entries.len(), self.at as u32);
        self.tree.entries.push(Entry::Null);
        self.at += 1;
        Ok(place)
    }

    fn string(&mut self) -> Result<Entry, Unreadable> {
        self.at += 1;
        let start = self.at as u32;
        let mut escaped = false;
        loop {
            self.at += plain(&self.bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.error("a control character in a string; write it as an escape")),
                None => return Err(self.error("a string without an end")),
            }
        }
        let end = self.at as u32;
        self.at += 1;
        Ok(if escaped { Entry::Escaped { start, end } } else { Entry::Plain { start, end } })
    }

    fn name(&mut self) -> Result<Entry, Unreadable> {
        let open = self.at;
        let Entry::Escaped { .. } = self.string()? else {
            return Ok(Entry::Plain { start: open as u32 + 1, end: self.at as u32 - 1 });
        };
        let start = self.tree.names.len() as u32;
        self.tree.names.push_str(&decode(&self.tree.text[open..self.at]).unwrap_or_default());
        Ok(Entry::DecodedName { start, end: self.tree.names.len() as u32 })
    }

    /// Goes behind an escape, or the two of a surrogate pair.
    fn escape(&mut self) -> Result<(), Unreadable> {
        let length = match self.bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(2),
            Some(b'u') => match (self.unit(self.at), self.unit(self.at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => Some(12),
                (Some(0xd800..=0xdfff) | None, _) => None,
                _ => Some(6),
            },
            _ => None,
        };
        self.at += length.ok_or_else(|| self.error("a bad escape in a string"))?;
        Ok(())
    }

    /// The UTF-16 unit of a `\u` escape.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.tree.text.get(at..at + 6)?.strip_prefix("\\u")?;
        // `from_str_radix` would take a sign.
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    }

    fn number(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(Unreadable { at: start, why: Why::Syntax("expected a number") });
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.error("expected a digit behind the point"));
            }
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.error("expected a digit in the exponent"));
            }
        }
        if exponent || digits > FINITE_DIGITS {
            let finite = self.tree.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite);
            if !finite {
                return Err(Unreadable { at: start, why: Why::Syntax("a number out of range") });
            }
        }
        self.tree.entries.push(Entry::Number { start: start as u32, end: self.at as u32 });
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn literal(&mut self, word: &str, entry: Entry) -> Result<(), Unreadable> {
        if !self.bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        self.tree.entries.push(entry);
        Ok(())
    }

    fn bytes(&self) -> &'t [u8] {
        self.tree.text.as_bytes()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    #[inline]
    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes a byte, behind blanks.
    #[inline]
    fn take(&mut self, wanted: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    #[cold]
    fn error(&self, what: &'static str) -> Unreadable {
        Unreadable { at: self.at.min(self.tree.text.len()), why: Why::Syntax(what) }
    }

    #[cold]
    fn twice(&self, at: usize, name: usize) -> Unreadable {
        Unreadable { at, why: Why::Twice(self.tree.name(name).to_owned()) }
    }
}

/// The number of bytes before the first quote, backslash or control character: eight at a time, for arguments
/// that hold whole files.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let mut count = 0;
    while let Some(chunk) = bytes[count..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The lowest byte that the subtraction marks is one below the limit; those above it may be marked by
        // its borrow, and do not matter.
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let special = (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGHS;
        if special != 0 {
            return count + special.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    count + bytes[count..].iter().position(special).unwrap_or(bytes.len() - count)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read_by_both(text: &str) -> (bool, bool) {
        (Tree::read(text).is_ok(), serde_json::from_str::<Value>(text).is_ok())
    }

    #[test]
    fn trees_read_what_serde_json_reads() {
        let nest = |open: &str, n: usize, close: &str| format!("{}1{}", open.repeat(n), close.repeat(n));
        let mut texts: Vec<String> =
            vec![nest("[", 127, "]"), nest("[", 128, "]"), nest("{\"a\":", 127, "}")];
        texts.push(nest("{\"a\":", 128, "}"));
        texts.push("1".repeat(400));
        texts.push(format!("0.{}", "1".repeat(400)));
        texts.extend((0..=8).map(|n| format!("\"{}\\\"{}\"", "a".repeat(n), "é".repeat(8))));
        texts.extend((0..0x80u8).map(|byte| format!("\"{}\"", char::from(byte))));
        let more = [
            "",
            " ",
            "null",
            " true ",
            "false",
            "nul",
            "nulll",
            "tru",
            "fals",
            "True",
            "\u{feff}1",
            "1 1",
            "1,",
            "0",
            "-0",
            "-",
            "01",
            "-01",
            "00",
            "1.",
            ".5",
            "1.5",
            "1.5.5",
            "1e",
            "1e5",
            "1E+5",
            "1e-5",
            "1e+",
            "1e5.5",
            "+1",
            "0x1",
            "1e308",
            "1e309",
            "-1e309",
            "1e-999",
            "1e99999999999999999999",
            "0e99999999999",
            "NaN",
            "Infinity",
            "\"",
            "\"a",
            "\"\\",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u0041\"",
            "\"\\ud800\"",
            "'a'",
            "\"\\ud83d\\ude00\"",
            "\"\\ude00\"",
            "\"\\ud83dx\"",
            "\"\\/\\b\\f\\n\\r\\t\"",
            "\"a\tb\"",
            "\"\u{7f}\"",
            "[",
            "]",
            "[]",
            "[ ]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1]]",
            "[1}",
            "{",
            "}",
            "{}",
            "{ }",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{,}",
            "{\"a\" : 1 , \"b\":[ {} ] }",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1]",
            "[1]//",
            "/**/1",
            "\u{a0}1",
            "\u{c}1",
            "\u{b}1",
        ];
        texts.extend(more.map(str::to_owned));
        for text in texts {
            let (ours, theirs) = read_by_both(&text);
            assert_eq!(ours, theirs, "{text:?}");
        }
    }

    #[test]
    fn cut_and_spoilt_texts_never_panic() {
        let text = r#" {"a é":[1,-2.5e3,{"b\u00e9":"x\"y"},null,true],"c":"0123456789012345\n","d":{}} "#;
        for (at, character) in text.char_indices() {
            assert_eq!(read_by_both(&text[..at]).0, read_by_both(&text[..at]).1, "{}", &text[..at]);
            for other in ["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "e", "-", " ", "\u{1}", "é"] {
                let spoilt = format!("{}{other}{}", &text[..at], &text[at + character.len_utf8()..]);
                let (ours, theirs) = read_by_both(&spoilt);
                assert_eq!(ours, theirs, "{spoilt}");
            }
        }
    }

    #[test]
    fn a_name_twice_is_refused() {
        let wide = |extra: &str| {
            let members: Vec<String> = (0..40).map(|i| format!("\"k{i}\":{{\"k{i}\":1}}")).collect();
            format!("{{{}{extra}}}", members.join(","))
        };
        let cases = [
            (r#"{"a":1,"b":2,"A":3,"":4}"#.to_owned(), None),
            (r#"{"a":1,"a":2}"#.to_owned(), Some("a")),
            (r#"[{"x":{"a":1,"b":2,"\u0061":2}}]"#.to_owned(), Some("a")),
            (wide(""), None),
            (wide(",\"k7\":0"), Some("k7")),
            (wide(",\"k\\u0037\":0"), Some("k7")),
        ];
        for (text, twice) in cases {
            let got = Tree::read(&text).err().map(|error| error.to_string());
            assert_eq!(got, twice.map(|name| format!("\"{name}\" appears twice in one object")));
        }
    }
}
