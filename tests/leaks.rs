//! What a server holds while it runs and gives back when it stops: tasks, threads, descriptors.

mod support;

use std::{sync::Mutex, time::Duration};

use mcpserver::{Kind, Server};
use serde_json::json;
use support::{Client, eventually, serve};

const LONG: Duration = Duration::from_secs(10);

/// Tests that count what the process holds must not run beside others.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn count(directory: &str) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

fn threads_named(prefix: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with(prefix)).count()
}

#[test]
fn a_hundred_restarts_leave_no_threads_and_no_descriptors() {
    let _alone = alone();
    let served = serve(|_| {});
    let round = |served: &Server| {
        let client = Client::session(served.addresses()[0], "2025-11-25");
        let stream = client.get();
        assert_eq!(client.call("echo", json!({})).text(), "{}");
        served.stop(LONG).unwrap();
        drop(stream);
        assert!(served.addresses().is_empty() && !served.is_running());
    };
    round(&served);
    let descriptors = count("/proc/self/fd");
    for _ in 0..100 {
        served.start().unwrap();
        round(&served);
    }
    // A thread that was waited for is still listed for a moment.
    eventually("no thread is left", || threads_named("mcp-") == 0);
    assert_eq!(count("/proc/self/fd"), descriptors);
    let metrics = served.metrics();
    assert_eq!((metrics.connections_open, metrics.sessions, metrics.clients), (0, 0, 0));
    assert_eq!(served.stop(LONG).unwrap_err().kind(), Kind::WrongState);
}

#[test]
fn an_idle_stream_is_one_task() {
    let _alone = alone();
    let served = serve(|_| {});
    let session = Client::session(served.address, "2025-11-25");
    let modern = Client::modern(served.address);
    eventually("idle", || served.metrics().connections_open == 0);
    let idle = served.metrics().alive_tasks;
    let mut streams = Vec::new();
    for opened in 1..=10 {
        streams.push(session.get());
        streams.push(modern.listen(json!({"toolsListChanged": true})).1);
        eventually("one task for each", || served.metrics().alive_tasks == idle + 2 * opened);
    }
    drop(streams);
    eventually("none left", || served.metrics().alive_tasks == idle);
}

#[test]
fn a_thousand_open_streams_end_with_the_server() {
    let _alone = alone();
    let served = serve(|_| {});
    let client = Client::modern(served.address);
    let session = Client::session(served.address, "2025-11-25");
    let listens: Vec<_> = (0..500).map(|_| client.listen(json!({"toolsListChanged": true}))).collect();
    let gets: Vec<_> = (0..500).map(|_| session.get()).collect();
    let report = served.stop(LONG).unwrap();
    assert_eq!((report.cancelled, report.running.len()), (0, 0));
    for (id, mut events) in listens {
        let rest = events.rest();
        assert_eq!((rest.len(), &rest[0]["id"]), (1, &json!(id)));
    }
    for mut events in gets {
        assert!(events.rest().is_empty());
    }
}
