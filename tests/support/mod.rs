//! What the black-box tests share: a served server, a client of either era, and ways to wait that cannot hang.
#![allow(dead_code, unused_imports, reason = "each test uses its own part")]

mod client;
mod http;

use std::{
    net::SocketAddr,
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, Instant},
};

use mcpserver::{Call, ClientEvent, Config, Content, Resource, Run, Server, Tool};

pub(crate) use client::{Client, Exchange, Reply, text_of};
pub(crate) use http::{Connection, Event, Events};

/// No test takes nearly as long; one that does has hung.
pub(crate) const HANG: Duration = Duration::from_secs(20);

pub(crate) const OBJECT: &str = r#"{"type":"object"}"#;
pub(crate) const SESSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
pub(crate) const MODERN: &str = "2026-07-28";

/// A server that is stopped when the test ends.
pub(crate) struct Served {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
}

impl std::ops::Deref for Served {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.server.stop(Duration::from_secs(2));
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config::new("tests", "1.0");
    config.listen_http("127.0.0.1:0", "/mcp").expect("an address");
    config.network_threads = 2;
    config
}

/// Serves a server with the tool `echo`, which answers its arguments, on a free port.
pub(crate) fn serve(set: impl FnOnce(&mut Config)) -> Served {
    let mut config = config();
    set(&mut config);
    let server = Server::new(config).expect("a server");
    server.add_tool(tool("echo", echo)).expect("echo");
    server.start().expect("a start");
    let address = server.addresses()[0];
    Served { server, address }
}

fn echo(call: Call) {
    let arguments = call.arguments().to_owned();
    let _ = call.finish_text(&arguments);
}

/// Serves with one limit set.
pub(crate) fn serve_limited(limit: &str, value: u64) -> Served {
    serve(|config| config.limits.set(limit, value).expect("a limit"))
}

/// A tool on the pool that takes any object.
pub(crate) fn tool(name: &str, handler: impl Fn(Call) + Send + Sync + 'static) -> Tool {
    Tool::new(name, OBJECT, handler)
}

pub(crate) fn inline(name: &str, handler: impl Fn(Call) + Send + Sync + 'static) -> Tool {
    let mut tool = tool(name, handler);
    tool.run = Run::Inline;
    tool
}

/// A resource that reads as one text.
pub(crate) fn resource(uri: &str) -> Resource {
    Resource::new(uri, "r", |call: Call| {
        let mut content = Content::new();
        content.text("text");
        let _ = call.finish_content(&content);
    })
}

/// A tool that gives its calls to the test, which finishes them.
pub(crate) fn parked(served: &Server, name: &str) -> Receiver<Call> {
    let (calls, taken) = channel();
    served.add_tool(inline(name, move |call| drop(calls.send(call)))).expect("a tool");
    taken
}

/// A tool whose callback does not return before the sender is dropped; tells when a callback began.
pub(crate) fn stuck(served: &Server, mut tool: Tool) -> (Receiver<()>, Sender<()>) {
    let (began, begun) = channel();
    let (release, released) = channel::<()>();
    let released = std::sync::Mutex::new(released);
    tool.handler = std::sync::Arc::new(move |call: Call| {
        let _ = began.send(());
        let _ = released.lock().map(|released| released.recv());
        drop(call);
    });
    served.add_tool(tool).expect("a tool");
    (begun, release)
}

/// Events of clients, as they come.
pub(crate) fn watch_clients(served: &Server) -> Receiver<ClientEvent> {
    let (events, seen) = channel();
    served.on_client(move |event| events.send(event).unwrap_or_default());
    seen
}

/// What comes next; panics where nothing comes.
pub(crate) fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(HANG).expect("nothing came")
}

/// Waits for what no event tells of, such as a count of tasks.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < HANG, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
