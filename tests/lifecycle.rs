//! Start, stop and what they leave behind, whatever the callbacks do.

mod support;

use std::{
    sync::{Arc, Mutex, mpsc::channel},
    time::{Duration, Instant},
};

use mcpserver::{CallKind, CancelReason, Kind, LogRecord, Server};
use serde_json::json;
use support::{Client, Connection, config, eventually, inline, next, parked, serve, stuck, tool};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(10);

#[test]
fn stop_gives_calls_their_time() {
    let served = serve(|_| {});
    let calls = parked(&served, "wait");
    let clients = Client::of_both_eras(served.address);
    for (i, client) in clients.iter().enumerate() {
        if i > 0 {
            served.start().unwrap();
        }
        let client = match client.is_modern() {
            true => Client::modern(served.addresses()[0]),
            false => Client::session(served.addresses()[0], "2025-11-25"),
        };
        let exchange = client.start_call("wait", json!({}));
        let call = next(&calls);
        let server = served.server.clone();
        let stop = std::thread::spawn(move || server.stop(LONG).unwrap());
        eventually("it stops", || !served.is_running());
        assert!(call.cancelled().is_none());
        call.finish_text("in time").unwrap();
        assert_eq!(exchange.finish().text(), "in time");
        assert_eq!(stop.join().unwrap().cancelled, 0);
    }
}

#[test]
fn stop_cancels_what_does_not_finish() {
    for modern in [false, true] {
        let served = serve(|_| {});
        let calls = parked(&served, "wait");
        let client = match modern {
            true => Client::modern(served.address),
            false => Client::session(served.address, "2025-11-25"),
        };
        let exchange = client.start_call("wait", json!({}));
        let call = next(&calls);
        let (told, reasons) = channel();
        call.on_cancel(move |reason| told.send(reason).unwrap_or_default());
        let report = served.stop(SHORT).unwrap();
        assert_eq!(report.cancelled, 1, "modern: {modern}");
        assert_eq!(next(&reasons), CancelReason::Stopping, "modern: {modern}");
        assert_eq!(call.finish_text("late").unwrap_err().kind(), Kind::Cancelled);
        drop(exchange);
    }
}

#[test]
fn a_callback_that_never_returns_is_named_at_the_deadline() {
    for on_network in [false, true] {
        let served = serve(|config| config.network_threads = 1);
        let tool = if on_network { inline("stuck", drop) } else { tool("stuck", drop) };
        let (begun, release) = stuck(&served, tool);
        let exchange = Client::modern(served.address).start_call("stuck", json!({}));
        next(&begun);
        let (done, stopped) = channel();
        let server = served.server.clone();
        std::thread::spawn(move || done.send(server.stop(SHORT).unwrap()));
        let report = next(&stopped);
        let names: Vec<_> = report.running.iter().map(|call| (call.name.as_str(), call.kind)).collect();
        assert_eq!(names, [("stuck", CallKind::Tool)], "on a network thread: {on_network}");
        drop((release, exchange));
        // It can be started again although a thread of the last run was lost.
        served.start().unwrap();
        assert_eq!(Client::modern(served.addresses()[0]).call("echo", json!({})).text(), "{}");
    }
}

#[test]
fn stop_inside_a_callback_returns_at_once_and_wait_there_is_a_deadlock() {
    let served = serve(|_| {});
    let (told, results) = channel();
    for (name, on_network) in [("pool", false), ("inline", true)] {
        let (server, told) = (served.server.clone(), told.clone());
        let handler = move |call: mcpserver::Call| {
            told.send((server.wait().unwrap_err().kind(), server.stop(LONG).unwrap().running.len())).unwrap();
            call.finish_text("stopping").unwrap();
        };
        let tool = if on_network { inline(name, handler) } else { tool(name, handler) };
        served.add_tool(tool).unwrap();
    }
    for name in ["pool", "inline"] {
        let client = Client::modern(served.addresses()[0]);
        let exchange = client.start_call(name, json!({}));
        assert_eq!(next(&results), (Kind::Deadlock, 0));
        assert_eq!(exchange.finish().text(), "stopping");
        served.wait().unwrap();
        served.start().unwrap();
    }
    served.remove_tool("pool").unwrap();
    served.remove_tool("inline").unwrap();
}

