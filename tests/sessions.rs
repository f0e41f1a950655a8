//! The revisions with sessions: negotiation, the session itself, streams and resumption, batches.

mod support;

use std::sync::mpsc::channel;
use std::time::Duration;

use mcpserver::{CancelReason, ClientChange, DisconnectReason, Kind};
use serde_json::{Value, json};
use support::{Client, Connection, SESSIONS, eventually, next, parked, resource, serve, tool, watch_clients};

#[test]
fn the_revision_is_negotiated() {
    let served = serve(|config| config.instructions = Some("read me".into()));
    let mut asked: Vec<_> = SESSIONS.iter().map(|revision| (*revision, *revision)).collect();
    asked.extend([("1999-01-01", "2025-11-25"), ("2099-01-01", "2025-11-25"), ("", "2025-11-25")]);
    for (revision, want) in asked {
        let mut connection = Connection::open(served.address);
        let params = json!({
            "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
        });
        let body = json!({"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": params});
        connection.send("POST", &[], Some(&body.to_string()));
        let head = connection.head();
        let answer: Value = serde_json::from_str(&connection.body(&head)).unwrap();
        assert_eq!(answer["result"]["protocolVersion"], want, "{revision:?}");
        assert_eq!(answer["result"]["serverInfo"]["name"], "tests");
        assert_eq!(answer["result"]["instructions"], "read me");
        assert_eq!(answer["result"]["capabilities"]["tools"], json!({"listChanged": true}));
        assert!(head.field("mcp-session-id").unwrap().bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
    }
}

#[test]
fn a_session_is_named_in_every_request_and_gone_after_delete() {
    let served = serve(|_| {});
    let client = Client::session(served.address, "2025-11-25");
    assert_eq!(client.request("ping", json!({})).result(), &json!({}));
    assert_eq!(client.request("initialize", json!({})).code(), -32600);
    let mut without = Connection::open(served.address);
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    without.send("POST", &[("mcp-protocol-version", "2025-11-25")], Some(&ping));
    assert_eq!(without.head().status, 400);
    assert_eq!(client.delete(), 200);
    assert_eq!(client.request("ping", json!({})).status, 404);
    assert_eq!(client.delete(), 404);
    assert_eq!(client.plain("GET", &[]).head().status, 404);
}

#[test]
fn delete_cancels_what_the_session_asked_for() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let client = Client::session(served.address, "2025-11-25");
    let mut stream = client.get();
    let exchange = client.start_call("wait", json!({}));
    let call = next(&calls);
    let (told, reasons) = channel();
    call.on_cancel(move |reason| told.send(reason).unwrap_or_default());
    assert_eq!(client.delete(), 200);
    assert_eq!(next(&reasons), CancelReason::SessionEnded);
    assert_eq!(exchange.finish().answer, Value::Null);
    assert!(stream.rest().is_empty());
    assert_eq!(served.metrics().cancelled_by_session_end, 1);
}

#[test]
fn a_cancelled_request_gets_no_response_and_its_id_is_free() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    for revision in SESSIONS {
        let client = Client::session(served.address, revision);
        let exchange = client.start_call("wait", json!({}));
        let call = next(&calls);
        client.cancel(4711);
        assert!(call.cancelled().is_none());
        client.cancel(exchange.id);
        assert_eq!(call.cancelled(), Some(CancelReason::Client));
        assert_eq!(call.finish_text("late").unwrap_err().kind(), Kind::Cancelled);
        assert_eq!(exchange.finish().answer, Value::Null);
    }
    let metrics = served.metrics();
    assert_eq!((metrics.late_answers, metrics.cancelled_by_client), (4, 4));
}

#[test]
fn an_id_that_is_under_way_is_refused() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let client = Client::session(served.address, "2025-11-25");
    let first = client.start_call("wait", json!({}));
    let call = next(&calls);
    client.next_id.store(first.id, std::sync::atomic::Ordering::Relaxed);
    let second = client.call("wait", json!({}));
    assert_eq!(second.code(), -32600);
    assert!(second.message().contains("under way"), "{}", second.message());
    call.finish_text("first").unwrap();
    assert_eq!(first.finish().text(), "first");
}

