//! What a server is told before it starts: who it is, where it listens, and every limit with its default.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    error::{Error, Kind, Result},
    observe::LogCallback,
};

/// One row of the table of limits.
#[derive(Clone, Copy, Debug)]
pub struct LimitInfo {
    /// The name to set it by.
    pub name: &'static str,
    /// Its value when nobody sets it.
    pub default: u64,
    /// The smallest value it takes.
    pub min: u64,
    /// What it bounds, with the unit.
    pub about: &'static str,
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $default:expr, min $min:expr;)+) => {
        /// Every limit of a server. A value of 0 never means "no limit".
        #[derive(Clone, Debug)]
        pub struct Limits { $($(#[doc = $doc])+ pub $name: u64,)+ }

        impl Default for Limits {
            fn default() -> Self { Self { $($name: $default,)+ } }
        }

        impl Limits {
            /// All limits, in the order of the documentation.
            pub const TABLE: &'static [LimitInfo] = &[$(LimitInfo {
                name: stringify!($name), default: $default, min: $min, about: concat!($($doc),+),
            },)+];

            /// Sets a limit by its name.
            ///
            /// # Errors
            /// [`Kind::NotFound`] for an unknown name, [`Kind::InvalidArgument`] below the minimum.
            pub fn set(&mut self, name: &str, value: u64) -> Result<()> {
                let (slot, min) = match name {
                    $(stringify!($name) => (&mut self.$name, $min as u64),)+
                    _ => return Err(Error::new(Kind::NotFound, format!("there is no limit named {name:?}; see the table of limits"))),
                };
                if value < min {
                    return Err(Error::new(Kind::InvalidArgument, format!("limit {name} takes {min} or more, not {value}")));
                }
                *slot = value;
                Ok(())
            }

            /// The value of a limit by its name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name { $(stringify!($name) => Some(self.$name),)+ _ => None }
            }
        }
    };
}

limits! {
    /// Open connections; one more is answered 503 and closed.
    connections = 10_000, min 1;
    /// Clients that can be pushed to (sessions and listen streams together).
    clients = 10_000, min 1;
    /// Sessions of the revisions up to 2025-11-25; one more ends those idle longest.
    sessions = 10_000, min 1;
    /// Milliseconds after which a session without requests or streams ends.
    session_idle_ms = 30 * 60 * 1000, min 1;
    /// Requests of one session that may run or wait for the client at one time.
    session_requests = 256, min 1;
    /// Bytes of a request body.
    body_bytes = 4 << 20, min 1;
    /// Bytes of a request's line and header fields together.
    header_bytes = 64 << 10, min 8192;
    /// Header fields of a request.
    header_count = 100, min 1;
    /// Milliseconds in which the header of a request has to arrive.
    header_read_ms = 10_000, min 1;
    /// Milliseconds in which the body of a request has to arrive.
    body_read_ms = 30_000, min 1;
    /// Milliseconds after which a connection without a request is closed.
    connection_idle_ms = 120_000, min 1;
    /// Milliseconds in which a client has to take what is written to it.
    write_ms = 30_000, min 1;
    /// Messages of a JSON-RPC batch (revision 2025-03-26).
    batch_messages = 64, min 1;
    /// Levels of nesting of a JSON message.
    json_depth = 128, min 8;
    /// Messages that wait for one client.
    outbox_messages = 256, min 1;
    /// Bytes that wait for one client.
    outbox_bytes = 4 << 20, min 1;
    /// Sent events that a session keeps for resumption.
    event_log_messages = 256, min 1;
    /// Bytes of sent events that a session keeps for resumption.
    event_log_bytes = 1 << 20, min 1;
    /// Resources that one client may subscribe to.
    subscriptions = 1024, min 1;
    /// Bytes that one client makes the server keep: what it says about itself, and what it subscribes to.
    client_bytes = 256 << 10, min 256;
    /// Entries of one page of a list.
    page_items = 1000, min 1;
    /// Bytes of a JSON Schema.
    schema_bytes = 256 << 10, min 2;
    /// Levels of nesting of a JSON Schema.
    schema_depth = 64, min 1;
    /// Subschemas of a JSON Schema.
    schema_subschemas = 4096, min 1;
    /// Bytes of a sealed `requestState`.
    request_state_bytes = 64 << 10, min 256;
    /// Milliseconds for which a `requestState` is taken back.
    request_state_ms = 15 * 60 * 1000, min 1;
    /// Questions that one call may ask its client.
    questions = 64, min 1;
    /// Threads that run `pool` callbacks.
    pool_threads = 64, min 1;
    /// Calls that wait for a thread of the pool.
    pool_queue = 1024, min 1;
    /// Milliseconds between two keep-alive comments on a quiet stream.
    keep_alive_ms = 15_000, min 10;
    /// Milliseconds that a client is asked to wait before it reconnects a stream.
    retry_ms = 1000, min 1;
}

