//! The C ABI of libmcpserver. Each file pairs with one section of `include/mcpserver.h`, which is generated from
//! it by `bindings/c/header`.
//!
//! Signatures say who owns what: `Option<Box<T>>` is a handle that is consumed, `Option<&mut T>` one that is
//! borrowed by one thread at a time, `*mut mcp_server` one that threads share, and `*mut mcp_call` no address at
//! all but a number that is looked up. `None` is a NULL of the host.

#![warn(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
// The names are those of the header.
#![allow(non_camel_case_types)]

pub mod argument;
pub mod ask;
pub mod call;
pub mod callback;
mod cancel;
pub mod client;
pub mod completion;
pub mod config;
pub mod content;
pub mod error;
pub mod finish;
mod fork;
pub mod handle;
mod json;
pub mod log;
pub mod prompt;
pub mod resource;
pub mod say;
pub mod server;
mod slab;
pub mod str;
pub mod tool;
pub mod version;
