//! Where requests go and how they look in each era (transports: Streamable HTTP of 2026-07-28 and 2025-11-25).

use std::{
    fmt::Write,
    net::{SocketAddr, ToSocketAddrs},
};

pub const MODERN: &str = "2026-07-28";
pub const LEGACY: &str = "2025-11-25";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// No session; version and client in the headers and `_meta` of every request.
    Modern,
    /// `initialize`, then a session id.
    Legacy,
}

impl Era {
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "modern" => Some(Self::Modern),
            "legacy" => Some(Self::Legacy),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Target {
    pub addr: SocketAddr,
    pub era: Era,
    host: String,
    path: String,
}

impl Target {
    pub fn parse(url: &str, era: Era) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or(format!("{url} does not start with http://"))?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let with_port = if host.contains(':') { host.to_string() } else { format!("{host}:80") };
        let addr = with_port
            .to_socket_addrs()
            .map_err(|e| format!("{with_port}: {e}"))?
            .find(SocketAddr::is_ipv4)
            .ok_or(format!("{host} has no IPv4 address"))?;
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { addr, era, host: host.to_string(), path: path.to_string() })
    }

    fn start(&self, verb: &str, out: &mut String) {
        out.clear();
        let _ = write!(out, "{verb} {} HTTP/1.1\r\nHost: {}\r\n", self.path, self.host);
    }

    fn session(session: Option<&str>, out: &mut String) {
        if let Some(session) = session {
            let _ = write!(out, "Mcp-Session-Id: {session}\r\n");
        }
    }

    /// Writes the whole POST into `out`. `name` becomes the `Mcp-Name` header of the modern era.
    pub fn post(
        &self,
        out: &mut String,
        session: Option<&str>,
        method: &str,
        name: Option<&str>,
        body: &str,
    ) {
        self.start("POST", out);
        out.push_str("Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n");
        match self.era {
            Era::Modern => {
                let _ = write!(out, "MCP-Protocol-Version: {MODERN}\r\nMcp-Method: {method}\r\n");
                if let Some(name) = name {
                    let _ = write!(out, "Mcp-Name: {name}\r\n");
                }
            }
            Era::Legacy if method != "initialize" => {
                let _ = write!(out, "MCP-Protocol-Version: {LEGACY}\r\n");
            }
            Era::Legacy => {}
        }
        Self::session(session, out);
        let _ = write!(out, "Content-Length: {}\r\n\r\n{body}", body.len());
    }

    /// The GET that opens a session's event stream.
    pub fn get_stream(&self, session: Option<&str>) -> String {
        let mut out = String::new();
        self.start("GET", &mut out);
        let _ = write!(out, "Accept: text/event-stream\r\nMCP-Protocol-Version: {LEGACY}\r\n");
        Self::session(session, &mut out);
        out.push_str("\r\n");
        out
    }

    /// The DELETE that ends a session.
    pub fn delete(&self, session: &str) -> String {
        let mut out = String::new();
        self.start("DELETE", &mut out);
        let _ = write!(out, "MCP-Protocol-Version: {LEGACY}\r\n");
        Self::session(Some(session), &mut out);
        out.push_str("Content-Length: 0\r\n\r\n");
        out
    }
}
