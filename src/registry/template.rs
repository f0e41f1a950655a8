//! URI templates of resource templates: RFC 6570, all four levels, read from their text.

use std::ops::Range;

use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::quote::quoted;
use crate::error::{Error, Kind, Result};

/// Bytes of a template. Matching costs its parts times the bytes of a URI.
const MAX_BYTES: usize = 2048;
/// Expressions of a template.
const MAX_EXPRESSIONS: usize = 32;
/// Variables of a template.
const MAX_VARIABLES: usize = 64;

/// Encodes nothing but what is not ASCII, which is always encoded.
const NOT_ASCII: &AsciiSet = &AsciiSet::EMPTY;

/// A URI template, ready to match.
#[derive(Debug)]
pub(crate) struct Template {
    pub(super) parts: Vec<Part>,
    pub(super) variables: Vec<Variable>,
    /// Whether a variable stands in several places, which have to agree then.
    pub(super) repeats: bool,
}

/// A variable in one place.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: Box<str>,
    /// The number of characters that `:n` keeps.
    pub(super) prefix: Option<usize>,
    /// `*`
    pub(super) explode: bool,
}

/// What a URI is made of, in order. Variables are ranges of [`Template::variables`].
#[derive(Debug)]
pub(super) enum Part {
    /// Text as it stands in a URI.
    Literal(Box<str>),
    /// Values without names: `{v}`, `{+v}`, `{#v}`, `{.v}`, and one for each variable of `{/v}`.
    Run { prefix: Option<u8>, separator: char, stop: &'static [u8], variables: Range<usize> },
    /// Names with values: `{;v}`, `{?v}` and `{&v}`.
    Form { prefix: u8, separator: u8, stop: &'static [u8], variables: Range<usize> },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`], with the byte at which the text is not RFC 6570, or the bound that it passes.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { text, at: 0, parts: Vec::new(), variables: Vec::new(), expressions: 0 };
        if text.len() > MAX_BYTES {
            return Err(parser.invalid(format!("has {} bytes; at most {MAX_BYTES} are taken", text.len())));
        }
        while let Some(next) = parser.peek() {
            if next == '{' { parser.expression()? } else { parser.literal()? }
        }
        let Parser { parts, variables, .. } = parser;
        let repeats = variables
            .iter()
            .enumerate()
            .any(|(i, one)| variables[..i].iter().any(|other| other.name == one.name));
        Ok(Self { parts, variables, repeats })
    }
}

/// Encodes what is not ASCII, as the expansion of a template does.
pub(super) fn to_ascii(text: &str) -> std::borrow::Cow<'_, str> {
    utf8_percent_encode(text, NOT_ASCII).into()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    parts: Vec<Part>,
    variables: Vec<Variable>,
    expressions: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn literal(&mut self) -> Result<()> {
        let start = self.at;
        while let Some(next) = self.peek() {
            match next {
                '{' => break,
                '}' => return Err(self.malformed("this brace closes nothing; a literal one is written %7D")),
                '%' => self.percent()?,
                ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' | '\0'..='\x1f' | '\x7f' => {
                    let mut bytes = [0; 4];
                    let encoded = percent_encoding::percent_encode(
                        next.encode_utf8(&mut bytes).as_bytes(),
                        percent_encoding::NON_ALPHANUMERIC,
                    );
                    return Err(self.malformed(format!("a literal {next:?} is written {encoded}")));
                }
                other => self.at += other.len_utf8(),
            }
        }
        self.parts.push(Part::Literal(to_ascii(&self.text[start..self.at]).into()));
        Ok(())
    }

    fn percent(&mut self) -> Result<()> {
        match self.text.as_bytes().get(self.at + 1..self.at + 3) {
            Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => {
                self.at += 3;
                Ok(())
            }
            _ => {
                Err(self
                    .malformed("`%` needs two hexadecimal digits behind it; a literal one is written %25"))
            }
        }
    }

    fn expression(&mut self) -> Result<()> {
        self.expressions += 1;
        if self.expressions > MAX_EXPRESSIONS {
            return Err(self.invalid(format!("has more than {MAX_EXPRESSIONS} expressions")));
        }
        self.take('{');
        let operator = self.peek().filter(|c| "+#./;?&".contains(*c));
        match (operator, self.peek()) {
            (Some(operator), _) => self.at += operator.len_utf8(),
            (None, Some(reserved @ ('=' | ',' | '!' | '@' | '|'))) => {
                return Err(
                    self.malformed(format!("the operator {reserved:?} is reserved and means nothing yet"))
                );
            }
            _ => {}
        }
        let first = self.variables.len();
        loop {
            self.variable()?;
            if self.take('}') {
                break;
            }
            if !self.take(',') {
                return Err(self.malformed("`,` or `}` has to follow a variable"));
            }
        }
        self.push(operator, first..self.variables.len());
        Ok(())
    }

    fn variable(&mut self) -> Result<()> {
        let start = self.at;
        while let Some(next) = self.peek() {
            match next {
                '%' => self.percent()?,
                '_' | '0'..='9' | 'a'..='z' | 'A'..='Z' => self.at += 1,
                '.' if self.at > start && !self.text[start..self.at].ends_with('.') => self.at += 1,
                _ => break,
            }
        }
        let name = &self.text[start..self.at];
        if name.is_empty() || name.ends_with('.') {
            return Err(self.malformed(
                "the name of a variable is expected: letters, digits and `_`, with single dots between",
            ));
        }
        let prefix = if self.take(':') { Some(self.prefix()?) } else { None };
        let explode = prefix.is_none() && self.take('*');
        if self.variables.len() == MAX_VARIABLES {
            return Err(self.invalid(format!("has more than {MAX_VARIABLES} variables")));
        }
        if let Some(earlier) = self.variables.iter().find(|v| *v.name == *name)
            && (explode || earlier.explode)
        {
            return Err(
                self.malformed(format!("{name} is exploded by `*`, so it can stand in one place only"))
            );
        }
        self.variables.push(Variable { name: name.into(), prefix, explode });
        Ok(())
    }

    fn prefix(&mut self) -> Result<usize> {
        let rest = &self.text[self.at..];
        let digits = &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()];
        match digits.parse() {
            Ok(length @ 1..=9999) if !digits.starts_with('0') => {
                self.at += digits.len();
                Ok(length)
            }
            _ => Err(self.malformed("a length from 1 to 9999 has to follow `:`")),
        }
    }

    fn push(&mut self, operator: Option<char>, variables: Range<usize>) {
        // What ends a value is lenient: expansion would encode more than these, yet clients that fill in
        // templates by hand do not.
        let run = |prefix, separator, stop: &'static [u8], variables| Part::Run {
            prefix,
            separator,
            stop,
            variables,
        };
        let form = |prefix, separator, stop: &'static [u8], variables| Part::Form {
            prefix,
            separator,
            stop,
            variables,
        };
        match operator {
            Some('+') => self.parts.push(run(None, ',', b"", variables)),
            Some('#') => self.parts.push(run(Some(b'#'), ',', b"", variables)),
            Some('.') => self.parts.push(run(Some(b'.'), '.', b"/?#", variables)),
            Some('/') => {
                for one in variables {
                    let stop: &[u8] = if self.variables[one].explode { b"?#" } else { b"/?#" };
                    self.parts.push(run(Some(b'/'), '/', stop, one..one + 1));
                }
            }
            Some(';') => self.parts.push(form(b';', b';', b";/?#", variables)),
            Some('?') => self.parts.push(form(b'?', b'&', b"&#", variables)),
            Some('&') => self.parts.push(form(b'&', b'&', b"&#", variables)),
            _ => self.parts.push(run(None, ',', b"/?#", variables)),
        }
    }

    fn malformed(&self, why: impl std::fmt::Display) -> Error {
        self.invalid(format!("is malformed at byte {}: {why}", self.at))
    }

    fn invalid(&self, why: String) -> Error {
        Error::new(Kind::InvalidArgument, format!("URI template {} {why}", quoted(self.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_templates_are_refused_with_the_place() {
        let cases = [
            ("a{", "byte 2: the name"),
            ("a{}", "byte 2: the name"),
            ("a}", "byte 1: this brace"),
            ("a{b", "byte 3: `,` or `}`"),
            ("a{b}}", "byte 4"),
            ("{a{b}}", "byte 2"),
            ("{=a}", "'=' is reserved"),
            ("{!a}", "'!' is reserved"),
            ("{|a}", "'|' is reserved"),
            ("{+}", "byte 2"),
            ("{a,}", "byte 3"),
            ("{,a}", "',' is reserved"),
            ("{a b}", "byte 2"),
            ("{a-b}", "byte 2"),
            ("{.a..b}", "byte 4: the name"),
            ("{a.}", "byte 3: the name"),
            ("{a:0}", "byte 3: a length"),
            ("{a:}", "byte 3: a length"),
            ("{a:10000}", "byte 3: a length"),
            ("{a:3*}", "byte 4"),
            ("{a*:3}", "byte 3"),
            ("{a*}{a}", "one place only"),
            ("{a%2}", "byte 2: `%`"),
            ("a%zz", "byte 1: `%`"),
            ("a b", "byte 1: a literal ' ' is written %20"),
            ("a\nb", "byte 1: a literal '\\n' is written %0A"),
            ("a|b", "%7C"),
        ];
        for (text, want) in cases {
            let error = Template::parse(text).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument);
            assert!(error.message().contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn templates_are_bounded() {
        let cases = [
            ("a".repeat(MAX_BYTES), "a".repeat(MAX_BYTES + 1), "2049 bytes"),
            ("{a}".repeat(MAX_EXPRESSIONS), "{a}".repeat(MAX_EXPRESSIONS + 1), "32 expressions"),
            (
                format!("{{{}}}", vec!["a"; MAX_VARIABLES].join(",")),
                format!("{{{}}}", vec!["a"; MAX_VARIABLES + 1].join(",")),
                "64 variables",
            ),
        ];
        for (good, bad, want) in cases {
            Template::parse(&good).unwrap();
            assert!(Template::parse(&bad).unwrap_err().message().contains(want));
        }
    }
}
