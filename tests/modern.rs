//! 2026-07-28: what every request carries, headers that mirror it, listen streams, caching and pages.

mod support;

use std::{collections::BTreeSet, sync::mpsc::channel, time::Duration};

use mcpserver::{CacheHint, CancelReason, Prompt, Tool};
use serde_json::{Value, json};
use support::{Client, Connection, MODERN, Reply, eventually, next, parked, resource, serve, tool};

const META: &str = "io.modelcontextprotocol/";

/// Sends a request with headers and `_meta` as they are given.
fn send(address: std::net::SocketAddr, fields: &[(&str, &str)], method: &str, params: &Value) -> Reply {
    let mut connection = Connection::open(address);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    connection.send("POST", fields, Some(&body.to_string()));
    support::Exchange { connection, id: 1 }.finish()
}

fn meta(members: &[(&str, Value)]) -> Value {
    let members = members.iter().map(|(name, value)| (format!("{META}{name}"), value.clone()));
    json!({"_meta": Value::Object(members.collect())})
}

#[test]
fn every_request_carries_its_context() {
    let served = serve(|_| {});
    let fields = [("mcp-protocol-version", MODERN), ("mcp-method", "tools/list")];
    let version = ("protocolVersion", json!(MODERN));
    let capabilities = ("clientCapabilities", json!({}));
    let both = [version.clone(), capabilities.clone()];
    let cases = [
        (vec![], "protocolVersion"),
        (vec![version.clone()], "clientCapabilities"),
        (vec![version.clone(), ("clientCapabilities", json!([]))], "clientCapabilities"),
        ([&both[..], &[("logLevel", json!("loud"))]].concat(), "loud"),
        ([&both[..], &[("clientInfo", json!("me"))]].concat(), "clientInfo"),
    ];
    for (members, names) in cases {
        let reply = send(served.address, &fields, "tools/list", &meta(&members));
        assert_eq!((reply.status, reply.code()), (400, -32602), "{members:?}");
        assert!(reply.message().contains(names), "{}", reply.message());
    }
    let whole = meta(&both);
    send(served.address, &fields, "tools/list", &whole).result();
}

#[test]
fn an_unknown_revision_is_answered_with_those_that_are_served() {
    let served = serve(|_| {});
    let params = meta(&[("protocolVersion", json!("2099-01-01")), ("clientCapabilities", json!({}))]);
    let fields = [("mcp-protocol-version", "2099-01-01"), ("mcp-method", "tools/list")];
    let reply = send(served.address, &fields, "tools/list", &params);
    assert_eq!((reply.status, reply.code()), (400, -32022));
    let data = &reply.answer["error"]["data"];
    assert_eq!((&data["requested"], &data["supported"][0]), (&json!("2099-01-01"), &json!(MODERN)));
}

#[test]
fn headers_have_to_say_what_the_body_says() {
    let served = serve(|_| {});
    let mut params = meta(&[("protocolVersion", json!(MODERN)), ("clientCapabilities", json!({}))]);
    params["name"] = json!("echo");
    let (version, method, name) =
        (("mcp-protocol-version", MODERN), ("mcp-method", "tools/call"), ("mcp-name", "echo"));
    let refused: [&[(&str, &str)]; 5] = [
        &[method, name],
        &[version, name],
        &[version, method],
        &[version, ("mcp-method", "tools/list"), name],
        &[version, method, ("mcp-name", "other")],
    ];
    for fields in refused {
        let reply = send(served.address, fields, "tools/call", &params);
        assert_eq!((reply.status, reply.code()), (400, -32020), "{fields:?}");
    }
    assert_eq!(send(served.address, &[version, method, name], "tools/call", &params).text(), "{}");
    // base64 of "echo"
    let encoded = ("mcp-name", "=?base64?ZWNobw==?=");
    assert_eq!(send(served.address, &[version, method, encoded], "tools/call", &params).text(), "{}");
}

#[test]
fn arguments_that_are_mirrored_have_to_match() {
    let served = serve(|_| {});
    let schema = r#"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}"#;
    served
        .add_tool(Tool::new("region", schema, |call: mcpserver::Call| call.finish_text("ok").unwrap()))
        .unwrap();
    let mut params = meta(&[("protocolVersion", json!(MODERN)), ("clientCapabilities", json!({}))]);
    params["name"] = json!("region");
    let fields = [("mcp-protocol-version", MODERN), ("mcp-method", "tools/call"), ("mcp-name", "region")];
    let call = |argument: Option<&str>, header: Option<&str>| {
        let mut params = params.clone();
        params["arguments"] = argument.map_or(json!({}), |region| json!({ "region": region }));
        let mut fields = fields.to_vec();
        fields.extend(header.map(|region| ("mcp-param-region", region)));
        send(served.address, &fields, "tools/call", &params)
    };
    assert_eq!(call(Some("eu"), Some("eu")).text(), "ok");
    assert_eq!(call(None, None).text(), "ok");
    for (argument, header) in [(Some("eu"), None), (Some("eu"), Some("us")), (None, Some("eu"))] {
        let reply = call(argument, header);
        assert_eq!((reply.status, reply.code()), (400, -32020), "{argument:?} {header:?}");
    }
    // Clients of sessions know nothing of such headers.
    let session = Client::session(served.address, "2025-11-25");
    assert_eq!(session.call("region", json!({"region": "eu"})).text(), "ok");
}

