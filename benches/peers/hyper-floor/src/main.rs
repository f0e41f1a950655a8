//! The lower bound for an MCP server on hyper 1.x: read the body, parse it, answer with a JSON-RPC result.
//!
//! There is no protocol logic: no check of a version, header, session or schema. It has what the load generator needs
//! and nothing else, so that its numbers stand for HTTP, JSON and the sockets alone. Not a usable server.
//!
//! usage: hyper-floor PORT

mod streams;

use std::{borrow::Cow, convert::Infallible, env, net::SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{net::TcpListener, runtime::Handle};

type Reply = Response<BoxBody<Bytes, Infallible>>;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<Params<'a>>,
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Arguments<'a>,
}

#[derive(Default, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow, default)]
    message: Cow<'a, str>,
    #[serde(default)]
    n: u32,
}

const INITIALIZE: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"hyper-floor","version":"0"}}"#;
const DISCOVER: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"ttlMs":0,"cacheScope":"private"}"#;
const TOOLS: &str = r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"echo","inputSchema":{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}},{"name":"progress","inputSchema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}},{"name":"broadcast","inputSchema":{"type":"object"}},{"name":"runtime_metrics","inputSchema":{"type":"object"}}]}"#;

fn reply(content_type: &'static str, body: BoxBody<Bytes, Infallible>) -> Reply {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json(body: Vec<u8>) -> Reply {
    reply("application/json", Full::new(Bytes::from(body)).boxed())
}

fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Full::default().boxed());
    *response.status_mut() = status;
    response
}

fn envelope(id: &str, result: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(48 + id.len() + result.len());
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b",\"result\":");
    out.extend_from_slice(result.as_bytes());
    out.push(b'}');
    out
}

fn echo(id: &str, message: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + message.len());
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(
        b",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\",\"text\":",
    );
    serde_json::to_writer(&mut out, message).expect("writing to memory cannot fail");
    out.extend_from_slice(b"}]}}");
    out
}

fn call(id: &str, params: &Params) -> Reply {
    match &*params.name {
        "progress" => reply("text/event-stream", streams::progress(id, params.arguments.n).boxed()),
        "broadcast" => {
            let n = streams::broadcast();
            json(envelope(
                id,
                &format!(r#"{{"resultType":"complete","content":[{{"type":"text","text":"{n}"}}]}}"#),
            ))
        }
        "runtime_metrics" => {
            let n = Handle::current().metrics().num_alive_tasks();
            json(envelope(
                id,
                &format!(
                    r#"{{"resultType":"complete","content":[{{"type":"text","text":"{n}"}}],"structuredContent":{{"alive_tasks":{n}}}}}"#
                ),
            ))
        }
        _ => json(echo(id, &params.arguments.message)),
    }
}

async fn serve(request: Request<Incoming>) -> Result<Reply, Infallible> {
    match *request.method() {
        Method::GET => return Ok(reply("text/event-stream", streams::open(None).boxed())),
        Method::DELETE => return Ok(empty(StatusCode::OK)),
        _ => {}
    }
    let Ok(body) = request.into_body().collect().await else {
        return Ok(empty(StatusCode::BAD_REQUEST));
    };
    let body = body.to_bytes();
    let Ok(message) = serde_json::from_slice::<Message>(&body) else {
        return Ok(empty(StatusCode::BAD_REQUEST));
    };
    let Some(id) = message.id.map(RawValue::get) else {
        return Ok(empty(StatusCode::ACCEPTED));
    };
    Ok(match &*message.method {
        "tools/call" => call(id, &message.params.unwrap_or_default()),
        "tools/list" => json(envelope(id, TOOLS)),
        "subscriptions/listen" => {
            reply("text/event-stream", streams::open(Some(streams::acknowledged(id))).boxed())
        }
        "server/discover" => json(envelope(id, DISCOVER)),
        "initialize" => {
            let mut response = json(envelope(id, INITIALIZE));
            response.headers_mut().insert("mcp-session-id", HeaderValue::from_static("floor"));
            response
        }
        _ => json(envelope(id, "{}")),
    })
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    println!("listening on http://{}/mcp", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        let _ = socket.set_nodelay(true);
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(serve)).await;
        });
    }
}