#[test]
fn what_was_missed_comes_again_exactly_once() {
    let served = serve(|_| {});
    let events = watch_clients(&served);
    let client = Client::session(served.address, "2025-11-25");
    let id = next(&events).client;
    let mut stream = client.get();
    let prime = stream.raw().unwrap();
    assert_eq!((prime.data.as_deref(), prime.retry), (Some(""), Some(1000)));
    let push = |i: u64| served.notify_client(id, "n", Some(&json!({"i": i}).to_string()));
    for i in 0..3 {
        push(i).unwrap();
    }
    let seen: Vec<_> = (0..2).map(|_| stream.next().unwrap()).collect();
    assert_eq!(seen[1].json()["params"]["i"], 1);
    // The third is on its way when the connection breaks, the fourth comes while none is open.
    assert_eq!(stream.message()["params"]["i"], 2);
    drop(stream);
    eventually("the connection is gone", || served.metrics().connections_open == 0);
    push(3).unwrap();
    let mut stream = client.get_after(seen[1].id.as_deref());
    push(4).unwrap();
    let again: Vec<_> = (0..3).map(|_| stream.message()["params"]["i"].clone()).collect();
    assert_eq!(again, [json!(2), json!(3), json!(4)]);
    for bad in ["nonsense", "0-99", "77-0"] {
        let status = client.plain("GET", &[("last-event-id", bad)]).head().status;
        assert_eq!(status, 400, "{bad}");
    }
}

#[test]
fn the_newest_of_two_streams_gets_the_messages() {
    let served = serve(|_| {});
    let events = watch_clients(&served);
    let client = Client::session(served.address, "2025-06-18");
    let id = next(&events).client;
    let push = |i: u64| served.notify_client(id, "n", Some(&json!({"i": i}).to_string())).unwrap();
    // The first message waits for the first stream, so each stream is known to be read when it has one.
    let mut first = client.get();
    eventually("it is read", || served.notify_client(id, "first", None).is_ok());
    assert_eq!(first.message()["method"], "first");
    let mut second = client.get();
    eventually("it takes over", || served.metrics().connections_open == 2);
    push(1);
    assert_eq!(second.message()["params"]["i"], 1);
    drop(second);
    eventually("it gives back", || served.metrics().connections_open == 1);
    push(2);
    assert_eq!(first.message()["params"]["i"], 2);
}

#[test]
fn a_call_may_close_its_stream_and_the_client_comes_back() {
    let served = serve(|_| {});
    let calls = parked(&served, "poll");
    for (revision, closes) in [("2025-06-18", false), ("2025-11-25", true)] {
        let client = Client::session(served.address, revision);
        let exchange = client.start_call("poll", json!({}));
        let call = next(&calls);
        assert_eq!(call.close_stream(Duration::from_millis(7)), closes, "{revision}");
        if !closes {
            call.finish_text("done").unwrap();
            assert_eq!(exchange.finish().text(), "done");
            continue;
        }
        let mut events = exchange.events();
        let mut raw = Vec::new();
        while let Some(event) = events.raw() {
            raw.push(event);
        }
        assert_eq!(raw.last().unwrap().retry, Some(7));
        let last = raw.iter().rev().find_map(|event| event.id.clone()).unwrap();
        call.finish_text("done").unwrap();
        let rest = client.get_after(Some(&last)).rest();
        assert_eq!((rest.len(), support::text_of(&rest[0]["result"])), (1, "done"));
    }
}

#[test]
fn a_broken_connection_does_not_cancel_a_call_of_a_session() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let client = Client::session(served.address, "2025-11-25");
    let mut events = {
        let exchange = client.start_call("wait", json!({}));
        let call = next(&calls);
        call.notify("n", None).unwrap();
        let mut events = exchange.events();
        let last = events.next().unwrap().id.unwrap();
        drop(events);
        eventually("the connection is gone", || served.metrics().connections_open == 0);
        assert!(call.cancelled().is_none());
        call.finish_text("kept").unwrap();
        client.get_after(Some(&last))
    };
    assert_eq!(support::text_of(&events.rest()[0]["result"]), "kept");
}

