//! Schemas, and the tree that they are applied to.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| mcpserver::fuzz::schema(input));
