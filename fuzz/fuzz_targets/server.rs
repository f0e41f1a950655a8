//! What a client does with a server, one request after the other.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| mcpserver::fuzz::server(input));
