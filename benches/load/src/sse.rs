//! Server-sent events: the `data` of each event in a growing buffer.

/// Hands over the data of each complete event and returns how many bytes are used up.
pub fn events(buf: &[u8], mut each: impl FnMut(&[u8])) -> usize {
    let mut used = 0;
    let mut at = 0;
    let mut first: Option<&[u8]> = None;
    let mut joined: Vec<u8> = Vec::new();
    while let Some(n) = buf[at..].iter().position(|b| *b == b'\n') {
        let line = &buf[at..at + n];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += n + 1;
        if line.is_empty() {
            let data = if joined.is_empty() { first.unwrap_or_default() } else { &joined };
            if !data.is_empty() {
                each(data);
            }
            first = None;
            joined.clear();
            used = at;
        } else if let Some(data) = line.strip_prefix(b"data:") {
            let data = data.strip_prefix(b" ").unwrap_or(data);
            match first {
                None => first = Some(data),
                Some(start) => {
                    if joined.is_empty() {
                        joined.extend_from_slice(start);
                    }
                    joined.push(b'\n');
                    joined.extend_from_slice(data);
                }
            }
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::events;

    #[test]
    fn splits_events() {
        let cases: [(&str, &[&str], usize); 6] = [
            ("data: a\n\ndata: b\n\n", &["a", "b"], 18),
            ("data:a\r\n\r\n", &["a"], 10),
            ("id: 1\nevent: message\ndata: a\n\n", &["a"], 30),
            ("data: a\ndata: b\n\n", &["a\nb"], 17),
            (": ping\n\nretry: 5\ndata: \n\n", &[], 25),
            ("data: a\n\ndata: half", &["a"], 9),
        ];
        for (text, wanted, used) in cases {
            let mut got = Vec::new();
            let n = events(text.as_bytes(), |data| got.push(String::from_utf8_lossy(data).into_owned()));
            assert_eq!((got, n), (wanted.iter().map(|s| s.to_string()).collect(), used), "{text:?}");
        }
    }
}
