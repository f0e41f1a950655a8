//! libmcpserver: an MCP (Model Context Protocol) server engine that any program can embed.
//!
//! A host makes a [`Server`] from a [`Config`], registers tools, resources and prompts as callbacks, starts it,
//! and pushes to its clients from any thread. The server brings its own threads; the host needs no async runtime.
#![forbid(unsafe_code)]

mod call;
mod callback;
mod clients;
mod config;
mod dispatch;
mod error;
mod exec;
#[cfg(fuzzing)]
pub mod fuzz;
mod input;
mod observe;
mod protocol;
mod registry;
mod rpc;
mod runtime;
mod server;
mod transport;

pub use call::{Call, CallKind, CallWatch, CancelReason, ClientId, Handler, Principal, Run};
pub use clients::{ClientChange, ClientEvent, ClientInfo, ClientKind, DisconnectReason, List};
pub use config::{CacheHint, Config, HttpListen, LimitInfo, Limits, ServerInfo};
pub use error::{Error, Kind, Result};
pub use exec::RunningCall;
pub use observe::{LogCallback, LogRecord, Severity, Snapshot};
pub use protocol::{Content, LogLevel, Revision, Role};
pub use registry::{Completion, CompletionRef, Prompt, PromptArgument, Resource, Tool};
pub use rpc::Code;
pub use runtime::StopReport;
pub use server::Server;
