//! What the targets in fuzz/ call, and what has to hold whatever they are given: a panic is a finding. Only there
//! when a fuzzer is built (`--cfg fuzzing`), and no part of the API.
//!
//! Each function stands beside the code that it looks into.

pub use crate::{
    input::fuzz::state,
    protocol::fuzz::value,
    registry::fuzz::{cursor, schema, template},
    rpc::fuzz::envelope,
    transport::http::{fuzz::headers, fuzz_server::server},
};