#[test]
fn batches_are_for_2025_03_26() {
    let served = serve(|_| {});
    served.add_tool(tool("panics", |_| panic!("in a batch"))).unwrap();
    let call = |id: u64, name: &str| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name}});
    let note = json!({"jsonrpc": "2.0", "method": "notifications/x"});
    let batch =
        json!([call(1, "echo"), note, call(2, "panics"), {"jsonrpc": "1.0", "id": 3, "method": "ping"}]);
    for revision in SESSIONS {
        let client = Client::session(served.address, revision);
        let mut connection = client.post(&batch);
        let head = connection.head();
        let body: Value = serde_json::from_str(&connection.body(&head)).unwrap();
        if revision != "2025-03-26" {
            assert_eq!((head.status, &body["error"]["code"]), (400, &json!(-32600)));
            continue;
        }
        let mut answers = body.as_array().unwrap().clone();
        answers.sort_by_key(|answer| answer["id"].as_u64());
        assert_eq!(support::text_of(&answers[0]["result"]), "{}");
        assert_eq!(
            (&answers[1]["error"]["code"], &answers[2]["error"]["code"]),
            (&json!(-32603), &json!(-32600))
        );
        assert_eq!(client.post(&json!([note, note])).head().status, 202);
        assert_eq!(client.post(&json!([])).head().status, 400);
    }
}

#[test]
fn subscriptions_come_and_go() {
    let served = serve(|_| {});
    served.add_resource(resource("a:b")).unwrap();
    let client = Client::session(served.address, "2024-11-05");
    let mut stream = client.get();
    let subscribe =
        |method: &str, uri: &str| client.request(&format!("resources/{method}"), json!({"uri": uri}));
    assert_eq!(subscribe("subscribe", "a:none").code(), -32002);
    assert_eq!(served.resource_updated("a:b").unwrap(), 0);
    assert_eq!(subscribe("subscribe", "a:b").result(), &json!({}));
    assert_eq!(subscribe("subscribe", "a:b").result(), &json!({}));
    eventually("one is told", || served.resource_updated("a:b").unwrap() == 1);
    assert_eq!(stream.message()["method"], "notifications/resources/updated");
    assert_eq!(subscribe("unsubscribe", "a:b").result(), &json!({}));
    assert_eq!(served.resource_updated("a:b").unwrap(), 0);
}

#[test]
fn an_idle_session_ends_and_a_used_one_does_not() {
    let served = serve(|config| config.limits.set("session_idle_ms", 150).unwrap());
    let calls = parked(&served, "wait");
    let events = watch_clients(&served);
    let busy = Client::session(served.address, "2025-11-25");
    let exchange = busy.start_call("wait", json!({}));
    let call = next(&calls);
    let streaming = Client::session(served.address, "2025-11-25");
    let stream = streaming.get();
    let idle = Client::session(served.address, "2025-11-25");
    let gone = loop {
        let event = next(&events);
        if event.change == ClientChange::Disconnected(DisconnectReason::Idle) {
            break event.client;
        }
    };
    assert_eq!(gone.0, 3);
    assert_eq!(idle.request("ping", json!({})).status, 404);
    call.finish_text("still here").unwrap();
    assert_eq!(exchange.finish().text(), "still here");
    drop(stream);
    eventually("all are gone", || served.metrics().sessions == 0);
    assert_eq!(served.metrics().sessions_expired, 3);
}

#[test]
fn at_the_cap_the_oldest_idle_session_makes_room() {
    let served = serve(|config| config.limits.set("sessions", 2).unwrap());
    let events = watch_clients(&served);
    let calls = parked(&served, "wait");
    let first = Client::session(served.address, "2025-11-25");
    std::thread::sleep(Duration::from_millis(2)); // sessions are told apart by the millisecond
    let second = Client::session(served.address, "2025-11-25");
    let exchange = first.start_call("wait", json!({}));
    let call = next(&calls);
    let third = Client::session(served.address, "2025-11-25");
    assert_eq!(second.request("ping", json!({})).status, 404);
    let changes: Vec<_> = (0..3).map(|_| next(&events)).collect();
    assert_eq!(changes[2].change, ClientChange::Disconnected(DisconnectReason::Evicted));
    assert_eq!((changes[2].client.0, served.metrics().sessions_evicted), (2, 1));
    call.finish_text("kept").unwrap();
    assert_eq!(exchange.finish().text(), "kept");
    assert_eq!(third.request("ping", json!({})).status, 200);
}
