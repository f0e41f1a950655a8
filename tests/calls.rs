//! Calls: panics, forgotten and late answers, cancellation, and what is said before the answer.

mod support;

use std::sync::mpsc::channel;

use mcpserver::{CancelReason, Code, LogLevel};
use serde_json::{Value, json};
use support::{Client, inline, next, parked, serve, tool};

#[test]
fn a_panic_answers_the_client_and_the_server_goes_on() {
    let served = serve(|_| {});
    served.add_tool(tool("pool", |_call| panic!("on the pool"))).unwrap();
    served.add_tool(inline("inline", |_call| panic!("inline"))).unwrap();
    for client in Client::of_both_eras(served.address) {
        for name in ["pool", "inline"] {
            assert_eq!(client.call(name, json!({})).code(), Code::INTERNAL_ERROR.0, "{name}");
        }
        assert_eq!(client.call("echo", json!({"a": 1})).text(), r#"{"a":1}"#);
    }
    assert_eq!(served.metrics().panics, 4);
}

#[test]
fn a_call_that_is_dropped_answers_an_error() {
    let served = serve(|_| {});
    served.add_tool(tool("forgetful", drop)).unwrap();
    for client in Client::of_both_eras(served.address) {
        let reply = client.call("forgetful", json!({}));
        assert_eq!((reply.status, reply.code()), (200, -32603));
        assert!(reply.message().contains("forgetful"), "{}", reply.message());
    }
}

#[test]
fn a_call_is_finished_later_from_another_thread() {
    let served = serve(|_| {});
    let calls = parked(&served, "later");
    for client in Client::of_both_eras(served.address) {
        let exchange = client.start_call("later", json!({}));
        let call = next(&calls);
        assert!(!format!("{call:?}").is_empty());
        std::thread::spawn(move || call.finish_text("late").unwrap()).join().unwrap();
        assert_eq!(exchange.finish().text(), "late");
    }
}

#[test]
fn on_cancel_runs_once_before_and_after_the_cancellation() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let client = Client::session(served.address, "2025-11-25");
    let exchange = client.start_call("wait", json!({}));
    let call = next(&calls);
    let (told, reasons) = channel();
    let replaced = told.clone();
    call.on_cancel(move |_| replaced.send("replaced").unwrap());
    let early = told.clone();
    call.on_cancel(move |reason| {
        assert_eq!(reason, CancelReason::Client);
        early.send("before").unwrap();
    });
    client.cancel(exchange.id);
    assert_eq!(next(&reasons), "before");
    assert_eq!(call.cancelled(), Some(CancelReason::Client));
    let watch = call.watch();
    assert!(!watch.is_open());
    call.on_cancel(move |_| told.send("after").unwrap());
    assert_eq!(next(&reasons), "after");
    assert_eq!(call.progress(1.0, None, None).unwrap_err().kind(), mcpserver::Kind::Cancelled);
    assert_eq!(call.finish_text("late").unwrap_err().kind(), mcpserver::Kind::Cancelled);
    assert_eq!(exchange.finish().answer, Value::Null);
    let metrics = served.metrics();
    assert_eq!((metrics.late_answers, metrics.cancelled_by_client), (1, 1));
}

#[test]
fn on_cancel_is_forgotten_when_the_call_is_finished() {
    let served = serve(|_| {});
    let (told, reasons) = channel();
    served
        .add_tool(inline("quick", move |call| {
            let told = told.clone();
            call.on_cancel(move |reason| told.send(reason).unwrap_or_default());
            call.finish_text("done").unwrap();
        }))
        .unwrap();
    for client in Client::of_both_eras(served.address) {
        assert_eq!(client.call("quick", json!({})).text(), "done");
    }
    served.remove_tool("quick").unwrap();
    // The callbacks and the tool are gone, and so is every sender.
    assert!(reasons.recv_timeout(support::HANG).is_err());
}

#[test]
fn a_panic_in_on_cancel_is_caught() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let client = Client::session(served.address, "2025-06-18");
    let exchange = client.start_call("wait", json!({}));
    let call = next(&calls);
    call.on_cancel(|_| panic!("in on_cancel"));
    client.cancel(exchange.id);
    assert_eq!(exchange.finish().answer, Value::Null);
    assert_eq!(client.call("echo", json!({})).text(), "{}");
}

