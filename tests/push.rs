//! Pushing to clients: exact errors, order, merging, and clients that do not keep up.

mod support;

use std::sync::mpsc::Receiver;

use mcpserver::{
    ClientChange, ClientEvent, ClientId, ClientKind, DisconnectReason, Kind, List, Prompt, Revision, Server,
};
use serde_json::{Value, json};
use support::{Client, eventually, next, resource, serve, serve_limited, tool, watch_clients};

const ALL: &str = r#"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}"#;

fn all() -> Value {
    serde_json::from_str(ALL).unwrap()
}

fn connected(events: &Receiver<ClientEvent>, kind: ClientKind) -> ClientId {
    let event = next(events);
    assert_eq!((event.kind, event.change), (kind, ClientChange::Connected));
    event.client
}

fn gone(events: &Receiver<ClientEvent>, client: ClientId) -> DisconnectReason {
    let event = next(events);
    assert_eq!(event.client, client);
    match event.change {
        ClientChange::Disconnected(reason) => reason,
        ClientChange::Connected => panic!("{event:?}"),
    }
}

/// A server that offers all there is, so that all lists can be followed.
fn full() -> support::Served {
    let served = serve(|_| {});
    served.add_resource(resource("a:b")).unwrap();
    served.add_prompt(Prompt::new("p", drop)).unwrap();
    served
}

fn kind_of<T: std::fmt::Debug>(result: mcpserver::Result<T>) -> Kind {
    result.unwrap_err().kind()
}

fn updated(server: &Server, client: ClientId, uri: &str) -> mcpserver::Result<()> {
    let params = json!({"uri": uri}).to_string();
    server.notify_client(client, "notifications/resources/updated", Some(&params))
}

#[test]
fn the_errors_of_a_session_are_exact() {
    let served = full();
    let events = watch_clients(&served);
    let opening = Client::opening(served.address, "2025-11-25", json!({}));
    let no_one = ClientId(4711);
    assert_eq!(kind_of(served.notify_client(no_one, "n", None)), Kind::NoSuchClient);
    assert_eq!(kind_of(served.close_client(no_one)), Kind::NoSuchClient);
    assert!(served.clients().is_empty());
    opening.notify("notifications/initialized", json!({}));
    let client = connected(&events, ClientKind::Session);
    assert_eq!(kind_of(served.notify_client(client, "n", None)), Kind::NoStream);
    assert_eq!(kind_of(served.notify_client(client, "", None)), Kind::InvalidArgument);
    assert_eq!(kind_of(served.notify_client(client, "n", Some("[]"))), Kind::InvalidJson);
    assert_eq!(kind_of(served.notify_all("n", Some("{"))), Kind::InvalidJson);
    let mut stream = opening.get();
    assert!(stream.raw().is_some());
    assert_eq!(kind_of(updated(&served, client, "a:b")), Kind::NotSubscribed);
    let no_uri = served.notify_client(client, "notifications/resources/updated", None);
    assert_eq!(kind_of(no_uri), Kind::InvalidArgument);
    opening.request("resources/subscribe", json!({"uri": "a:b"})).result();
    updated(&served, client, "a:b").unwrap();
    assert_eq!(stream.message()["params"], json!({"uri": "a:b"}));
    let info = &served.clients()[0];
    assert_eq!((info.client, info.kind, info.revision), (client, ClientKind::Session, Revision::V2025_11_25));
    assert!(info.info.as_deref().unwrap().contains("\"t\""));
    assert_eq!(opening.delete(), 200);
    assert_eq!(gone(&events, client), DisconnectReason::Closed);
    assert_eq!(kind_of(served.notify_client(client, "n", None)), Kind::NoSuchClient);
}

#[test]
fn a_session_that_is_not_ready_is_told_apart() {
    let served = full();
    let events = watch_clients(&served);
    // The numbers are given in the order in which sessions open, so the next one is known.
    let first = Client::session(served.address, "2025-11-25");
    let known = connected(&events, ClientKind::Session);
    let _opening = Client::opening(served.address, "2025-11-25", json!({}));
    let next_one = ClientId(known.0 + 1);
    assert_eq!(kind_of(served.notify_client(next_one, "n", None)), Kind::NotInitialized);
    drop(first);
}

