//! How messages come and go.

pub(crate) mod http;
