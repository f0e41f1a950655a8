//! The checks on what comes back. An answer counts only when it is the right one.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    http::{Head, Kind},
    sse,
    work::Work,
};

#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(borrow, default)]
    pub jsonrpc: Cow<'a, str>,
    #[serde(borrow, default)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CallResult<'a> {
    #[serde(borrow, default)]
    content: Vec<Content<'a>>,
    #[serde(rename = "isError", default)]
    is_error: Option<bool>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct ToolList<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(rename = "structuredContent")]
    structured: Alive,
}

#[derive(Deserialize)]
struct Alive {
    alive_tasks: u64,
}

pub fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Checks one response message against request `id`.
pub fn check(work: &Work, message: &Message, id: u64) -> Result<(), String> {
    if message.jsonrpc != "2.0" {
        return Err("jsonrpc is not 2.0".into());
    }
    match message.id.map(RawValue::get) {
        Some(got) if got.parse() == Ok(id) => {}
        other => return Err(format!("id {other:?}, expected {id}")),
    }
    if let Some(error) = message.error {
        return Err(format!("error {}", clip(error.get())));
    }
    let raw = message.result.ok_or("no result")?.get();
    if let Work::List = work {
        let list: ToolList = serde_json::from_str(raw).map_err(|e| e.to_string())?;
        return if list.tools.is_empty() { Err("no tools".into()) } else { Ok(()) };
    }
    let result: CallResult = serde_json::from_str(raw).map_err(|e| e.to_string())?;
    if result.is_error == Some(true) {
        return Err(format!("isError: {}", clip(raw)));
    }
    let text = result.content.first().and_then(|c| c.text.as_deref());
    match work {
        Work::Echo { size, .. } if text != Some(&Work::message(*size, id)) => {
            Err(format!("wrong text in {}", clip(raw)))
        }
        _ if result.content.is_empty() => Err(format!("no content in {}", clip(raw))),
        _ => Ok(()),
    }
}

/// Checks a whole HTTP answer: status, body, and for `progress` the count of notifications before the result.
pub fn check_http(head: &Head, body: &[u8], work: &Work, id: u64) -> Result<(), String> {
    if head.status != 200 {
        return Err(format!("status {}: {}", head.status, clip(&String::from_utf8_lossy(body))));
    }
    let mut before = 0;
    match head.kind {
        Kind::Json => {
            let message = serde_json::from_slice(body).map_err(|e| e.to_string())?;
            check(work, &message, id)?;
        }
        Kind::Sse => {
            let mut outcome = Err("no response on the stream".to_string());
            sse::events(body, |data| match serde_json::from_slice::<Message>(data) {
                Ok(message) if message.method.is_some() => before += 1,
                Ok(message) => outcome = check(work, &message, id),
                Err(e) => outcome = Err(e.to_string()),
            });
            outcome?;
        }
        Kind::Other => return Err("neither JSON nor an event stream".into()),
    }
    match work {
        Work::Progress { n } if before != *n => Err(format!("{before} progress notifications, expected {n}")),
        _ => Ok(()),
    }
}

/// `alive_tasks` of a `runtime_metrics` answer; None when the server has no such tool.
pub fn alive_tasks(head: &Head, body: &[u8]) -> Option<u64> {
    let read = |data: &[u8]| {
        let message: Message = serde_json::from_slice(data).ok()?;
        let metrics: Metrics = serde_json::from_str(message.result?.get()).ok()?;
        Some(metrics.structured.alive_tasks)
    };
    match head.kind {
        Kind::Sse => {
            let mut found = None;
            sse::events(body, |data| found = found.or_else(|| read(data)));
            found
        }
        _ => read(body),
    }
}
