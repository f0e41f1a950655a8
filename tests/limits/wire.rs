//! Limits of connections, requests and their bytes.

use serde_json::json;

use crate::{
    modern, session,
    support::{Client, Connection, Served, eventually, inline, next, parked},
};

pub(super) fn connections(served: &Served) {
    let _held: Vec<_> = (0..2).map(|_| Connection::open(served.address)).collect();
    eventually("both are open", || served.metrics().connections_open == 2);
    assert_eq!(Connection::open(served.address).head().status, 503);
    assert_eq!(served.metrics().connections_refused, 1);
}

pub(super) fn body_bytes(served: &Served) {
    let reply = modern(served).call("echo", json!({"x": "x".repeat(2000)}));
    assert_eq!(reply.status, 413);
    assert!(reply.message().contains("body_bytes"), "{}", reply.message());
    // Without a length it is noticed while it comes in.
    let mut chunked = Connection::open(served.address);
    let fields = "host: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked";
    chunked
        .write(format!("POST /mcp HTTP/1.1\r\n{fields}\r\n\r\nbb8\r\n{}\r\n", "x".repeat(3000)).as_bytes());
    assert_eq!(chunked.head().status, 413);
}

pub(super) fn header_bytes(served: &Served) {
    let mut connection = Connection::open(served.address);
    connection.send("POST", &[("x", &"x".repeat(20_000))], Some("{}"));
    assert_eq!(connection.head().status, 431);
}

pub(super) fn header_count(served: &Served) {
    let mut connection = Connection::open(served.address);
    connection.send("POST", &[("x", "1"); 20], Some("{}"));
    assert_eq!(connection.head().status, 431);
}

pub(super) fn header_read(served: &Served) {
    let mut connection = Connection::open(served.address);
    connection.write(b"POST /mcp HTTP/1.1\r\nhost:");
    assert_eq!(connection.head().status, 408);
    assert!(connection.is_closed());
}

pub(super) fn body_read(served: &Served) {
    let mut connection = Connection::open(served.address);
    connection.write(
        b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    );
    assert_eq!(connection.head().status, 408);
    assert!(connection.is_closed());
}

pub(super) fn connection_idle(served: &Served) {
    let mut fresh = Connection::open(served.address);
    assert!(fresh.is_closed());
    let exchange = modern(served).start_call("echo", json!({}));
    let mut connection = exchange.connection;
    let head = connection.head();
    connection.body(&head);
    assert!(connection.is_closed());
}

pub(super) fn write(served: &Served) {
    let big = "x".repeat(8 << 20);
    served.add_tool(inline("big", move |call| call.finish_text(&big).unwrap_or_default())).unwrap();
    let unread = modern(served).start_call("big", json!({}));
    eventually("a response that is not read is given up", || served.metrics().connections_open == 0);
    drop(unread);
}

pub(super) fn batch_messages(served: &Served) {
    let client = Client::session(served.address, "2025-03-26");
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let mut connection = client.post(&json!([ping, ping, ping]));
    let head = connection.head();
    assert_eq!(head.status, 400);
    assert!(connection.body(&head).contains("batch_messages"));
}

pub(super) fn json_depth(served: &Served) {
    let deep = (0..20).fold(json!(1), |value, _| json!([value]));
    let reply = modern(served).call("echo", json!({ "deep": deep }));
    assert_eq!((reply.status, reply.code()), (400, -32700));
    assert!(reply.message().contains("10 levels"), "{}", reply.message());
}

pub(super) fn keep_alive(served: &Served) {
    let (_, mut listen) = modern(served).listen(json!({}));
    let calls = parked(served, "wait");
    let exchange = modern(served).start_call("wait", json!({}));
    let call = next(&calls);
    call.notify("n", None).unwrap();
    let mut response = exchange.events();
    assert_eq!(response.message()["method"], "n");
    for stream in [&mut listen, &mut response] {
        assert!((0..3).all(|_| stream.raw().unwrap().comment));
    }
    call.finish_text("done").unwrap();
    assert_eq!(response.rest().len(), 1);
}

pub(super) fn retry(served: &Served) {
    assert_eq!(session(served).get().raw().unwrap().retry, Some(77));
}
