//! Error codes of JSON-RPC 2.0 and of MCP (2026-07-28, Base Protocol, "Error Codes").

/// The code of a JSON-RPC error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub i64);

impl Code {
    /// The text is not JSON.
    pub const PARSE_ERROR: Self = Self(-32700);
    /// The JSON is not a JSON-RPC message.
    pub const INVALID_REQUEST: Self = Self(-32600);
    /// No such method, or none that this revision has.
    pub const METHOD_NOT_FOUND: Self = Self(-32601);
    /// The parameters are not what the method takes.
    pub const INVALID_PARAMS: Self = Self(-32602);
    /// A fault of the server.
    pub const INTERNAL_ERROR: Self = Self(-32603);
    /// A header does not match the body, or is missing (2026-07-28).
    pub const HEADER_MISMATCH: Self = Self(-32020);
    /// The client did not declare a capability that the request needs (2026-07-28).
    pub const MISSING_CLIENT_CAPABILITY: Self = Self(-32021);
    /// The revision of the request is not served (2026-07-28).
    pub const UNSUPPORTED_PROTOCOL_VERSION: Self = Self(-32022);
    /// No such resource (2025-11-25 and earlier).
    pub const RESOURCE_NOT_FOUND: Self = Self(-32002);
    /// The user has to visit a URL first (2025-11-25 only).
    pub const URL_ELICITATION_REQUIRED: Self = Self(-32042);
}
