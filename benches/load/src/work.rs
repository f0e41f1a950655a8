//! What is asked of the server: the request bodies. What must come back is in `reply`.

use crate::target::{Era, LEGACY, MODERN};

#[derive(Clone, Debug)]
pub enum Work {
    Echo { name: String, size: usize },
    Progress { n: u64 },
    List,
    Named(&'static str),
}

impl Work {
    pub fn echo() -> Self {
        Self::Echo { name: "echo".into(), size: 32 }
    }

    pub fn method(&self) -> &'static str {
        match self {
            Self::List => "tools/list",
            _ => "tools/call",
        }
    }

    pub fn tool(&self) -> Option<&str> {
        match self {
            Self::Echo { name, .. } => Some(name),
            Self::Progress { .. } => Some("progress"),
            Self::Named(name) => Some(name),
            Self::List => None,
        }
    }

    /// The text to echo: different for every id, so that no answer can stand for another.
    pub fn message(size: usize, id: u64) -> String {
        let mut text = format!("m{id}-");
        while text.len() < size {
            text.push((b'a' + (text.len() % 26) as u8) as char);
        }
        text
    }

    pub fn body(&self, era: Era, id: u64) -> String {
        // The progress token is the request id: the floor relies on it, so that it need not parse `_meta`.
        let token = matches!(self, Self::Progress { .. }).then_some(id);
        let meta = meta(era, token);
        let params = match self {
            Self::Echo { name, size } => {
                let text = Self::message(*size, id);
                format!("\"name\":\"{name}\",\"arguments\":{{\"message\":\"{text}\"}}{meta}")
            }
            Self::Progress { n } => format!("\"name\":\"progress\",\"arguments\":{{\"n\":{n}}}{meta}"),
            Self::Named(name) => format!("\"name\":\"{name}\",\"arguments\":{{}}{meta}"),
            Self::List => meta.trim_start_matches(',').to_string(),
        };
        request(id, self.method(), &params)
    }
}

fn request(id: u64, method: &str, params: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{{{params}}}}}")
}

/// The `_meta` member with a comma in front, or nothing where the era needs none.
fn meta(era: Era, token: Option<u64>) -> String {
    let token = token.map(|t| format!("\"progressToken\":{t}"));
    match (era, token) {
        (Era::Modern, token) => format!(
            ",\"_meta\":{{\"io.modelcontextprotocol/protocolVersion\":\"{MODERN}\",\
             \"io.modelcontextprotocol/clientInfo\":{{\"name\":\"mcpload\",\"version\":\"0.1.0\"}},\
             \"io.modelcontextprotocol/clientCapabilities\":{{}}{}}}",
            token.map(|t| format!(",{t}")).unwrap_or_default()
        ),
        (Era::Legacy, Some(token)) => format!(",\"_meta\":{{{token}}}"),
        (Era::Legacy, None) => String::new(),
    }
}

pub fn initialize() -> String {
    let params = format!(
        "\"protocolVersion\":\"{LEGACY}\",\"capabilities\":{{}},\
         \"clientInfo\":{{\"name\":\"mcpload\",\"version\":\"0.1.0\"}}"
    );
    request(0, "initialize", &params)
}

pub const INITIALIZED: &str = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";

pub fn discover() -> String {
    request(0, "server/discover", meta(Era::Modern, None).trim_start_matches(','))
}

/// `subscriptions/listen` for the one notification that `broadcast` sends.
pub fn listen(id: u64) -> String {
    let params = format!("\"notifications\":{{\"toolsListChanged\":true}}{}", meta(Era::Modern, None));
    request(id, "subscriptions/listen", &params)
}
