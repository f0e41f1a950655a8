//! Limits of clients, sessions and what is kept for them.

use mcpserver::Kind;
use serde_json::json;

use crate::{
    modern, session,
    support::{Connection, Served, eventually, next, parked, resource, watch_clients},
};

pub(super) fn clients(served: &Served) {
    let client = modern(served);
    let _session = session(served);
    let _listen = client.listen(json!({}));
    let reply = client.request("subscriptions/listen", json!({"notifications": {}}));
    assert_eq!(reply.code(), -32603);
    assert!(reply.message().contains("2 clients"), "{}", reply.message());
}

pub(super) fn client_bytes(served: &Served) {
    let subscriptions: Vec<_> = (0..100).map(|i| format!("a:{i}{}", "x".repeat(100))).collect();
    served.add_resource(resource("a:b")).unwrap();
    let params = json!({"notifications": {"resourceSubscriptions": subscriptions}});
    let reply = modern(served).request("subscriptions/listen", params);
    assert!(reply.message().contains("client_bytes"), "{}", reply.message());
}

pub(super) fn sessions(served: &Served) {
    let calls = parked(served, "wait");
    let first = session(served);
    let exchange = first.start_call("wait", json!({}));
    let call = next(&calls);
    let mut second = Connection::open(served.address);
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
    });
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    second.send("POST", &[], Some(&body.to_string()));
    let head = second.head();
    assert_eq!(head.status, 503);
    assert!(second.body(&head).contains("1 sessions in use"));
    call.finish_text("kept").unwrap();
    assert_eq!(exchange.finish().text(), "kept");
}

pub(super) fn session_idle(served: &Served) {
    let client = session(served);
    eventually("it ends", || served.metrics().sessions_expired == 1);
    assert_eq!(client.request("ping", json!({})).status, 404);
}

pub(super) fn session_requests(served: &Served) {
    let calls = parked(served, "wait");
    let client = session(served);
    let exchanges: Vec<_> = (0..2).map(|_| client.start_call("wait", json!({}))).collect();
    let held: Vec<_> = exchanges.iter().map(|_| next(&calls)).collect();
    let reply = client.call("wait", json!({}));
    assert_eq!(reply.code(), -32600);
    assert!(reply.message().contains("2 requests"), "{}", reply.message());
    held.into_iter().for_each(|call| call.finish_text("done").unwrap());
    exchanges.into_iter().for_each(|exchange| assert_eq!(exchange.finish().text(), "done"));
    assert_eq!(client.call("echo", json!({})).text(), "{}");
}

/// Pushes to a session whose stream is away until that is refused; gives how many were taken.
fn fill_outbox(served: &Served, params: &str) -> usize {
    let events = watch_clients(served);
    let client = session(served);
    let id = next(&events).client;
    drop(client.get());
    eventually("the stream is away", || served.metrics().connections_open == 0);
    let refused = (0..).find_map(|i| Some((i, served.notify_client(id, "n", Some(params)).err()?)));
    let (taken, error) = refused.unwrap();
    assert_eq!(error.kind(), Kind::OutboxFull);
    // It is away, not slow: it may come back for what waits.
    assert_eq!(served.metrics().clients_evicted, 0);
    taken
}

pub(super) fn outbox_messages(served: &Served) {
    assert_eq!(fill_outbox(served, "{}"), 3);
}

pub(super) fn outbox_bytes(served: &Served) {
    let taken = fill_outbox(served, &json!({"x": "x".repeat(300)}).to_string());
    assert_eq!(taken, 2);
}

pub(super) fn event_log(served: &Served) {
    let events = watch_clients(served);
    let client = session(served);
    let id = next(&events).client;
    let mut stream = client.get();
    let first = stream.raw().unwrap().id.unwrap();
    let params = json!({"x": "x".repeat(60)}).to_string();
    let ids: Vec<_> = (0..5)
        .map(|_| {
            served.notify_client(id, "n", Some(&params)).unwrap();
            stream.next().unwrap().id.unwrap()
        })
        .collect();
    let mut gone = client.plain("GET", &[("last-event-id", &first)]);
    let head = gone.head();
    assert_eq!(head.status, 400);
    assert!(gone.body(&head).contains("not kept any more"));
    assert_eq!(client.get_after(Some(&ids[3])).next().unwrap().id.as_ref(), Some(&ids[4]));
}

pub(super) fn subscriptions(served: &Served) {
    let uris = ["a:1", "a:2", "a:3"];
    uris.iter().for_each(|uri| served.add_resource(resource(uri)).unwrap());
    let client = session(served);
    let subscribe = |uri: &str| client.request("resources/subscribe", json!({"uri": uri}));
    uris[..2].iter().for_each(|uri| assert_eq!(subscribe(uri).result(), &json!({})));
    assert_eq!(subscribe(uris[2]).code(), -32602);
    assert_eq!(subscribe(uris[0]).result(), &json!({}));
    let params = json!({"notifications": {"resourceSubscriptions": uris}});
    assert_eq!(modern(served).request("subscriptions/listen", params).code(), -32602);
}
