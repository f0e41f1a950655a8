//! An MCP client of either era, as plain as can be.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use super::{Connection, Events, MODERN};

pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) revision: &'static str,
    /// Empty in the revision without sessions.
    pub(crate) session: String,
    pub(crate) capabilities: Value,
    /// Sent in `_meta` of every request.
    pub(crate) meta: Value,
    pub(crate) next_id: AtomicU64,
}

/// What a request came to: what was said before the answer, and the answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) said: Vec<Value>,
    /// `null` where there was none.
    pub(crate) answer: Value,
}

impl Reply {
    pub(crate) fn result(&self) -> &Value {
        assert!(self.answer.get("result").is_some(), "an error: {}", self.answer);
        &self.answer["result"]
    }

    pub(crate) fn code(&self) -> i64 {
        self.answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {}", self.answer))
    }

    pub(crate) fn message(&self) -> &str {
        self.answer["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {}", self.answer))
    }

    /// The text of the first block of a tool's result.
    pub(crate) fn text(&self) -> &str {
        text_of(self.result())
    }
}

pub(crate) fn text_of(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

/// A request that was sent.
pub(crate) struct Exchange {
    pub(crate) connection: Connection,
    pub(crate) id: u64,
}

impl Exchange {
    pub(crate) fn finish(mut self) -> Reply {
        let head = self.connection.head();
        if head.is_stream() {
            let mut said = self.connection.into_events(&head).rest();
            let answer = match said.last() {
                Some(last) if last.get("method").is_none() => said.pop(),
                _ => None,
            };
            return Reply { status: head.status, said, answer: answer.unwrap_or_default() };
        }
        let body = self.connection.body(&head);
        let answer = serde_json::from_str(&body).unwrap_or_default();
        Reply { status: head.status, said: Vec::new(), answer }
    }

    /// The events of a response that is a stream.
    pub(crate) fn events(mut self) -> Events {
        let head = self.connection.head();
        assert!(head.is_stream(), "no stream: {head:?} {}", self.connection.body(&head));
        self.connection.into_events(&head)
    }
}

impl Client {
    pub(crate) fn modern(address: SocketAddr) -> Self {
        Self {
            address,
            revision: MODERN,
            session: String::new(),
            capabilities: json!({}),
            meta: json!({}),
            next_id: AtomicU64::new(1),
        }
    }

    /// Opens a session and says that it is ready.
    pub(crate) fn session(address: SocketAddr, revision: &'static str) -> Self {
        Self::session_with(address, revision, json!({}))
    }

    pub(crate) fn session_with(address: SocketAddr, revision: &'static str, capabilities: Value) -> Self {
        let client = Self::opening(address, revision, capabilities);
        assert_eq!(client.notify("notifications/initialized", json!({})), 202);
        client
    }

    /// Opens a session and does not say that it is ready.
    pub(crate) fn opening(address: SocketAddr, revision: &'static str, capabilities: Value) -> Self {
        let mut client = Self { revision, capabilities, ..Self::modern(address) };
        let params = json!({
            "protocolVersion": revision,
            "capabilities": client.capabilities,
            "clientInfo": {"name": "t", "version": "1"},
        });
        let mut connection = Connection::open(address);
        let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        connection.send("POST", &[], Some(&body.to_string()));
        let head = connection.head();
        let body = connection.body(&head);
        assert_eq!(head.status, 200, "{body}");
        client.session = head.field("mcp-session-id").expect("a session").to_owned();
        client
    }

    /// One client of each revision.
    pub(crate) fn of_every_revision(address: SocketAddr) -> Vec<Self> {
        let mut all: Vec<_> = super::SESSIONS.iter().map(|name| Self::session(address, name)).collect();
        all.push(Self::modern(address));
        all
    }

    /// One client of each era.
    pub(crate) fn of_both_eras(address: SocketAddr) -> [Self; 2] {
        [Self::session(address, "2025-11-25"), Self::modern(address)]
    }

    pub(crate) fn is_modern(&self) -> bool {
        self.session.is_empty()
    }

    pub(crate) fn with_capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    pub(crate) fn with_meta(mut self, meta: Value) -> Self {
        self.meta = meta;
        self
    }

    fn message(&self, id: u64, method: &str, mut params: Value) -> Value {
        let mut meta = self.meta.clone();
        if self.is_modern() {
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.revision);
            meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        if meta != json!({}) {
            params["_meta"] = meta;
        }
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    }

    /// The headers that go with a message.
    fn fields<'a>(&'a self, message: &'a Value) -> Vec<(&'static str, &'a str)> {
        if !self.is_modern() {
            return vec![("mcp-session-id", &self.session), ("mcp-protocol-version", self.revision)];
        }
        let mut fields = vec![("mcp-protocol-version", self.revision)];
        fields.extend(message["method"].as_str().map(|method| ("mcp-method", method)));
        let params = &message["params"];
        match message["method"].as_str() {
            Some("tools/call" | "prompts/get") => {
                fields.extend(params["name"].as_str().map(|name| ("mcp-name", name)));
            }
            Some("resources/read") => fields.extend(params["uri"].as_str().map(|uri| ("mcp-name", uri))),
            _ => {}
        }
        fields
    }

    /// Sends a message as it is given.
    pub(crate) fn post(&self, message: &Value) -> Connection {
        let mut connection = Connection::open(self.address);
        connection.send("POST", &self.fields(message), Some(&message.to_string()));
        connection
    }

    pub(crate) fn start(&self, method: &str, params: Value) -> Exchange {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        Exchange { connection: self.post(&self.message(id, method, params)), id }
    }

    pub(crate) fn request(&self, method: &str, params: Value) -> Reply {
        self.start(method, params).finish()
    }

    pub(crate) fn start_call(&self, tool: &str, arguments: Value) -> Exchange {
        self.start("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.start_call(tool, arguments).finish()
    }

    /// Sends a notification; gives the status.
    pub(crate) fn notify(&self, method: &str, params: Value) -> u16 {
        self.post(&json!({"jsonrpc": "2.0", "method": method, "params": params})).head().status
    }

    /// Answers a request of the server's.
    pub(crate) fn answer(&self, id: &Value, result: Value) {
        let status = self.post(&json!({"jsonrpc": "2.0", "id": id, "result": result})).head().status;
        assert_eq!(status, 202);
    }

    pub(crate) fn cancel(&self, id: u64) {
        assert_eq!(self.notify("notifications/cancelled", json!({"requestId": id, "reason": "enough"})), 202);
    }

    /// Sends a request without a body in the session.
    pub(crate) fn plain(&self, method: &str, more: &[(&str, &str)]) -> Connection {
        let mut fields = vec![("mcp-session-id", &*self.session), ("accept", "text/event-stream")];
        fields.extend_from_slice(more);
        let mut connection = Connection::open(self.address);
        connection.send(method, &fields, None);
        connection
    }

    /// Opens the GET stream; the first event is read, so the server knows of it.
    pub(crate) fn get(&self) -> Events {
        self.get_after(None)
    }

    /// Opens the GET stream behind an event.
    pub(crate) fn get_after(&self, last: Option<&str>) -> Events {
        let more: Vec<_> = last.iter().map(|last| ("last-event-id", *last)).collect();
        let mut connection = self.plain("GET", &more);
        let head = connection.head();
        assert_eq!(head.status, 200);
        connection.into_events(&head)
    }

    pub(crate) fn delete(&self) -> u16 {
        self.plain("DELETE", &[]).head().status
    }

    /// Opens a listen stream and reads the acknowledgement.
    pub(crate) fn listen(&self, filter: Value) -> (u64, Events) {
        let exchange = self.start("subscriptions/listen", json!({"notifications": filter}));
        let id = exchange.id;
        let mut events = exchange.events();
        assert_eq!(events.message()["method"], "notifications/subscriptions/acknowledged");
        (id, events)
    }
}
