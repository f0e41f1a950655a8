//! JSON-RPC 2.0 as MCP uses it: the borrowed envelope, ids, error codes, and how an answer is written.

mod code;
mod envelope;
mod explain;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod params;
mod write;

pub use code::Code;
pub(crate) use envelope::{Body, Message, Unreadable, check_id, read, read_one, text};
pub(crate) use params::{Params, Slot};
pub(crate) use write::{Failure, error_response, notification, refusal_response, request, write_string};