#[test]
fn a_listen_stream_gets_what_it_asked_for() {
    let served = full();
    let events = watch_clients(&served);
    let client = Client::modern(served.address);
    let filter = json!({"toolsListChanged": true, "resourceSubscriptions": ["a:b"]});
    let (id, mut stream) = client.listen(filter);
    let listen = connected(&events, ClientKind::Listen);
    assert_eq!(kind_of(served.notify_client(listen, "notifications/custom", None)), Kind::NotSubscribed);
    assert_eq!(kind_of(updated(&served, listen, "a:c")), Kind::NotSubscribed);
    let prompts = "notifications/prompts/list_changed";
    assert_eq!(kind_of(served.notify_client(listen, prompts, None)), Kind::NotSubscribed);
    updated(&served, listen, "a:b").unwrap();
    let message = stream.message();
    assert_eq!(message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], id);
    assert_eq!(message["params"]["uri"], "a:b");
    served.close_client(listen).unwrap();
    let rest = stream.rest();
    assert_eq!(
        (rest.len(), &rest[0]["id"], &rest[0]["result"]["resultType"]),
        (1, &json!(id), &json!("complete"))
    );
    assert_eq!(gone(&events, listen), DisconnectReason::Host);
    let (_, stream) = client.listen(all());
    let listen = connected(&events, ClientKind::Listen);
    drop(stream);
    assert_eq!(gone(&events, listen), DisconnectReason::Closed);
}

#[test]
fn every_change_of_the_registry_reaches_the_clients_of_both_eras() {
    let served = full();
    let mut streams = Vec::new();
    let sessions: Vec<_> =
        support::SESSIONS.iter().map(|revision| Client::session(served.address, revision)).collect();
    streams.extend(sessions.iter().map(Client::get));
    streams.push(Client::modern(served.address).listen(all()).1);
    eventually("all can be pushed to", || served.list_changed(List::Tools).unwrap() == 5);
    for stream in &mut streams {
        assert_eq!(stream.message()["method"], "notifications/tools/list_changed");
    }
    type Change = fn(&Server);
    let changes: [(Change, &str); 6] = [
        (|s| s.add_tool(tool("t", drop)).unwrap(), "tools"),
        (|s| s.remove_tool("t").unwrap(), "tools"),
        (|s| s.add_resource(resource("a:c")).unwrap(), "resources"),
        (|s| s.remove_resource("a:c").unwrap(), "resources"),
        (|s| s.add_resource_template(resource("a:{x}")).unwrap(), "resources"),
        (|s| s.remove_prompt("p").unwrap(), "prompts"),
    ];
    for (change, list) in changes {
        change(&served);
        for stream in &mut streams {
            loop {
                let method = stream.message()["method"].as_str().unwrap().to_owned();
                // What was sent while the streams came up may still be on its way.
                if method == format!("notifications/{list}/list_changed") {
                    break;
                }
                assert_eq!(method, "notifications/tools/list_changed");
            }
        }
    }
}

#[test]
fn notifications_come_in_order_and_to_all() {
    let served = full();
    let clients: Vec<_> = (0..3).map(|_| Client::session(served.address, "2025-11-25")).collect();
    let mut streams: Vec<_> = clients.iter().map(Client::get).collect();
    for stream in &mut streams {
        assert!(stream.raw().is_some());
    }
    for i in 0..200 {
        let params = json!({"i": i}).to_string();
        assert_eq!(served.notify_all("notifications/custom", Some(&params)).unwrap(), 3);
    }
    for stream in &mut streams {
        let seen: Vec<_> = (0..200).map(|_| stream.message()["params"]["i"].clone()).collect();
        assert_eq!(seen, (0..200).map(Value::from).collect::<Vec<_>>());
    }
}

