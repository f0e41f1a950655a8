//! Limits of what a host registers and runs, and of what its calls ask.

use mcpserver::{Kind, Limits, Tool};
use serde_json::{Value, json};

use crate::{
    modern,
    support::{OBJECT, Served, eventually, next, stuck, tool},
};

pub(super) fn page_items(served: &Served) {
    ["a", "b"].iter().for_each(|name| served.add_tool(tool(name, drop)).unwrap());
    let first = modern(served).request("tools/list", json!({}));
    assert_eq!(first.result()["tools"].as_array().unwrap().len(), 2);
    let rest = modern(served).request("tools/list", json!({"cursor": first.result()["nextCursor"]}));
    assert_eq!(rest.result()["tools"].as_array().unwrap().len(), 1);
    assert!(rest.result().get("nextCursor").is_none());
}

pub(super) fn schema(served: &Served) {
    let property = |name: &str, inner: Value| json!({"type": "object", "properties": {name: inner}});
    let deep = (0..5).fold(json!({"type": "string"}), |inner, _| property("p", inner));
    let error = served.add_tool(Tool::new("deep", deep.to_string(), drop)).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidSchema);
    let limit = std::thread::current().name().unwrap_or_default().to_owned();
    assert!(error.message().contains(&limit), "{limit}: {error}");
    served.add_tool(Tool::new("flat", OBJECT, drop)).unwrap();
}

pub(super) fn request_state_bytes(served: &Served) {
    served
        .add_tool(tool("ask", |mut call| {
            call.remember("much", &json!("x".repeat(500)).to_string()).unwrap();
            assert_eq!(call.ask("k", "roots/list", None).unwrap_err().kind(), Kind::InputRequired);
            assert_eq!(call.suspend().unwrap_err().kind(), Kind::LimitExceeded);
        }))
        .unwrap();
    let reply = modern(served).call("ask", json!({}));
    assert_eq!(reply.code(), -32603);
    assert!(reply.message().contains("request_state_bytes"), "{}", reply.message());
    assert_eq!(served.metrics().panics, 0);
}

pub(super) fn request_state_ms(served: &Served) {
    served
        .add_tool(tool("ask", |mut call| match call.ask("k", "roots/list", None) {
            Err(_) => call.suspend().unwrap(),
            Ok(_) => call.finish_text("answered").unwrap(),
        }))
        .unwrap();
    let client = modern(served);
    let state = client.call("ask", json!({})).result()["requestState"].clone();
    eventually("it expires", || {
        let params = json!({
            "name": "ask", "arguments": {}, "requestState": state, "inputResponses": {"k": {"roots": []}},
        });
        let reply = client.request("tools/call", params);
        reply.answer.get("error").is_some_and(|error| error["message"].as_str().unwrap().contains("expired"))
    });
}

pub(super) fn questions(served: &Served) {
    served
        .add_tool(tool("ask", |mut call| {
            assert_eq!(call.ask("a", "roots/list", None).unwrap_err().kind(), Kind::InputRequired);
            let error = call.ask("b", "roots/list", None).unwrap_err();
            call.fail(error.message()).unwrap();
        }))
        .unwrap();
    let reply = modern(served).call("ask", json!({}));
    assert!(reply.text().contains("limit questions"), "{}", reply.text());
}

pub(super) fn pool_threads(served: &Served) {
    let (begun, release) = stuck(served, tool("stuck", drop));
    let client = modern(served);
    let exchanges: Vec<_> = (0..3).map(|_| client.start_call("stuck", json!({}))).collect();
    next(&begun);
    eventually("the others wait", || served.metrics().pool_queue == 2);
    assert_eq!(served.metrics().pool_threads, 1);
    drop(release);
    exchanges.into_iter().for_each(|exchange| assert_eq!(exchange.finish().code(), -32603));
}

pub(super) fn pool_queue(served: &Served) {
    // As many threads as there may be are kept busy, so that the queue fills.
    let (begun, release) = stuck(served, tool("stuck", drop));
    let client = modern(served);
    let threads = Limits::default().pool_threads;
    let mut exchanges = Vec::new();
    for _ in 0..threads {
        exchanges.push(client.start_call("stuck", json!({})));
        next(&begun);
    }
    exchanges.push(client.start_call("stuck", json!({})));
    eventually("one waits", || served.metrics().pool_queue == 1);
    let reply = client.call("stuck", json!({}));
    assert_eq!(reply.code(), -32603);
    assert!(reply.message().contains("busy"), "{}", reply.message());
    assert_eq!(served.metrics().pool_refused, 1);
    drop(release);
    exchanges.into_iter().for_each(|exchange| assert_eq!(exchange.finish().code(), -32603));
}
