//! What a call says before its answer: progress, log messages, notifications (2026-07-28, "Progress", "Logging").

use std::time::Duration;

use super::Call;
use crate::{
    error::{Error, Kind, Result},
    protocol::{LogLevel, Revision},
    rpc::{notification, write_string},
};

impl Call {
    /// Reports progress to the client, if it asked for it. `total` and `message` may be absent. Progress that is
    /// not more than what was reported before is not sent, so a second run of the handler never goes backwards.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] for a number that is not finite, [`Kind::Cancelled`], [`Kind::OutboxFull`].
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) -> Result<()> {
        if !progress.is_finite() || total.is_some_and(|total| !total.is_finite()) {
            return Err(Error::new(Kind::InvalidArgument, "progress and total have to be finite numbers"));
        }
        self.check_wanted()?;
        let Some(token) = self.request.progress_token else { return Ok(()) };
        if !self.request.advance(progress) {
            return Ok(());
        }
        let mut params = Vec::with_capacity(96);
        params.extend_from_slice(b"{\"progressToken\":");
        params.extend_from_slice(self.request.text(token).as_bytes());
        params.extend_from_slice(b",\"progress\":");
        write_number(&mut params, progress);
        if let Some(total) = total {
            params.extend_from_slice(b",\"total\":");
            write_number(&mut params, total);
        }
        if let Some(message) = message.filter(|_| self.request.revision >= Revision::V2025_03_26) {
            params.extend_from_slice(b",\"message\":");
            write_string(&mut params, message);
        }
        params.push(b'}');
        self.send("notifications/progress", &params)
    }

    /// Sends a log message to the client, if it wants that level. `data` is any JSON text.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when `data` is not JSON, [`Kind::Cancelled`], [`Kind::OutboxFull`].
    pub fn log(&self, level: LogLevel, logger: Option<&str>, data: &str) -> Result<()> {
        let data = crate::protocol::json_value(data, "the data of a log message")?;
        self.check_wanted()?;
        if self.request.log_level().is_none_or(|wanted| level < wanted) {
            return Ok(());
        }
        let mut params = Vec::with_capacity(64 + data.len());
        params.extend_from_slice(b"{\"level\":\"");
        params.extend_from_slice(level.as_str().as_bytes());
        params.push(b'"');
        if let Some(logger) = logger {
            params.extend_from_slice(b",\"logger\":");
            write_string(&mut params, logger);
        }
        params.extend_from_slice(b",\"data\":");
        params.extend_from_slice(data.as_bytes());
        params.push(b'}');
        self.send("notifications/message", &params)
    }

    /// Sends a notification on the stream of this call. `params` is the JSON text of an object.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`], [`Kind::Cancelled`], [`Kind::OutboxFull`].
    pub fn notify(&self, method: &str, params: Option<&str>) -> Result<()> {
        let params = params
            .map(|json| crate::protocol::json_object(json, "the params of a notification"))
            .transpose()?;
        self.check_wanted()?;
        self.request.outbox.send(notification(method, params.as_deref()))
    }

    /// Closes the connection of this call while it goes on: the client reconnects after `retry` and takes the
    /// rest from its session's event log (2025-11-25, "polling"). Tells whether that was done; with clients of
    /// other revisions the connection stays.
    pub fn close_stream(&self, retry: Duration) -> bool {
        self.request.revision == Revision::V2025_11_25 && self.request.outbox.pause(retry)
    }

    fn send(&self, method: &str, params: &[u8]) -> Result<()> {
        let params = std::str::from_utf8(params).unwrap_or_default();
        self.request.outbox.send(notification(method, Some(params)))
    }

    fn check_wanted(&self) -> Result<()> {
        match self.request.cancelled() {
            Some(_) => Err(Error::new(Kind::Cancelled, "the call was cancelled")),
            None => Ok(()),
        }
    }
}

/// Whole numbers are written without a fraction, as most clients print them as they come.
fn write_number(out: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        out.extend_from_slice(format!("{number:.0}").as_bytes());
    } else {
        serde_json::to_writer(out, &number).expect("writing to memory does not fail");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_json() {
        for (number, want) in [(50.0, "50"), (0.25, "0.25"), (-1.0, "-1"), (1e300, "1e+300"), (0.0, "0")] {
            let mut out = Vec::new();
            super::write_number(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }
}
