//! Benchmark peer: the official Rust SDK, over Streamable HTTP or stdio.
//!
//! usage: peer-rmcp --port PORT [--json]
//!        peer-rmcp --stdio
//!
//! Built the way that costs the SDK least: TCP_NODELAY is set (`axum::serve` leaves Nagle's algorithm on, and every
//! answer in several pieces then waits some 40 ms for the client's delayed ACK), and the tool router is built once and
//! shared, since the service factory runs for every session, or for every request where there is none.

use std::{
    env,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::serve::ListenerExt;
use rmcp::{
    ErrorData, Json, Peer, RoleServer, ServerHandler, ServiceExt,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    model::{
        Implementation, ProgressNotificationParam, RequestMetaObject, ServerCapabilities, ServerConfig,
        SubscriptionFilter,
    },
    schemars::JsonSchema,
    service::SubscriptionContext,
    tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::broadcast};

#[derive(Deserialize, JsonSchema)]
struct EchoArgs {
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct Metrics {
    alive_tasks: usize,
}

#[derive(Deserialize, JsonSchema)]
struct ProgressArgs {
    n: u32,
}

struct Bench {
    tool_router: ToolRouter<Self>,
    /// Modern subscriptions wait on this channel.
    changed: broadcast::Sender<()>,
    /// Legacy sessions are told one by one.
    peers: Mutex<Vec<Peer<RoleServer>>>,
}

#[tool_router(router = tool_router)]
impl Bench {
    fn new() -> Self {
        Self {
            tool_router: Self::tool_router(),
            changed: broadcast::channel(16).0,
            peers: Mutex::new(Vec::new()),
        }
    }

    #[tool(description = "Return the message")]
    async fn echo(&self, Parameters(args): Parameters<EchoArgs>) -> String {
        args.message
    }

    #[tool(description = "Count the tasks of the runtime")]
    async fn runtime_metrics(&self) -> Json<Metrics> {
        Json(Metrics { alive_tasks: Handle::current().metrics().num_alive_tasks() })
    }

    #[tool(description = "Send n progress notifications, then the result")]
    async fn progress(
        &self,
        Parameters(args): Parameters<ProgressArgs>,
        meta: RequestMetaObject,
        client: Peer<RoleServer>,
    ) -> String {
        if let Some(token) = meta.get_progress_token() {
            for step in 1..=args.n {
                let _ = client
                    .notify_progress(
                        ProgressNotificationParam::new(token.clone(), step as f64).with_total(args.n as f64),
                    )
                    .await;
            }
        }
        "done".into()
    }

    #[tool(description = "Legacy sessions enter the broadcast list with this call")]
    async fn join(&self, client: Peer<RoleServer>) -> String {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        "ok".into()
    }

    #[tool(description = "Tell every open stream that the tool list changed")]
    async fn broadcast(&self) -> String {
        let modern = self.changed.send(()).unwrap_or(0);
        let peers: Vec<_> = {
            let mut all = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|p| !p.is_transport_closed());
            all.clone()
        };
        let mut legacy = 0;
        for peer in peers {
            legacy += peer.notify_tool_list_changed().await.is_ok() as usize;
        }
        (modern + legacy).to_string()
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Bench {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
            .with_server_info(Implementation::new("peer-rmcp", "0.1.0"))
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changed = self.changed.subscribe();
        loop {
            tokio::select! {
                _ = context.cancelled() => return Ok(()),
                event = changed.recv() => {
                    if event.is_err() || context.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|a| a == flag);
    let server = Arc::new(Bench::new());

    if has("--stdio") {
        let running = server.serve(rmcp::transport::stdio()).await?;
        running.waiting().await?;
        return Ok(());
    }

    let port =
        args.iter().position(|a| a == "--port").and_then(|i| args.get(i + 1)?.parse().ok()).unwrap_or(0);
    let service: StreamableHttpService<Arc<Bench>, LocalSessionManager> = StreamableHttpService::new(
        move || Ok(server.clone()),
        Default::default(),
        StreamableHttpServerConfig::default().with_json_response(has("--json")),
    );
    let app = axum::Router::new().nest_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    println!("listening on http://{}/mcp", listener.local_addr()?);
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}
