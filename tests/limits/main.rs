//! Every limit: what is past it gets a clear answer, and the server goes on.

mod clients;
mod host;
#[path = "../support/mod.rs"]
mod support;
mod wire;

use mcpserver::Limits;
use serde_json::json;
use support::{Client, Served, eventually, serve_limited};

/// A limit, a value for it, and what goes past it.
type Case = (&'static str, u64, fn(&Served));

const CASES: &[Case] = &[
    ("connections", 2, wire::connections),
    ("clients", 2, clients::clients),
    ("client_bytes", 4096, clients::client_bytes),
    ("sessions", 1, clients::sessions),
    ("session_idle_ms", 300, clients::session_idle),
    ("session_requests", 2, clients::session_requests),
    ("body_bytes", 2000, wire::body_bytes),
    ("header_bytes", 8192, wire::header_bytes),
    ("header_count", 10, wire::header_count),
    ("header_read_ms", 50, wire::header_read),
    ("body_read_ms", 50, wire::body_read),
    ("connection_idle_ms", 50, wire::connection_idle),
    ("write_ms", 50, wire::write),
    ("batch_messages", 2, wire::batch_messages),
    ("json_depth", 10, wire::json_depth),
    ("outbox_messages", 3, clients::outbox_messages),
    ("outbox_bytes", 1000, clients::outbox_bytes),
    ("event_log_messages", 2, clients::event_log),
    ("event_log_bytes", 200, clients::event_log),
    ("subscriptions", 2, clients::subscriptions),
    ("page_items", 2, host::page_items),
    ("schema_bytes", 60, host::schema),
    ("schema_depth", 3, host::schema),
    ("schema_subschemas", 3, host::schema),
    ("request_state_bytes", 256, host::request_state_bytes),
    ("request_state_ms", 1, host::request_state_ms),
    ("questions", 1, host::questions),
    ("pool_threads", 1, host::pool_threads),
    ("pool_queue", 1, host::pool_queue),
    ("keep_alive_ms", 10, wire::keep_alive),
    ("retry_ms", 77, wire::retry),
];

#[test]
fn every_limit_has_a_case() {
    let known: Vec<_> = CASES.iter().map(|(name, ..)| *name).collect();
    let missing: Vec<_> = Limits::TABLE.iter().filter(|row| !known.contains(&row.name)).collect();
    assert!(missing.is_empty(), "limits without a test: {missing:?}");
}

#[test]
fn what_is_past_a_limit_is_answered_and_the_server_goes_on() {
    let threads: Vec<_> = CASES
        .iter()
        .map(|&(name, value, go_past)| {
            std::thread::Builder::new()
                .name(name.into())
                .spawn(move || {
                    let served = serve_limited(name, value);
                    go_past(&served);
                    eventually("the server goes on", || goes_on(&served));
                })
                .unwrap()
        })
        .collect();
    let failed: Vec<_> = threads
        .into_iter()
        .zip(CASES)
        .filter_map(|(thread, case)| thread.join().is_err().then_some(case.0))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// Whether a plain call is served. A place may have to become free first, as for a connection.
fn goes_on(served: &Served) -> bool {
    let mut exchange = Client::modern(served.address).start_call("echo", json!({}));
    exchange.connection.try_head().is_some_and(|head| head.status == 200)
}

fn session(served: &Served) -> Client {
    Client::session_with(served.address, "2025-11-25", json!({"elicitation": {}, "roots": {}}))
}

fn modern(served: &Served) -> Client {
    Client::modern(served.address).with_capabilities(json!({"elicitation": {}, "roots": {}}))
}
