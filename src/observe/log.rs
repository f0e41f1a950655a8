//! The log of the engine as a callback. Each server has its own; nothing is installed for the whole process.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

use crate::{callback, rpc::write_string};

/// How severe a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something failed that somebody should look at.
    Error,
    /// Something that may be wrong.
    Warn,
    /// What goes on.
    Info,
    /// Detail.
    Debug,
    /// Every step.
    Trace,
}

/// One record of the log.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// How severe.
    pub severity: Severity,
    /// Which part of the library, as `mcpserver::transport`.
    pub target: &'a str,
    /// One line.
    pub message: &'a str,
    /// The values that belong to it: the JSON text of an object.
    pub fields: &'a str,
}

/// Takes the log. It runs on threads of the server and must not block for long.
pub type LogCallback = dyn Fn(&LogRecord<'_>) + Send + Sync;

/// A dispatcher that hands events to the callback, to be set on each thread of the server.
pub(crate) fn dispatch(callback: &Arc<LogCallback>) -> Dispatch {
    let second = Dispatch::new(Nobody);
    Dispatch::new(Bridge { callback: Arc::clone(callback), spans: AtomicU64::new(1), _second: second })
}

struct Bridge {
    callback: Arc<LogCallback>,
    spans: AtomicU64,
    _second: Dispatch,
}

/// Listens to nothing, and is registered beside each log: while `tracing` knows of one subscriber only, whichever
/// thread first comes to a place that logs decides for good whether that place is heard, also one without a log.
struct Nobody;

impl Subscriber for Nobody {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::DEBUG && metadata.target().starts_with("mcpserver")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields { message: String::new(), json: b"{".to_vec() };
        event.record(&mut fields);
        fields.json.push(b'}');
        let metadata = event.metadata();
        let record = LogRecord {
            severity: match *metadata.level() {
                Level::ERROR => Severity::Error,
                Level::WARN => Severity::Warn,
                Level::INFO => Severity::Info,
                Level::DEBUG => Severity::Debug,
                Level::TRACE => Severity::Trace,
            },
            target: metadata.target(),
            message: &fields.message,
            fields: std::str::from_utf8(&fields.json).unwrap_or("{}"),
        };
        // A log that panics has nowhere to say so.
        let _ = callback::run(|| (self.callback)(&record));
    }
}

struct Fields {
    message: String,
    json: Vec<u8>,
}

impl Fields {
    fn put(&mut self, field: &Field, json: &[u8]) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        write_string(&mut self.json, field.name());
        self.json.push(b':');
        self.json.extend_from_slice(json);
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message.push_str(text);
            return;
        }
        let mut json = Vec::with_capacity(text.len() + 2);
        write_string(&mut json, text);
        self.put(field, &json);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.to_string().as_bytes());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.to_string().as_bytes());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn events_arrive_with_their_fields() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let callback: Arc<LogCallback> = Arc::new(move |record: &LogRecord<'_>| {
            sink.lock().unwrap().push(format!("{:?} {} {}", record.severity, record.message, record.fields));
        });
        tracing::dispatcher::with_default(&dispatch(&callback), || {
            tracing::warn!(target: "mcpserver::test", port = 80u64, why = "x\"y", "cannot listen");
            tracing::warn!(target: "somebody_else", "not ours");
        });
        assert_eq!(*seen.lock().unwrap(), [r#"Warn cannot listen {"port":80,"why":"x\"y"}"#]);
    }
}
