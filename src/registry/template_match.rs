//! Matches URIs with a template: which values of the variables expand to this URI (RFC 6570 backwards).
//!
//! Two passes, each of which looks at every byte once for a part of the template: from the end, where each part
//! may begin so that the rest fits; then from the start, choosing. Nothing is tried twice.

use std::ops::Range;

use percent_encoding::percent_decode_str;

use super::template::{Part, Template, Variable, to_ascii};

/// Bytes of a URI; a longer one matches nothing. RFC 9110 asks for at least 8000.
const MAX_URI_BYTES: usize = 8192;

/// This part and all after it can match from here.
const FITS: u8 = 1;
/// The same, and this part takes at least its prefix.
const TAKES: u8 = 2;
/// A form can go on with another member from here.
const GOES_ON: u8 = 4;

impl Template {
    /// The values of the variables that make this URI, percent-decoded; a variable that it leaves out is missing.
    /// An exploded variable comes once for each of its values, those of an associative array as `key=value`.
    ///
    /// A value can hold anything, `/` and `..` too: what is encoded in a URI passes every literal of the template.
    pub(crate) fn matches(&self, uri: &str) -> Option<Vec<(&str, String)>> {
        if uri.len() > MAX_URI_BYTES {
            return None;
        }
        let uri = to_ascii(uri);
        // Most URIs of a server match none but one of its templates, and differ in the first bytes.
        if let Some(Part::Literal(text)) = self.parts.first()
            && !uri.starts_with(&**text)
        {
            return None;
        }
        let table = Table::new(self, uri.as_bytes());
        if !table.is(0, 0, FITS) {
            return None;
        }
        let mut walk = Walk { template: self, uri: &uri, table, found: Vec::new() };
        let mut at = 0;
        for index in 0..self.parts.len() {
            at = walk.part(index, at)?;
        }
        self.agree(walk.found)
    }

    /// Brings the places of each variable together.
    fn agree(&self, found: Vec<(usize, String)>) -> Option<Vec<(&str, String)>> {
        let mut values: Vec<(usize, String)> = Vec::with_capacity(found.len());
        for (place, value) in found {
            let variable = &self.variables[place];
            let same = |known: &&mut (usize, String)| {
                known.0 != place && self.variables[known.0].name == variable.name
            };
            let known = if self.repeats { values.iter_mut().find(same) } else { None };
            let Some(known) = known else {
                values.push((place, value));
                continue;
            };
            let limit = |variable: &Variable| variable.prefix.unwrap_or(usize::MAX);
            let (here, there) = (limit(variable), limit(&self.variables[known.0]));
            let shared = here.min(there);
            if !value.chars().take(shared).eq(known.1.chars().take(shared)) {
                return None;
            }
            if here > there {
                *known = (place, value);
            }
        }
        Some(values.into_iter().map(|(place, value)| (&*self.variables[place].name, value)).collect())
    }
}

/// For each part and each place of the URI, what can begin there.
struct Table {
    flags: Vec<u8>,
    width: usize,
}

impl Table {
    fn new(template: &Template, uri: &[u8]) -> Self {
        let width = uri.len() + 1;
        let mut flags = vec![0; width * (template.parts.len() + 1)];
        flags[width * (template.parts.len() + 1) - 1] = FITS;
        for (index, part) in template.parts.iter().enumerate().rev() {
            let (before, after) = flags.split_at_mut(width * (index + 1));
            let (row, next) = (&mut before[width * index..], &after[..width]);
            match part {
                Part::Literal(text) => literal(text.as_bytes(), uri, row, next),
                Part::Run { prefix, stop, .. } => run(*prefix, stop, uri, row, next),
                Part::Form { prefix, separator, stop, variables } => {
                    let form = Form {
                        separator: *separator,
                        stop,
                        variables: &template.variables[variables.clone()],
                    };
                    form.fill(*prefix, uri, row, next);
                }
            }
        }
        Self { flags, width }
    }

    fn is(&self, part: usize, at: usize, flag: u8) -> bool {
        self.flags[part * self.width + at] & flag != 0
    }
}

fn literal(text: &[u8], uri: &[u8], row: &mut [u8], next: &[u8]) {
    for at in 0..row.len().saturating_sub(text.len()) {
        if next[at + text.len()] & FITS != 0 && uri[at..].starts_with(text) {
            row[at] = FITS;
        }
    }
}

