//! Fuzzing: a client that does what it likes with a server, without sockets: a session and the requests of both eras,
//! one after the other.

use std::{
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, request::Parts};
use serde_json::value::RawValue;

use super::{
    Endpoint, Shutdown,
    carry::Carried,
    reply::Ready,
    respond::{HttpResponse, ReplyBody},
    service::{Pending, Routed},
};
use crate::{
    call::{Call, Run},
    clients::{DisconnectReason, List, Next, Reader, Stream},
    config::{Config, HttpListen},
    dispatch::Dispatcher,
    exec::Pool,
    protocol::Revision,
    registry::{Completion, CompletionRef, Prompt, PromptArgument, Resource, Tool},
};

const NAME: &str =
    r#"{"message":"Name?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}}}}"#;

fn add_all(dispatcher: &Dispatcher) -> crate::error::Result<()> {
    let tool = |name: &str, schema: &str, handler: fn(Call)| {
        let mut tool = Tool::new(name, schema, handler);
        tool.run = Run::Inline;
        dispatcher.registry.add_tool(tool).map(drop)
    };
    let text = |call: Call| drop(call.finish_text("text"));
    tool("echo", r#"{"type":"object","properties":{"m":{"type":"string"}},"required":["m"]}"#, |call| {
        let arguments = call.arguments().to_owned();
        let _ = call.finish_structured(&arguments);
    })?;
    tool("header", r#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"R"}}}"#, text)?;
    tool("ask", r#"{"type":"object"}"#, |mut call| {
        let first = call.ask("a", "elicitation/create", Some(NAME)).is_ok();
        let second = call.ask("b", "roots/list", None).is_ok();
        let _ = if first && second { call.finish_text("asked") } else { call.suspend() };
    })?;
    tool("say", r#"{"type":"object"}"#, |call| {
        for i in 1..=5 {
            let _ = call.progress(f64::from(i), Some(5.0), None);
        }
        call.close_stream(std::time::Duration::from_millis(1));
        let _ = call.log(crate::LogLevel::Error, None, "1");
        let _ = call.fail("said");
    })?;
    tool("drop", r#"{"type":"object"}"#, drop)?;
    let mut resource = Resource::new("a:b", "r", text);
    resource.run = Run::Inline;
    dispatcher.registry.add_resource(resource)?;
    let mut template = Resource::new("t:{x}/{y}", "t", text);
    template.run = Run::Inline;
    dispatcher.registry.add_template(template)?;
    let mut prompt = Prompt::new("p", text);
    prompt.run = Run::Inline;
    prompt.arguments = vec![PromptArgument { name: "x".into(), required: true, ..PromptArgument::default() }];
    dispatcher.registry.add_prompt(prompt)?;
    let mut completion = Completion::new(CompletionRef::Prompt("p".into()), |call: Call| {
        let _ = call.finish_completion(&["a", "b"], None, false);
    });
    completion.run = Run::Inline;
    dispatcher.registry.add_completion(completion)
}

fn endpoint() -> &'static Arc<Endpoint> {
    static ENDPOINT: OnceLock<Arc<Endpoint>> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let mut config = Config::new("fuzz", "1");
        config.limits.page_items = 2;
        config.limits.event_log_messages = 8;
        config.limits.outbox_messages = 8;
        config.listen_http("127.0.0.1:0", "/mcp").expect("an address");
        let dispatcher = Arc::new(Dispatcher::new(config).expect("a server"));
        add_all(&dispatcher).expect("all can be added");
        dispatcher.set_pool(Some(Pool::new(1, 1, None, Arc::clone(&dispatcher.metrics))));
        let listen: HttpListen = dispatcher.config.listen[0].clone();
        Endpoint::new(dispatcher, &listen, listen.address, Shutdown::default())
    })
}

/// Serves records of bytes, parted by NULs. The first byte of a record says what is done with the rest.
pub fn server(input: &[u8]) {
    let endpoint = endpoint();
    let clients = &endpoint.dispatcher.clients;
    let Some((first, records)) = input.split_first() else { return };
    let sessions: Vec<Revision> =
        Revision::ALL.into_iter().filter(|revision| !revision.is_modern()).collect();
    let mut client = Client::new(endpoint, sessions[usize::from(*first) % sessions.len()]);
    for record in records.split(|byte| *byte == 0).take(32) {
        if let Some((what, rest)) = record.split_first() {
            client.act(*what, rest);
        }
    }
    drop(client);
    for left in clients.list() {
        clients.close(left.client).expect("it is there");
    }
    assert_eq!(clients.count(), (0, 0), "clients are left");
}

struct Client {
    endpoint: &'static Arc<Endpoint>,
    revision: Revision,
    session: String,
    pending: Vec<Pending>,
    carried: Vec<Carried>,
}

