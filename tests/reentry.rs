//! Callbacks that use the server they belong to, and hosts that use it from many threads at once.

mod support;

use std::{
    sync::{Arc, Mutex, mpsc::channel},
    time::Duration,
};

use mcpserver::{CancelReason, ClientChange, DisconnectReason, Kind, LogRecord, Server};
use serde_json::{Value, json};
use support::{Client, config, eventually, inline, next, parked, resource, serve, tool, watch_clients};

const LONG: Duration = Duration::from_secs(10);

#[test]
fn a_handler_may_replace_its_own_tool() {
    let served = serve(|_| {});
    for name in ["pool", "inline"] {
        let server = served.server.clone();
        let handler = move |call: mcpserver::Call| {
            let name = call.name().to_owned();
            server.remove_tool(&name).unwrap();
            server.add_tool(tool(&name, |call| call.finish_text("second").unwrap())).unwrap();
            call.finish_text("first").unwrap();
        };
        let tool = if name == "pool" { tool(name, handler) } else { inline(name, handler) };
        served.add_tool(tool).unwrap();
        let client = Client::modern(served.address);
        assert_eq!(client.call(name, json!({})).text(), "first");
        assert_eq!(client.call(name, json!({})).text(), "second");
    }
}

#[test]
fn a_listener_may_close_the_client_it_is_told_of() {
    let served = serve(|_| {});
    let (told, events) = channel();
    let server = served.server.clone();
    served.on_client(move |event| {
        told.send(event.change).unwrap_or_default();
        if event.change == ClientChange::Connected {
            assert!(server.clients().iter().any(|info| info.client == event.client));
            server.close_client(event.client).unwrap();
        }
    });
    let (_, mut events_of_listen) = Client::modern(served.address).listen(json!({}));
    assert_eq!(events_of_listen.rest().len(), 1);
    let session = Client::session(served.address, "2025-11-25");
    assert_eq!(session.request("ping", json!({})).status, 404);
    let closed = ClientChange::Disconnected(DisconnectReason::Host);
    let changes: Vec<_> = (0..4).map(|_| next(&events)).collect();
    assert_eq!(changes, [ClientChange::Connected, closed, ClientChange::Connected, closed]);
    // The listener holds the server, and would keep it for ever.
    served.on_client(|_| {});
}

#[test]
fn a_listener_may_put_another_in_its_place() {
    let served = serve(|_| {});
    let (server, (told, events)) = (served.server.clone(), channel());
    served.on_client(move |_| {
        let told = told.clone();
        server.on_client(move |event| told.send(event.client).unwrap_or_default());
    });
    let _first = Client::session(served.address, "2025-11-25");
    let _second = Client::session(served.address, "2025-11-25");
    assert_eq!(next(&events).0, 2);
}

#[test]
fn the_log_callback_may_stop_the_server() {
    let server = Arc::new(Mutex::new(None::<Server>));
    let used = Arc::clone(&server);
    let served = serve(|config| {
        config.log = Some(Arc::new(move |record: &LogRecord<'_>| {
            if record.message.contains("panicked")
                && let Some(server) = used.lock().unwrap().take()
            {
                assert_eq!(server.wait().unwrap_err().kind(), Kind::Deadlock);
                server.stop(LONG).unwrap();
            }
        }));
    });
    *server.lock().unwrap() = Some(served.server.clone());
    served.add_tool(tool("panics", |_| panic!("for the log"))).unwrap();
    assert_eq!(Client::modern(served.address).call("panics", json!({})).code(), -32603);
    served.wait().unwrap();
    assert_eq!(served.metrics().panics, 1);
}

#[test]
fn the_last_handle_may_be_dropped_inside_a_callback() {
    let server = Server::new(config()).unwrap();
    let (handles, handle) = channel::<Server>();
    let handle = Mutex::new(handle);
    let drops = move |call: mcpserver::Call| {
        drop(handle.lock().unwrap().recv().unwrap());
        call.finish_text("dropped").unwrap();
    };
    server.add_tool(inline("drop", drops)).unwrap();
    server.start().unwrap();
    let address = server.addresses()[0];
    handles.send(server).unwrap();
    assert_eq!(Client::modern(address).call("drop", json!({})).text(), "dropped");
    eventually("it stops", || std::net::TcpStream::connect(address).is_err());
}