fn run(prefix: Option<u8>, stop: &[u8], uri: &[u8], row: &mut [u8], next: &[u8]) {
    // Whether the rest fits behind some run of the bytes from `at` on; an empty run is one.
    let mut ends = next[uri.len()] & FITS != 0;
    row[uri.len()] = if prefix.is_some() { next[uri.len()] & FITS } else { 0 };
    for at in (0..uri.len()).rev() {
        let takes = ends && prefix.map_or(!stop.contains(&uri[at]), |prefix| prefix == uri[at]);
        row[at] = match prefix {
            Some(_) => next[at] & FITS | if takes { FITS | TAKES } else { 0 },
            None => {
                if takes {
                    FITS | TAKES
                } else {
                    0
                }
            }
        };
        ends = next[at] & FITS != 0 || (ends && !stop.contains(&uri[at]));
    }
}

struct Form<'t> {
    separator: u8,
    stop: &'static [u8],
    variables: &'t [Variable],
}

impl Form<'_> {
    fn fill(&self, prefix: u8, uri: &[u8], row: &mut [u8], next: &[u8]) {
        let end = uri.len();
        row[end] = next[end] & FITS;
        // For each place, whether the rest fits behind some value that begins there, and where such values stop.
        let mut ends = vec![next[end] & FITS != 0; end + 1];
        let mut stops = vec![end; end + 1];
        for at in (0..end).rev() {
            let stop = self.stop.contains(&uri[at]);
            ends[at] = next[at] & FITS != 0 || (!stop && ends[at + 1]);
            stops[at] = if stop { at } else { stops[at + 1] };
            row[at] = next[at] & FITS;
            if uri[at] == prefix || uri[at] == self.separator {
                let takes = self.name(uri, at + 1).is_some_and(|(_, value)| {
                    let stop = stops[value];
                    ends[value] || (stop < end && row[stop] & GOES_ON != 0)
                });
                if takes && uri[at] == prefix {
                    row[at] |= FITS | TAKES;
                }
                if takes && uri[at] == self.separator {
                    row[at] |= GOES_ON;
                }
            }
        }
    }

    /// The member whose name begins here: the index of its variable, and where its value begins.
    fn name(&self, uri: &[u8], start: usize) -> Option<(usize, usize)> {
        let length = uri[start..].iter().position(|byte| b"=?".contains(byte) || self.stop.contains(byte));
        let end = length.map_or(uri.len(), |length| start + length);
        let name = &uri[start..end];
        let named = self.variables.iter().position(|variable| variable.name.as_bytes() == name);
        let index = named.or_else(|| {
            if name.is_empty() { None } else { self.variables.iter().position(|variable| variable.explode) }
        })?;
        match uri.get(end) {
            Some(b'=') => Some((index, end + 1)),
            Some(b'?') if !self.stop.contains(&b'?') => None,
            _ => Some((index, end)),
        }
    }
}

/// Takes the values out of a URI that fits.
struct Walk<'t> {
    template: &'t Template,
    uri: &'t str,
    table: Table,
    /// Places of variables, and values.
    found: Vec<(usize, String)>,
}