impl Client {
    fn new(endpoint: &'static Arc<Endpoint>, revision: Revision) -> Self {
        let mut client =
            Self { endpoint, revision, session: String::new(), pending: Vec::new(), carried: Vec::new() };
        let hello = format!(
            r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{"elicitation":{{}},"roots":{{}}}},"clientInfo":{{}}}}}}"#
        );
        let parts = client.parts(Method::POST, &[]);
        let Routed::Response(response) = endpoint.post(&parts, &hello.into()) else { panic!("no session") };
        let id = response.headers()["mcp-session-id"].to_str().expect("it is ASCII");
        client.session = id.to_owned();
        client.in_session(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        client
    }

    fn parts(&self, method: Method, headers: &[(&'static str, &[u8])]) -> Parts {
        let (mut parts, ()) =
            Request::builder().method(method).uri("/mcp").body(()).expect("a request").into_parts();
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                parts.headers.append(*name, value);
            }
        }
        parts
    }

    fn act(&mut self, what: u8, rest: &[u8]) {
        match what {
            b'm' => self.modern(rest),
            b's' => self.in_session(rest),
            b'g' => self.get(rest),
            b'd' => {
                let parts = self.parts(Method::DELETE, &[("mcp-session-id", self.session.as_bytes())]);
                self.take(self.endpoint.without_body(&parts), &[]);
            }
            b'n' => drop(self.endpoint.dispatcher.clients.list_changed(List::Tools)),
            b'u' => {
                let uri = std::str::from_utf8(rest).unwrap_or("a:b");
                self.endpoint.dispatcher.clients.resource_updated(uri);
            }
            b'r' => {
                if let Some(session) = self.endpoint.dispatcher.clients.session(&self.session) {
                    read(&session.standalone);
                }
            }
            b'x' => self.carried.clear(),
            b'y' => self.pending.clear(),
            _ => {}
        }
        let pending = std::mem::take(&mut self.pending);
        pending.into_iter().for_each(|pending| self.poll(pending));
    }

    /// POSTs a message of 2026-07-28, with headers that mirror it as far as it can be read.
    fn modern(&mut self, body: &[u8]) {
        let message: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let (method, params) = (message["method"].as_str().unwrap_or("x"), &message["params"]);
        let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default();
        let region = params["arguments"]["r"].as_str().unwrap_or_default();
        let headers: [(&'static str, &[u8]); 4] = [
            ("mcp-protocol-version", b"2026-07-28"),
            ("mcp-method", method.as_bytes()),
            ("mcp-name", name.as_bytes()),
            ("mcp-param-r", region.as_bytes()),
        ];
        let sent = if region.is_empty() { &headers[..3] } else { &headers };
        let parts = self.parts(Method::POST, sent);
        let body = Bytes::copy_from_slice(body);
        self.take(self.endpoint.post(&parts, &body), &body);
    }

    fn in_session(&mut self, body: &[u8]) {
        let headers: [(&'static str, &[u8]); 2] = [
            ("mcp-session-id", self.session.as_bytes()),
            ("mcp-protocol-version", self.revision.as_str().as_bytes()),
        ];
        let parts = self.parts(Method::POST, &headers);
        let body = Bytes::copy_from_slice(body);
        self.take(self.endpoint.post(&parts, &body), &body);
    }

    fn get(&mut self, last: &[u8]) {
        let headers = [("mcp-session-id", self.session.as_bytes()), ("last-event-id", last)];
        let parts = self.parts(Method::GET, if last.is_empty() { &headers[..1] } else { &headers });
        self.take(self.endpoint.without_body(&parts), &[]);
    }

    fn take(&mut self, routed: Routed, body: &[u8]) {
        match routed {
            Routed::Response(response) => check(&response, body),
            Routed::Pending(pending) => self.poll(pending),
            Routed::Takeover(carried) => self.carried.push(carried),
        }
    }

    fn poll(&mut self, pending: Pending) {
        match pending.reply.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => self.pending.push(pending),
            Poll::Ready(Ready::Answers(first, more)) => {
                for answer in std::iter::once(first).chain(more) {
                    answer.bytes.as_deref().into_iter().for_each(json);
                }
            }
            Poll::Ready(Ready::Stream(stream)) => {
                if !read(&stream) {
                    self.pending.push(pending);
                }
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.carried.clear();
        self.pending.clear();
        let clients = &self.endpoint.dispatcher.clients;
        if let Some(session) = clients.session(&self.session) {
            assert!(session.idle_since().is_some() || !self.session.is_empty());
            clients.end_session(&session, DisconnectReason::Closed);
        }
    }
}

/// Reads what a stream holds, and tells whether it is over.
fn read(stream: &Arc<Stream>) -> bool {
    let reader: Reader = stream.read();
    let mut last = 0;
    loop {
        match reader.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Next::Event(number, event)) => {
                if let Some(number) = number {
                    assert!(number > last, "events go on");
                    last = number;
                }
                let mut out = Vec::new();
                event.write(&mut out, None);
                json(&out);
            }
            Poll::Ready(Next::Pause(_)) => {}
            Poll::Ready(Next::End | Next::Drop) => return true,
            Poll::Pending => return false,
        }
    }
}

fn json(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("UTF-8 is answered");
    serde_json::from_str::<&RawValue>(text).unwrap_or_else(|error| panic!("no JSON: {error}: {text}"));
}

/// A response has a JSON body or none, and an error its status.
fn check(response: &HttpResponse, body: &[u8]) {
    let ReplyBody::Full(bytes) = response.body() else { return };
    let Some(bytes) = bytes else { return };
    json(bytes);
    assert!(
        bytes.len() < 16 << 10 || bytes.len() < 16 * body.len(),
        "{} bytes for {}",
        bytes.len(),
        body.len()
    );
}
