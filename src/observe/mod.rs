//! What the engine tells its host about itself: counters and log records.

mod log;
mod metrics;

pub(crate) use log::dispatch;
pub use log::{LogCallback, LogRecord, Severity};
pub(crate) use metrics::Metrics;
pub use metrics::Snapshot;