#[test]
fn discover_tells_what_is_served() {
    let served = serve(|config| {
        config.instructions = Some("read me".into());
        config.extensions = vec![("x.y/z".into(), r#"{"a":1}"#.into())];
        config.list_cache = CacheHint { ttl: Duration::from_secs(5), public: true };
    });
    let client = Client::modern(served.address);
    let reply = client.request("server/discover", json!({}));
    let result = reply.result();
    assert_eq!(result["supportedVersions"].as_array().unwrap().len(), 5);
    assert_eq!(result["capabilities"]["extensions"], json!({"x.y/z": {"a": 1}}));
    assert!(result["capabilities"].get("prompts").is_none());
    assert_eq!((&result["instructions"], &result["ttlMs"]), (&json!("read me"), &json!(5000)));
    assert_eq!(result["_meta"][format!("{META}serverInfo")]["name"], "tests");
    served.add_prompt(Prompt::new("p", drop)).unwrap();
    let reply = client.request("server/discover", json!({}));
    assert_eq!(reply.result()["capabilities"]["prompts"], json!({"listChanged": true}));
    let lists = client.request("tools/list", json!({}));
    assert_eq!((&lists.result()["ttlMs"], &lists.result()["cacheScope"]), (&json!(5000), &json!("public")));
    let session = Client::session(served.address, "2025-11-25");
    assert!(session.request("tools/list", json!({})).result().get("ttlMs").is_none());
    assert_eq!(session.request("server/discover", json!({})).code(), -32601);
}

#[test]
fn what_the_revision_dropped_is_not_served() {
    let served = serve(|_| {});
    served.add_resource(resource("a:b")).unwrap();
    let client = Client::modern(served.address);
    for method in ["ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "initialize"] {
        let reply = client.request(method, json!({"uri": "a:b", "level": "info"}));
        assert_eq!((reply.status, reply.code()), (404, -32601), "{method}");
    }
    for method in ["GET", "DELETE"] {
        let mut connection = Connection::open(served.address);
        connection.send(method, &[("mcp-protocol-version", MODERN), ("accept", "text/event-stream")], None);
        assert_eq!(connection.head().status, 405, "{method}");
    }
}

#[test]
fn a_listen_stream_is_acknowledged_with_what_will_come() {
    let served = serve(|_| {});
    served.add_resource(resource("a:b")).unwrap();
    let client = Client::modern(served.address);
    let filter =
        json!({"toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["a:b"]});
    let exchange = client.start("subscriptions/listen", json!({"notifications": filter}));
    let id = exchange.id;
    let mut events = exchange.events();
    let acknowledged = events.message();
    assert_eq!(acknowledged["params"]["_meta"][format!("{META}subscriptionId")], id);
    // There are no prompts, so their changes are not promised.
    let granted = json!({"toolsListChanged": true, "resourceSubscriptions": ["a:b"]});
    assert_eq!(acknowledged["params"]["notifications"], granted);
    let (_, mut other) = client.listen(json!({}));
    assert_eq!(served.resource_updated("a:b").unwrap(), 1);
    assert_eq!(events.message()["params"]["_meta"][format!("{META}subscriptionId")], id);
    served.stop(Duration::from_secs(5)).unwrap();
    for rest in [events.rest(), other.rest()] {
        assert_eq!((rest.len(), &rest[0]["result"]["resultType"]), (1, &json!("complete")));
    }
}

#[test]
fn a_listen_without_a_filter_is_refused() {
    let served = serve(|_| {});
    let client = Client::modern(served.address);
    for params in [json!({}), json!({"notifications": []}), json!({"notifications": {"toolsListChanged": 1}})]
    {
        let reply = client.request("subscriptions/listen", params);
        assert_eq!((reply.status, reply.code()), (400, -32602));
    }
}

#[test]
fn a_client_that_goes_away_cancels_its_call() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let client = Client::modern(served.address);
    for streaming in [false, true] {
        let exchange = client.start_call("wait", json!({}));
        let call = next(&calls);
        let (told, reasons) = channel();
        call.on_cancel(move |reason| told.send(reason).unwrap_or_default());
        if streaming {
            call.notify("n", None).unwrap();
            let mut events = exchange.events();
            assert_eq!(events.message()["method"], "n");
            drop(events);
        } else {
            drop(exchange);
        }
        assert_eq!(next(&reasons), CancelReason::Disconnected, "streaming: {streaming}");
        assert_eq!(call.cancelled(), Some(CancelReason::Disconnected));
    }
    assert_eq!(served.metrics().cancelled_by_disconnect, 2);
    eventually("the connections are closed", || served.metrics().connections_open == 0);
}

#[test]
fn pages_lose_and_repeat_nothing_while_the_registry_changes() {
    let served = serve(|config| config.limits.set("page_items", 3).unwrap());
    for i in 0..10 {
        served.add_tool(tool(&format!("t{i}"), drop)).unwrap();
    }
    for client in Client::of_both_eras(served.address) {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
        loop {
            let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
            let reply = client.request("tools/list", params);
            let tools = reply.result()["tools"].as_array().unwrap().clone();
            assert!(tools.len() <= 3);
            seen.extend(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
            // Between two pages one goes that was seen, and one comes that sorts before all.
            let first = seen.first().unwrap().clone();
            let _ = served.remove_tool(&first);
            let _ = served.add_tool(tool(&first, drop));
            pages += 1;
            match reply.result().get("nextCursor") {
                Some(next) => cursor = next.clone(),
                None => break,
            }
        }
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len(), pages), (11, 11, 4), "{seen:?}");
        assert_eq!(client.request("tools/list", json!({"cursor": "nonsense"})).code(), -32602);
    }
}
