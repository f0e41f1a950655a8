//! Fuzzing: headers of a request, and a body to compare them with.

use std::{net::IpAddr, sync::OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    guard::{Guard, check_accept, check_content},
    headers::{check_mirrors, version},
};
use crate::{
    registry::{
        param_check,
        param_header::{self, ParamHeader},
    },
    rpc::{Body, Message, Slot, read, text},
};

const SCHEMA: &str = r#"{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "count":{"type":"integer","x-mcp-header":"Count"},
    "deep":{"type":"object","properties":{
        "flag":{"type":"boolean","x-mcp-header":"Flag"},
        "name":{"type":"string","x-mcp-header":"Name"}}}}}"#;

/// The parameters of that schema.
fn params() -> &'static [ParamHeader] {
    static PARAMS: OnceLock<Vec<ParamHeader>> = OnceLock::new();
    PARAMS.get_or_init(|| {
        let schema = serde_json::from_str(SCHEMA).expect("it is JSON");
        param_header::find(&schema).expect("its annotations are good")
    })
}

/// Reads headers, a line each, and a body behind an empty line, and does all that is done with them.
pub fn headers(input: &[u8]) {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let body = input.get(end + 2..).unwrap_or_default();
    let mut map = HeaderMap::new();
    for line in input[..end].split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    guard(&map);
    let _ = check_content(&map);
    let _ = check_accept(&map, &["application/json", "text/event-stream"]);
    let found = version(&map);
    let Ok(text) = text(body) else { return };
    if let Ok(Body::One(Message::Request { id, method, params: body })) =
        read(text, 128, &mut Slot::default())
    {
        let version = found.unwrap_or_default();
        if check_mirrors(&map, version, id, method, body).is_ok() {
            assert!(version.is_some() && map["mcp-method"].as_bytes() == method.as_bytes());
        }
        let arguments = body.arguments.map(|raw| raw.get()).filter(|json| json.starts_with('{'));
        if param_check::check(&map, params(), arguments).is_ok() {
            mirrored(&map, arguments);
        }
    }
}

/// Only loopback names pass on a loopback address.
fn guard(map: &HeaderMap) {
    let guard = Guard { loopback: true, hosts: Vec::new(), origins: Vec::new() };
    if guard.check(map, None).is_err() {
        return;
    }
    let host = map["host"].to_str().expect("it passed");
    assert!(is_loopback(host), "Host {host:?} passed");
    if let Some(origin) = map.get("origin") {
        let origin = origin.to_str().expect("it passed");
        let host = origin.split_once("://").map(|(_, host)| host).expect("it passed");
        assert!(is_loopback(host), "Origin {origin:?} passed");
    }
}

/// The same as the guard finds, by the parser of another make.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// A string that was mirrored is in the body.
fn mirrored(map: &HeaderMap, arguments: Option<&str>) {
    let Some(header) = map.get("mcp-param-region") else { return };
    let decoded = crate::protocol::header::decode(header.as_bytes()).expect("it passed");
    let arguments: serde_json::Value = match serde_json::from_str(arguments.unwrap_or("{}")) {
        Ok(arguments) => arguments,
        // Another value of the arguments is beyond that parser, such as half a surrogate pair.
        Err(_) => return,
    };
    if let Some(region) = arguments["region"].as_str() {
        assert_eq!(region, decoded);
    }
}
