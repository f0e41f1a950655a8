//! Which requests are let in at all: DNS rebinding (2026-07-28, Streamable HTTP "Security & Endpoint"), media
//! types, and headers that have to be there once.

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN},
};

/// Why a request is turned away.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Who may ask.
#[derive(Debug)]
pub(super) struct Guard {
    /// Whether the listener is bound to a loopback address.
    pub(super) loopback: bool,
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
}

impl Guard {
    /// Checks `Host` and `Origin`.
    pub(super) fn check(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<(), Refusal> {
        let forbidden = |message: String| Err(Refusal::new(StatusCode::FORBIDDEN, message));
        // RFC 9112, 3.2: Host has to be there even where the target of the request takes its place.
        let Some(host) = single(headers, &HOST)? else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "the Host header is missing"));
        };
        let host = match authority {
            Some(authority) => authority,
            None => text(host, "Host")?,
        };
        let listed = |list: &[String], value: &str| {
            list.iter().any(|item| item == "*" || item.eq_ignore_ascii_case(value))
        };
        let name = host_name(host);
        let host_allowed = listed(&self.hosts, host)
            || name.is_some_and(|name| listed(&self.hosts, name))
            || if self.loopback { name.is_some_and(is_loopback) } else { self.hosts.is_empty() };
        if !host_allowed {
            return forbidden(format!("Host {host:?} is not served here; add it to the allowed hosts"));
        }
        let Some(origin) = single(headers, &ORIGIN)? else { return Ok(()) };
        let origin = text(origin, "Origin")?;
        // An origin that equals the Host proves nothing: after a rebinding, an attacker's page sends both.
        let local = |origin: &str| {
            let host = origin.split_once("://").and_then(|(_, host)| host_name(host));
            host.is_some_and(is_loopback)
        };
        let allowed = listed(&self.origins, origin) || (self.loopback && local(origin));
        if allowed {
            Ok(())
        } else {
            forbidden(format!("Origin {origin:?} is not served here; add it to the allowed origins"))
        }
    }
}

/// A header that may be there once.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the header {name} is there more than once; send it once"),
        ));
    }
    Ok(first)
}

/// The text of a header's value.
pub(super) fn text<'a>(value: &'a HeaderValue, name: &str) -> Result<&'a str, Refusal> {
    value.to_str().map_err(|_| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the header {name} holds characters that are not visible ASCII"),
        )
    })
}

/// A host without its port. Whatever follows the name and is no port makes it the name of something else.
fn host_name(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)).then_some(name)
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Checks that a POST carries JSON.
pub(super) fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    let Some(value) = single(headers, &CONTENT_TYPE)? else {
        return refuse("Content-Type is missing; send application/json");
    };
    if value != "application/json" {
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return refuse("Content-Type has to be application/json");
        }
    }
    if headers.get_all(CONTENT_ENCODING).iter().any(|value| value != "identity") {
        return refuse("the body is encoded; send it without Content-Encoding");
    }
    Ok(())
}

/// Checks that a client takes all the media types given. One without `Accept` takes anything.
pub(super) fn check_accept(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Refusal> {
    match headers.get(ACCEPT) {
        None => return Ok(()),
        // What the official clients send with a POST.
        Some(value) if value == "application/json, text/event-stream" => return Ok(()),
        Some(_) => {}
    }
    for media in wanted {
        let kind = media.split('/').next().unwrap_or_default();
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let takes = values.flat_map(|value| value.split(',')).any(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            range == "*/*" || range.eq_ignore_ascii_case(media) || range.strip_suffix("/*") == Some(kind)
        });
        if !takes {
            return Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                format!("Accept has to list {}", wanted.join(" and ")),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn hosts_and_origins() {
        let local = Guard {
            loopback: true,
            hosts: vec!["mcp.example.com".into()],
            origins: vec!["https://app.example.com".into()],
        };
        let public = Guard { loopback: false, hosts: vec![], origins: vec![] };
        let open = Guard { loopback: true, hosts: vec!["*".into()], origins: vec!["*".into()] };
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: [(&Guard, Pairs, u16); 20] = [
            (&local, &[("host", "127.0.0.1:8000")], 200),
            (&local, &[("host", "localhost")], 200),
            (&local, &[("host", "[::1]:80")], 200),
            (&local, &[("host", "mcp.example.com:80")], 200),
            (&local, &[("host", "evil.example.com")], 403),
            (&local, &[("host", "127.0.0.1.evil.example.com")], 403),
            (&local, &[("host", "[::1].evil.example.com")], 403),
            (&local, &[("host", "localhost:80@evil.example.com")], 403),
            (&local, &[], 400),
            (&local, &[("host", "localhost"), ("host", "localhost")], 400),
            (&local, &[("host", "localhost"), ("origin", "http://localhost:3000")], 200),
            (&local, &[("host", "localhost"), ("origin", "http://evil.example.com")], 403),
            (&local, &[("host", "localhost"), ("origin", "http://localhost.evil.example.com")], 403),
            (&local, &[("host", "localhost"), ("origin", "https://app.example.com")], 200),
            (&local, &[("host", "localhost"), ("origin", "null")], 403),
            (&local, &[("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://x")], 400),
            (&public, &[("host", "api.example.com")], 200),
            (&public, &[("host", "api.example.com"), ("origin", "https://api.example.com")], 403),
            (&public, &[("host", "api.example.com"), ("origin", "https://evil.example.com")], 403),
            (&open, &[("host", "x"), ("origin", "http://y")], 200),
        ];
        for (guard, pairs, want) in cases {
            let got =
                guard.check(&headers(pairs), None).map_or_else(|refusal| refusal.status.as_u16(), |()| 200);
            assert_eq!(got, want, "{pairs:?}");
        }
    }

    #[test]
    fn media_types() {
        let both = ["application/json", "text/event-stream"];
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[], true),
            (&[("accept", "*/*")], true),
            (&[("accept", "application/json, text/event-stream")], true),
            (&[("accept", "text/event-stream;q=0.9"), ("accept", "Application/JSON")], true),
            (&[("accept", "application/*, text/*")], true),
            (&[("accept", "application/json")], false),
            (&[("accept", "text/html")], false),
        ];
        for (pairs, want) in cases {
            assert_eq!(check_accept(&headers(pairs), &both).is_ok(), want, "{pairs:?}");
        }
        for (value, want) in
            [("application/json", true), ("Application/JSON; charset=utf-8", true), ("text/plain", false)]
        {
            assert_eq!(check_content(&headers(&[("content-type", value)])).is_ok(), want, "{value}");
        }
        assert!(check_content(&headers(&[])).is_err());
        assert!(
            check_content(&headers(&[("content-type", "application/json"), ("content-encoding", "gzip")]))
                .is_err()
        );
    }
}