#[test]
fn only_one_of_many_stops_stops_and_all_that_wait_are_told() {
    let served = serve(|_| {});
    let threads: Vec<_> = (0..8)
        .map(|i| {
            let server = served.server.clone();
            std::thread::spawn(move || if i < 4 { server.stop(LONG).map(drop) } else { server.wait() })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let refused = results[..4].iter().filter_map(|result| Some(result.as_ref().err()?.kind()));
    assert_eq!(refused.collect::<Vec<_>>(), [Kind::WrongState; 3]);
    assert!(results[4..].iter().all(Result::is_ok));
}

#[test]
fn what_each_thread_pushes_comes_in_its_order() {
    let served = serve(|_| {});
    let events = watch_clients(&served);
    let client = Client::session(served.address, "2025-11-25");
    let id = next(&events).client;
    let mut stream = client.get();
    assert!(stream.raw().is_some());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let server = &served.server;
            scope.spawn(move || {
                for i in 0..50 {
                    let params = json!({"thread": thread, "i": i}).to_string();
                    server.notify_client(id, "n", Some(&params)).unwrap();
                }
            });
        }
        let mut next = [0; 4];
        for _ in 0..200 {
            let params = stream.message()["params"].clone();
            let thread = params["thread"].as_u64().unwrap() as usize;
            assert_eq!(params["i"], next[thread]);
            next[thread] += 1;
        }
    });
}

#[test]
fn the_registry_changes_under_way_and_lists_stay_whole() {
    let served = serve(|_| {});
    served.add_resource(resource("a:b")).unwrap();
    let clients = Client::of_both_eras(served.address);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let server = &served.server;
            scope.spawn(move || {
                for i in 0..40 {
                    let name = format!("t{thread}-{i}");
                    server.add_tool(tool(&name, |call| call.finish_text("t").unwrap())).unwrap();
                    server.remove_tool(&name).unwrap();
                }
            });
        }
        for client in &clients {
            scope.spawn(move || {
                for _ in 0..20 {
                    let reply = client.request("tools/list", json!({}));
                    let tools = reply.result()["tools"].as_array().unwrap();
                    assert!(tools.iter().any(|tool| tool["name"] == "echo"));
                    assert_eq!(client.call("echo", json!({})).text(), "{}");
                }
            });
        }
    });
    let left = clients[0].request("tools/list", json!({}));
    assert_eq!(left.result()["tools"].as_array().unwrap().len(), 1);
}

#[test]
fn an_answer_and_a_cancellation_at_once_leave_one_of_them() {
    let served = serve(|_| {});
    let calls = parked(&served, "race");
    let client = Client::session(served.address, "2025-11-25");
    let (mut answered, mut late) = (0, 0);
    for _ in 0..50 {
        let exchange = client.start_call("race", json!({}));
        let (call, id) = (next(&calls), exchange.id);
        let finished = std::thread::scope(|scope| {
            let finish = scope.spawn(move || call.finish_text("won").is_ok());
            client.cancel(id);
            finish.join().unwrap()
        });
        match exchange.finish().answer {
            Value::Null => late += u64::from(!finished),
            _ => answered += u64::from(finished),
        }
    }
    assert_eq!((answered + late, served.metrics().late_answers), (50, late));
}

#[test]
fn a_call_that_waits_for_its_client_is_cancelled_by_a_stop() {
    let served = serve(|_| {});
    let (told, reasons) = channel();
    served
        .add_tool(tool("ask", move |mut call| {
            let told = told.clone();
            call.on_cancel(move |reason| told.send(reason).unwrap_or_default());
            assert_eq!(call.ask("k", "roots/list", None).unwrap_err().kind(), Kind::InputRequired);
            call.suspend().unwrap();
        }))
        .unwrap();
    let client = Client::session_with(served.address, "2025-11-25", json!({"roots": {}}));
    let mut events = client.start_call("ask", json!({})).events();
    assert_eq!(events.message()["method"], "roots/list");
    let report = served.stop(Duration::from_millis(200)).unwrap();
    assert_eq!((report.cancelled, report.running.len()), (1, 0));
    assert_eq!(next(&reasons), CancelReason::Stopping);
    assert!(events.rest().is_empty());
}