impl Walk<'_> {
    /// Takes one part, and says where the next begins.
    fn part(&mut self, index: usize, at: usize) -> Option<usize> {
        let template = self.template;
        match &template.parts[index] {
            Part::Literal(text) => Some(at + text.len()),
            _ if !self.table.is(index, at, TAKES) => Some(at),
            Part::Run { prefix, separator, stop, variables } => {
                let (start, shortest) = if prefix.is_some() { (at + 1, at + 1) } else { (at, at + 1) };
                let end = self.end(index, start, shortest, stop);
                self.split(start..end, *separator, variables.clone())?;
                Some(end)
            }
            Part::Form { separator, stop, variables, .. } => {
                let form =
                    Form { separator: *separator, stop, variables: &template.variables[variables.clone()] };
                self.members(&form, index, at, variables.start)
            }
        }
    }

    /// Where a value ends: as late as the rest allows, yet before an expression that is left out otherwise.
    /// So `{name}{.ext}` takes `a.tar.gz` apart before `.gz`, as does `{name}.{ext}`.
    fn end(&self, index: usize, start: usize, shortest: usize, stop: &[u8]) -> usize {
        let bytes = self.uri.as_bytes();
        let longest = start + bytes[start..].iter().take_while(|byte| !stop.contains(byte)).count();
        let last = |flag| (shortest..=longest).rev().find(|end| self.table.is(index + 1, *end, flag));
        let optional = matches!(
            self.template.parts.get(index + 1),
            Some(Part::Run { prefix: Some(_), .. } | Part::Form { .. })
        );
        optional.then(|| last(TAKES)).flatten().or_else(|| last(FITS)).unwrap_or(longest)
    }

    fn split(&mut self, text: Range<usize>, separator: char, variables: Range<usize>) -> Option<()> {
        let text = &self.uri[text];
        let last = variables.end - 1;
        let pieces = if variables.len() == 1 && !self.template.variables[last].explode {
            1
        } else if self.template.variables[last].explode {
            usize::MAX
        } else {
            variables.len()
        };
        // A list that is not exploded is one value; only the last variable can be one without doubt.
        for (place, value) in text.splitn(pieces, separator).enumerate() {
            self.take((variables.start + place).min(last), value)?;
        }
        Some(())
    }

    fn members(&mut self, form: &Form<'_>, index: usize, at: usize, first: usize) -> Option<usize> {
        let bytes = self.uri.as_bytes();
        let mut separator = at;
        loop {
            let (place, start) = form.name(bytes, separator + 1)?;
            let place = first + place;
            let stop = start + bytes[start..].iter().take_while(|byte| !form.stop.contains(byte)).count();
            let goes_on = stop < bytes.len() && self.table.is(index, stop, GOES_ON);
            let end = if goes_on { stop } else { self.end(index, start, start, form.stop) };
            let variable = &self.template.variables[place];
            let name = self.uri[separator + 1..start].trim_end_matches('=');
            if variable.explode && name != &*variable.name {
                self.take(place, &self.uri[separator + 1..end])?;
            } else if variable.explode || !self.found.iter().any(|(known, _)| *known == place) {
                self.take(place, &self.uri[start..end])?;
            } else {
                return None;
            }
            if !goes_on {
                return Some(end);
            }
            separator = stop;
        }
    }

    fn take(&mut self, place: usize, encoded: &str) -> Option<()> {
        let value = percent_decode_str(encoded).decode_utf8().ok()?.into_owned();
        if self.template.variables[place].prefix.is_some_and(|length| value.chars().nth(length).is_some()) {
            return None;
        }
        self.found.push((place, value));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(template: &str, uri: &str) -> Option<String> {
        let template = Template::parse(template).unwrap();
        let found = template.matches(uri)?;
        Some(found.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn uris_match_or_not() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("test://a", "test://a", Some("")),
            ("test://a", "test://b", None),
            ("test://a", "test://a/", None),
            ("", "", Some("")),
            ("", "x", None),
            // Simple expansion.
            ("test://t/{id}/data", "test://t/123/data", Some("id=123")),
            ("test://t/{id}/data", "test://t//data", None),
            ("test://t/{id}/data", "test://t/1/2/data", None),
            ("test://t/{id}/data", "test://t/1%2F2/data", Some("id=1/2")),
            ("test://t/{id}/data", "test://t/a%20b%C3%A9/data", Some("id=a bé")),
            ("test://t/{id}/data", "test://t/%FF/data", None),
            ("test://t/{id}", "test://t/me@example.org", Some("id=me@example.org")),
            ("test://t/{id}", "test://t/a?b", None),
            ("test://t/{id}", "test://t/a#b", None),
            ("test://t/{id}", "test://t/", None),
            ("file:///{path}", "file:///a/b", None),
            ("{x,y}", "1024,768", Some("x=1024 y=768")),
            ("{x,y}", "1024", Some("x=1024")),
            ("{x,y}", "1,2,3", Some("x=1 y=2,3")),
            ("{x}", "a,b", Some("x=a,b")),
            ("{x*}", "a,b", Some("x=a x=b")),
            ("{x}{y}", "abc", Some("x=ab y=c")),
            ("{name}.{ext}", "a.tar.gz", Some("name=a.tar ext=gz")),
            ("{name}{.ext}", "a.tar.gz", Some("name=a.tar ext=gz")),
            ("{name}{.ext}", "a", Some("name=a")),
            ("x-{a}-{b}-y", "x-1-2-3-y", Some("a=1-2 b=3")),
            // Reserved and fragment.
            ("file:///{+path}", "file:///a/b?c#d", Some("path=a/b?c#d")),
            ("file:///{+path}/end", "file:///a/end/end", Some("path=a/end")),
            ("file:///{+path}", "file:///", None),
            ("a{#frag}", "a#x/y", Some("frag=x/y")),
            ("a{#frag}", "a", Some("")),
            ("{+x,y}", "1/2,3", Some("x=1/2 y=3")),
            // Labels and segments.
            ("www{.dom*}", "www.example.com", Some("dom=example dom=com")),
            ("www{.a,b}", "www.x.y.z", Some("a=x b=y.z")),
            ("a{/b}", "a/x", Some("b=x")),
            ("a{/b}", "a", Some("")),
            ("a{/b}", "a/", Some("b=")),
            ("a{/b}", "a/x/y", None),
            ("a{/b,c}", "a/x/y", Some("b=x c=y")),
            ("a{/b,c}", "a/x", Some("b=x")),
            ("a{/b*}", "a/x/y/z", Some("b=x b=y b=z")),
            ("a{/b,c*}/end", "a/x/y/z/end", Some("b=x c=y c=z")),
            ("{+base}{/last}", "a/b/c", Some("base=a/b last=c")),
            // Forms.
            ("a{?q,n}", "a", Some("")),
            ("a{?q,n}", "a?q=1&n=2", Some("q=1 n=2")),
            ("a{?q,n}", "a?n=2&q=1", Some("n=2 q=1")),
            ("a{?q,n}", "a?n=2", Some("n=2")),
            ("a{?q,n}", "a?q=&n", Some("q= n=")),
            ("a{?q,n}", "a?q=a%26b?c=d", Some("q=a&b?c=d")),
            ("a{?q,n}", "a?x=1", None),
            ("a{?q,n}", "a?q=1&x=1", None),
            ("a{?q,n}", "a?q=1&q=2", None),
            ("a{?q,n}", "a?", None),
            ("a{?q,n}", "a?q=1&", None),
            ("a{?q*}", "a?q=1&q=2", Some("q=1 q=2")),
            ("a{?q*}", "a?k=1&l=%3B", Some("q=k=1 q=l=;")),
            ("a{?q,rest*}", "a?x=1&q=2&y", Some("rest=x=1 q=2 rest=y")),
            ("a?fixed=1{&x}", "a?fixed=1&x=2", Some("x=2")),
            ("a?fixed=1{&x}", "a?fixed=1", Some("")),
            ("a{?x}{&y}{#f}", "a?x=1&y=2#z", Some("x=1 y=2 f=z")),
            ("a{?x}&end=1", "a?x=1&end=1", Some("x=1")),
            ("a{?x}-tail", "a?x=1-tail", Some("x=1")),
            ("a{;x,y}/b", "a;x=1;y/b", Some("x=1 y=")),
            ("a{;x,y}/b", "a/b", Some("")),
            ("{path}{?q}", "p?q=1", Some("path=p q=1")),
            // Prefixes and repeated variables.
            ("{a:3}", "abc", Some("a=abc")),
            ("{a:3}", "%C3%A9%C3%A9%C3%A9", Some("a=ééé")),
            ("{a:3}", "abcd", None),
            ("{/a:1,a}", "/h/hello", Some("a=hello")),
            ("{/a:1,a}", "/x/hello", None),
            ("{a}/{a}", "x/x", Some("a=x")),
            ("{a}/{a}", "x/y", None),
            // What is not ASCII.
            ("test://é/{v}", "test://%C3%A9/x", Some("v=x")),
            ("test://é/{v}", "test://é/ü", Some("v=ü")),
            ("{v}", "100%", Some("v=100%")),
        ];
        for (template, uri, want) in cases {
            assert_eq!(matched(template, uri).as_deref(), *want, "{template} {uri}");
        }
    }

    #[test]
    fn hard_uris_end_soon() {
        let cases = [
            ("{+a}".repeat(32) + "!", "a".repeat(MAX_URI_BYTES)),
            ("{a}x{b}x{c}x{d}!".to_owned(), "x".repeat(MAX_URI_BYTES)),
            ("{?a*}{&b*}{&c*}!".to_owned(), "?a=".repeat(MAX_URI_BYTES / 3)),
            ("{&a*}{&b*}{&c*}!".to_owned(), "&a=".repeat(MAX_URI_BYTES / 3)),
            ("{?a*}!".to_owned(), "?".repeat(MAX_URI_BYTES)),
            ("{a*}{?b,b}".to_owned(), ",".repeat(MAX_URI_BYTES - 1) + "?"),
            ("{+a}".to_owned(), "a".repeat(MAX_URI_BYTES + 1)),
        ];
        for (template, uri) in cases {
            assert_eq!(matched(&template, &uri), None, "{template}");
        }
    }
}