#[test]
fn stop_inside_the_other_callbacks() {
    let served = serve(|_| {});
    let server = served.server.clone();
    served.on_client(move |_| drop(server.stop(LONG)));
    let client = Client::opening(served.address, "2025-11-25", json!({}));
    assert_eq!(client.notify("notifications/initialized", json!({})), 202);
    served.wait().unwrap();
    served.on_client(|_| {});

    served.start().unwrap();
    let calls = parked(&served, "wait");
    let client = Client::session(served.addresses()[0], "2025-11-25");
    let exchange = client.start_call("wait", json!({}));
    let (call, server) = (next(&calls), served.server.clone());
    call.on_cancel(move |_| drop(server.stop(LONG)));
    client.cancel(exchange.id);
    served.wait().unwrap();
}

#[test]
fn the_log_callback_gets_records_and_may_use_the_server() {
    let server = Arc::new(Mutex::new(None::<Server>));
    let (told, records) = channel();
    let told = Mutex::new(told);
    let used = Arc::clone(&server);
    let served = serve(|config| {
        config.log = Some(Arc::new(move |record: &LogRecord<'_>| {
            if let Some(server) = &*used.lock().unwrap() {
                let _ = (server.is_running(), server.metrics(), server.addresses());
            }
            let _ = told.lock().unwrap().send((record.message.to_owned(), record.fields.to_owned()));
        }));
    });
    let listening = next(&records);
    assert!(listening.0.contains("listening") && listening.1.contains("127.0.0.1"), "{listening:?}");
    served.stop(LONG).unwrap();
    *server.lock().unwrap() = Some(served.server.clone());
    let (done, started) = channel();
    let again = served.server.clone();
    std::thread::spawn(move || done.send(again.start().is_ok()));
    assert!(next(&started), "a log callback that uses the server must not stop it from starting");
    served.add_tool(tool("panics", |_| panic!("for the log"))).unwrap();
    assert_eq!(Client::modern(served.addresses()[0]).call("panics", json!({})).code(), -32603);
    loop {
        let (message, fields) = next(&records);
        if message.contains("panicked") {
            assert!(fields.contains("panics"), "{fields}");
            break;
        }
    }
    served.stop(LONG).unwrap();
    *server.lock().unwrap() = None;
}

#[test]
fn a_host_that_runs_tokio_itself_may_start_and_stop() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = Server::new(config()).unwrap();
        server.start().unwrap();
        server.stop(LONG).unwrap();
        server.start().unwrap();
        drop(server);
    });
}

#[test]
fn two_servers_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (serve(|_| {}), serve(|_| {}));
    one.add_tool(tool("only", |call| call.finish_text("one").unwrap())).unwrap();
    assert_eq!(Client::modern(one.address).call("only", json!({})).text(), "one");
    assert_eq!(Client::modern(two.address).call("only", json!({})).code(), -32602);
    let session = Client::session(one.address, "2025-11-25");
    let foreign = Client { address: two.address, ..session };
    assert_eq!(foreign.request("ping", json!({})).status, 404);
    one.stop(LONG).unwrap();
    assert_eq!(Client::modern(two.address).call("echo", json!({})).text(), "{}");
}

#[test]
fn a_server_that_is_dropped_stops() {
    let server = Server::new(config()).unwrap();
    server.start().unwrap();
    let address = server.addresses()[0];
    let (_, mut events) = Client::modern(address).listen(json!({}));
    let clone = server.clone();
    drop(server);
    assert!(clone.is_running());
    drop(clone);
    assert_eq!(events.rest().len(), 1);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let served = serve(|_| {});
    let mut config = config();
    config.listen[0].address = served.address;
    let second = Server::new(config).unwrap();
    let error = second.start().unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert!(error.message().contains(&served.address.to_string()), "{error}");
    assert!(!second.is_running());
    served.stop(LONG).unwrap();
    second.start().unwrap();
    assert_eq!(second.start().unwrap_err().kind(), Kind::WrongState);
    assert_eq!(second.urls(), [format!("http://{}/mcp", served.address)]);
}

#[test]
fn stop_closes_idle_connections_and_waits_for_no_half_request() {
    let served = serve(|_| {});
    let mut idle = Connection::open(served.address);
    let mut half = Connection::open(served.address);
    half.write(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
    eventually("both are there", || served.metrics().connections_open == 2);
    let start = Instant::now();
    served.stop(SHORT).unwrap();
    assert!(start.elapsed() < LONG);
    assert!(idle.is_closed() && half.try_head().is_none());
}