/// Who the server is: `Implementation` of the MCP schema. JSON members are given as JSON text.
#[derive(Clone, Debug, Default)]
pub struct ServerInfo {
    /// Name for programs.
    pub name: String,
    /// Version of the server.
    pub version: String,
    /// Name for people.
    pub title: Option<String>,
    /// What the server is for.
    pub description: Option<String>,
    /// Where to read about it.
    pub website_url: Option<String>,
    /// A JSON array of icons.
    pub icons: Option<String>,
}

/// An HTTP endpoint to listen on.
#[derive(Clone, Debug)]
pub struct HttpListen {
    /// Address and port; port 0 lets the system choose one.
    pub address: SocketAddr,
    /// Path of the MCP endpoint.
    pub path: String,
}

/// How long lists may be cached by a client (`ttlMs`, revision 2026-07-28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheHint {
    /// How long a result stays fresh.
    pub ttl: Duration,
    /// Whether any client may reuse it (`public`), or only the same caller (`private`).
    pub public: bool,
}

impl Default for CacheHint {
    fn default() -> Self {
        Self { ttl: Duration::ZERO, public: false }
    }
}

/// Everything a [`Server`](crate::Server) is made from.
#[derive(Clone)]
pub struct Config {
    /// Who the server is.
    pub info: ServerInfo,
    /// What a model should know to use the server.
    pub instructions: Option<String>,
    /// Where to listen.
    pub listen: Vec<HttpListen>,
    /// `Host` values that are served, with or without their port; `*` stands for all. At a loopback address those
    /// of the loopback are served besides; elsewhere all are while none is listed.
    pub allowed_hosts: Vec<String>,
    /// `Origin` values that are served, such as `https://app.example.com`; `*` stands for all. At a loopback address
    /// those of the loopback are served besides. A request without `Origin`, from no browser, is always served.
    pub allowed_origins: Vec<String>,
    /// Threads of the network runtime; 0 chooses: the cores of the machine, at most 4.
    pub network_threads: usize,
    /// The key that seals `requestState`; random when none is set. Nodes that serve the same clients share it.
    pub request_state_key: Option<[u8; 32]>,
    /// How long list results may be cached.
    pub list_cache: CacheHint,
    /// Settings of extensions to advertise: a JSON object by extension name.
    pub extensions: Vec<(String, String)>,
    /// Whether `logging` is advertised although no call has logged yet.
    pub logging: bool,
    /// The limits.
    pub limits: Limits,
    /// Takes what the server logs.
    pub log: Option<Arc<LogCallback>>,
}

impl Config {
    /// A configuration with every default, for a server of that name and version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            info: ServerInfo { name: name.into(), version: version.into(), ..ServerInfo::default() },
            instructions: None,
            listen: Vec::new(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            network_threads: 0,
            request_state_key: None,
            list_cache: CacheHint::default(),
            extensions: Vec::new(),
            logging: true,
            limits: Limits::default(),
            log: None,
        }
    }

    /// Adds an HTTP endpoint. `address` is `HOST:PORT` with a numeric host or `localhost`.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] when the address or the path cannot be read.
    pub fn listen_http(&mut self, address: &str, path: &str) -> Result<()> {
        let numeric = match address.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => address.to_owned(),
        };
        let address = numeric.parse().map_err(|_| {
            Error::new(
                Kind::InvalidArgument,
                format!("cannot listen on {address:?}: give HOST:PORT, such as 127.0.0.1:8000 or [::1]:0"),
            )
        })?;
        if !path.starts_with('/') || path.contains(['?', '#', ' ']) {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("{path:?} is no path for an endpoint: it starts with '/', as in /mcp"),
            ));
        }
        self.listen.push(HttpListen { address, path: path.to_owned() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_set_by_name_and_bounded() {
        let mut limits = Limits::default();
        for row in Limits::TABLE {
            assert_eq!(limits.get(row.name), Some(row.default), "{}", row.name);
            limits.set(row.name, row.min).unwrap();
            assert_eq!(limits.get(row.name), Some(row.min), "{}", row.name);
        }
        assert_eq!(limits.set("header_bytes", 1).unwrap_err().kind(), Kind::InvalidArgument);
        assert_eq!(limits.set("no_such", 1).unwrap_err().kind(), Kind::NotFound);
    }

    #[test]
    fn addresses_are_read_or_refused() {
        let mut config = Config::new("t", "1");
        config.listen_http("localhost:0", "/mcp").unwrap();
        config.listen_http("[::1]:8000", "/").unwrap();
        assert!(config.listen_http("example.com:80", "/mcp").is_err());
        assert!(config.listen_http("127.0.0.1:80", "mcp").is_err());
    }
}
