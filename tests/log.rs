//! The log of one server, whatever other servers of the process do. The only test of its process: what `tracing`
//! remembers of a place that logs is shared by all servers.

mod support;

use std::sync::{Arc, Mutex, mpsc::channel};

use mcpserver::{LogRecord, Severity};
use serde_json::json;
use support::{Client, next, serve, tool};

#[test]
fn a_server_without_a_log_does_not_silence_another() {
    let (told, records) = channel();
    let told = Mutex::new(told);
    let logged = serve(|config| {
        config.log = Some(Arc::new(move |record: &LogRecord<'_>| {
            if record.severity == Severity::Error {
                told.lock().unwrap().send(record.message.to_owned()).unwrap_or_default();
            }
        }));
    });
    let quiet = serve(|_| {});
    // The server without a log is the first to come to the place that logs.
    for served in [&quiet, &logged] {
        served.add_tool(tool("panics", |_| panic!("for the log"))).unwrap();
        assert_eq!(Client::modern(served.address).call("panics", json!({})).code(), -32603);
    }
    assert!(next(&records).contains("panicked"));
}