#[test]
fn what_waits_already_is_merged() {
    let served = full();
    let events = watch_clients(&served);
    let client = Client::session(served.address, "2025-11-25");
    let id = connected(&events, ClientKind::Session);
    client.request("resources/subscribe", json!({"uri": "a:b"})).result();
    let mut stream = client.get();
    let last = stream.raw().unwrap().id.unwrap();
    drop(stream);
    eventually("the stream is away", || served.metrics().connections_open == 0);
    let before = served.metrics();
    for _ in 0..3 {
        served.list_changed(List::Tools).unwrap();
        updated(&served, id, "a:b").unwrap();
    }
    let metrics = served.metrics();
    assert_eq!(metrics.notifications_merged - before.notifications_merged, 4);
    assert_eq!(metrics.notifications_queued - before.notifications_queued, 2);
    let mut stream = client.get_after(Some(&last));
    assert_eq!(stream.message()["method"], "notifications/tools/list_changed");
    assert_eq!(stream.message()["method"], "notifications/resources/updated");
    served.notify_client(id, "end", None).unwrap();
    assert_eq!(stream.message()["method"], "end");
}

#[test]
fn a_client_that_reads_nothing_is_dropped_and_counted() {
    let served = serve_limited("outbox_messages", 4);
    served.add_resource(resource("a:b")).unwrap();
    let events = watch_clients(&served);
    let client = Client::session(served.address, "2025-11-25");
    let id = connected(&events, ClientKind::Session);
    let mut stream = client.get();
    assert!(stream.raw().is_some());
    let params = json!({"text": "x".repeat(1 << 20)}).to_string();
    let error = loop {
        if let Err(error) = served.notify_client(id, "notifications/custom", Some(&params)) {
            break error;
        }
    };
    assert_eq!(error.kind(), Kind::OutboxFull);
    assert_eq!(gone(&events, id), DisconnectReason::TooSlow);
    assert_eq!(served.metrics().clients_evicted, 1);
    assert_eq!(client.request("ping", json!({})).status, 404);
    assert_eq!(kind_of(served.notify_client(id, "n", None)), Kind::NoSuchClient);
    eventually("its connection is closed", || served.metrics().connections_open == 0);
    drop(stream);
}

#[test]
fn what_is_merged_never_drops_a_listen_stream_that_is_slow() {
    let served = serve_limited("outbox_bytes", 1 << 20);
    served.add_resource(resource("a:b")).unwrap();
    let events = watch_clients(&served);
    let (_, stream) = Client::modern(served.address).listen(json!({"resourceSubscriptions": ["a:b"]}));
    let id = connected(&events, ClientKind::Listen);
    let params = json!({"uri": "a:b", "text": "x".repeat(300 << 10)}).to_string();
    let dropped = (0..60).find_map(|_| {
        let _ = served.notify_client(id, "notifications/resources/updated", Some(&params));
        events.try_recv().ok()
    });
    // What is merged never fills an outbox: a client that only follows resources is not dropped for being slow.
    assert!(dropped.is_none() && served.metrics().notifications_merged > 0);
    drop(stream);
    assert_eq!(gone(&events, id), DisconnectReason::Closed);
}

#[test]
fn a_listener_that_panics_does_no_harm_and_stop_is_a_reason() {
    let served = full();
    served.on_client(|_| panic!("in the listener"));
    let client = Client::session(served.address, "2025-11-25");
    assert_eq!(client.call("echo", json!({})).text(), "{}");
    let events = watch_clients(&served);
    let (_, _stream) = Client::modern(served.address).listen(all());
    let listen = connected(&events, ClientKind::Listen);
    served.stop(std::time::Duration::from_secs(5)).unwrap();
    assert_eq!(gone(&events, listen), DisconnectReason::Stopping);
    assert_eq!(next(&events).change, ClientChange::Disconnected(DisconnectReason::Stopping));
    assert!(served.clients().is_empty());
}