fn reports_progress(call: mcpserver::Call) {
    for progress in [1.0, 0.5, 1.0, 2.0] {
        call.progress(progress, Some(2.0), Some("on it")).unwrap();
    }
    let refused = call.progress(f64::NAN, None, None).unwrap_err();
    assert_eq!(refused.kind(), mcpserver::Kind::InvalidArgument);
    call.finish_text("done").unwrap();
}

#[test]
fn progress_goes_to_those_that_asked_and_never_backwards() {
    let served = serve(|_| {});
    served.add_tool(tool("work", reports_progress)).unwrap();
    for client in Client::of_every_revision(served.address) {
        assert_eq!(client.call("work", json!({})).said, Vec::<Value>::new(), "{}", client.revision);
        let mut client = client;
        for token in [json!("t"), json!(7)] {
            client.meta = json!({"progressToken": token});
            let reply = client.call("work", json!({}));
            let said: Vec<_> = reply.said.iter().map(|m| m["params"]["progress"].clone()).collect();
            assert_eq!(said, [json!(1), json!(2)]);
            assert_eq!(reply.said[0]["method"], "notifications/progress");
            assert_eq!(reply.said[0]["params"]["progressToken"], token);
            assert_eq!(reply.text(), "done");
        }
    }
}

#[test]
fn a_progress_message_is_for_revisions_that_know_it() {
    let served = serve(|_| {});
    served.add_tool(tool("work", reports_progress)).unwrap();
    for client in Client::of_every_revision(served.address) {
        let has_message = client.revision != "2024-11-05";
        let client = client.with_meta(json!({"progressToken": 1}));
        let reply = client.call("work", json!({}));
        assert_eq!(reply.said[0]["params"].get("message").is_some(), has_message, "{}", client.revision);
        assert_eq!(reply.said[0]["params"]["total"], 2);
    }
}

#[test]
fn a_progress_token_that_is_neither_text_nor_number_is_refused() {
    let served = serve(|_| {});
    for client in Client::of_both_eras(served.address) {
        let client = client.with_meta(json!({"progressToken": {"no": 1}}));
        assert_eq!(client.call("echo", json!({})).code(), -32602);
    }
}

#[test]
fn log_messages_follow_the_level_of_each_era() {
    let served = serve(|_| {});
    served
        .add_tool(tool("log", |call| {
            for level in LogLevel::ALL {
                call.log(level, Some("l"), r#"{"n":1}"#).unwrap();
            }
            assert_eq!(
                call.log(LogLevel::Error, None, "{").unwrap_err().kind(),
                mcpserver::Kind::InvalidJson
            );
            call.finish_text("logged").unwrap();
        }))
        .unwrap();
    let levels = |reply: &support::Reply| -> Vec<String> {
        reply.said.iter().map(|m| m["params"]["level"].as_str().unwrap().to_owned()).collect()
    };
    let session = Client::session(served.address, "2025-11-25");
    assert_eq!(levels(&session.call("log", json!({}))).len(), 7);
    session.request("logging/setLevel", json!({"level": "alert"})).result();
    let reply = session.call("log", json!({}));
    assert_eq!(levels(&reply), ["alert", "emergency"]);
    assert_eq!(reply.said[0]["params"], json!({"level": "alert", "logger": "l", "data": {"n": 1}}));
    assert_eq!(session.request("logging/setLevel", json!({"level": "loud"})).code(), -32602);

    let modern = Client::modern(served.address);
    assert!(modern.call("log", json!({})).said.is_empty());
    let modern = modern.with_meta(json!({"io.modelcontextprotocol/logLevel": "critical"}));
    assert_eq!(levels(&modern.call("log", json!({}))), ["critical", "alert", "emergency"]);
}

#[test]
fn a_call_notifies_on_its_own_stream() {
    let served = serve(|_| {});
    served
        .add_tool(tool("notify", |call| {
            call.notify("notifications/custom", Some(r#"{"a":1}"#)).unwrap();
            assert_eq!(call.notify("n", Some("[]")).unwrap_err().kind(), mcpserver::Kind::InvalidJson);
            call.finish_text("ok").unwrap();
        }))
        .unwrap();
    for client in Client::of_both_eras(served.address) {
        let reply = client.call("notify", json!({}));
        assert_eq!(
            reply.said,
            [json!({"jsonrpc": "2.0", "method": "notifications/custom", "params": {"a": 1}})]
        );
    }
}
