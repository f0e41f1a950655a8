//! Asking the client in the middle of a call: elicitation, sampling and roots as one operation.
//!
//! When the answer is not there yet, the handler ends; when it has come, the handler runs again from the start
//! and every question answered before returns at once (2026-07-28, Multi Round-Trip Requests; the revisions with
//! sessions are served the same way).

use super::{Answer, Call, CallKind, Question, Reply, fits};
use crate::{
    error::{Error, Kind, Result},
    protocol::{ClientCapability, json_object, json_value},
    rpc::{Code, Failure},
};

const MAX_KEY_BYTES: usize = 128;

impl Call {
    /// Asks the client. `key` names the question within this call; `method` is `elicitation/create`,
    /// `sampling/createMessage` or `roots/list`; `params` the JSON text of its parameters, an object.
    /// Gives the client's result as JSON text.
    ///
    /// # Errors
    /// [`Kind::InputRequired`]: the answer is not there yet. Ask whatever else is needed, then give the call to
    /// [`Call::suspend`] and return. [`Kind::MissingCapability`]: this client cannot be asked that; finish in
    /// another way, or give the call to [`Call::suspend`] to answer the specified error.
    /// [`Kind::ClientError`]: the client answered with an error. [`Kind::InvalidArgument`], [`Kind::InvalidJson`],
    /// [`Kind::LimitExceeded`].
    pub fn ask(&mut self, key: &str, method: &str, params: Option<&str>) -> Result<&str> {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("the key of a question has 1 to {MAX_KEY_BYTES} bytes, not {}", key.len()),
            ));
        }
        if self.kind() == CallKind::Completion {
            return Err(Error::new(Kind::InvalidArgument, "a completion cannot ask the client anything"));
        }
        let params = params.map(|json| json_object(json, "the params of a question")).transpose()?;
        let Some(capability) = ClientCapability::of_question(method, params.as_deref()) else {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!(
                    "{method:?} is nothing to ask a client; use elicitation/create, sampling/createMessage or roots/list"
                ),
            ));
        };
        let request = &self.request;
        let limit = request.engine.limits().questions;
        let rounds = self.rounds.get_or_insert_default();
        let usable = match rounds.replies.get(key) {
            Some(Reply::Error(_)) => true,
            Some(Reply::Result(json)) => fits(method, json),
            None => false,
        };
        if usable {
            return match &rounds.replies[key] {
                Reply::Result(json) => Ok(json),
                Reply::Error(failure) => Err(Error::new(
                    Kind::ClientError,
                    format!("the client answered {key:?} with error {}: {}", failure.code.0, failure.message),
                )),
            };
        }
        if !capability.is_declared(request.capabilities(), request.revision) {
            rounds.lacking = Some(capability);
            return Err(Error::new(
                Kind::MissingCapability,
                format!("the client did not declare the capability {}", capability.name()),
            ));
        }
        if rounds.missing.iter().any(|question| question.key == key) {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("{key:?} was asked before in this run; give each question its own key"),
            ));
        }
        if (rounds.missing.len() + rounds.replies.len()) as u64 >= limit {
            return Err(Error::new(
                Kind::LimitExceeded,
                format!("a call asks at most {limit} questions (limit questions)"),
            ));
        }
        rounds.missing.push(Question { key: key.to_owned(), method: method.to_owned(), params });
        Err(Error::new(Kind::InputRequired, "the client has to answer first: suspend the call and return"))
    }

    /// What [`Call::remember`] kept under that key in an earlier run, as JSON text.
    pub fn recall(&self, key: &str) -> Option<&str> {
        self.rounds.as_ref()?.memory.get(key).map(String::as_str)
    }

    /// Keeps a JSON text for later runs of the handler of this call: for work that must not be done twice.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when it is not JSON.
    pub fn remember(&mut self, key: &str, json: &str) -> Result<()> {
        let json = json_value(json, "what is to be remembered")?;
        self.rounds.get_or_insert_default().memory.insert(key.to_owned(), json);
        Ok(())
    }

    /// Does `work` once over all runs of the handler of this call, and gives its result (JSON text) in each.
    ///
    /// # Errors
    /// What `work` fails with, and [`Kind::InvalidJson`] when its result is not JSON.
    pub fn once(&mut self, key: &str, work: impl FnOnce() -> Result<String>) -> Result<&str> {
        if self.recall(key).is_none() {
            let result = work()?;
            self.remember(key, &result)?;
        }
        Ok(self.recall(key).unwrap_or_default())
    }

    /// Ends this run: the client is asked what [`Call::ask`] had no answer to, and the handler runs again when
    /// the answers are there. Where all that is open is a question that the client cannot be asked, answers the
    /// error that the specification has for that.
    ///
    /// # Errors
    /// [`Kind::WrongState`] when nothing was asked (the client gets an internal error), [`Kind::Cancelled`], and
    /// what keeps the questions from being sent.
    pub fn suspend(mut self) -> Result<()> {
        self.finished = true;
        let rounds = self.rounds.take().unwrap_or_default();
        if rounds.missing.is_empty()
            && let Some(capability) = rounds.lacking
        {
            return self.refuse(capability);
        }
        if rounds.missing.is_empty() {
            self.request
                .fail(&Failure::new(Code::INTERNAL_ERROR, "the server suspended a call that asked nothing"));
            return Err(Error::new(
                Kind::WrongState,
                "nothing was asked: finish the call instead of suspending it",
            ));
        }
        if self.request.cancelled().is_some() {
            return Err(Error::new(Kind::Cancelled, "the call was cancelled"));
        }
        let request = &self.request;
        request.engine.suspend(request.clone(), rounds).inspect_err(|error| {
            request.fail(&Failure::new(
                Code::INTERNAL_ERROR,
                format!("the client could not be asked: {}", error.message()),
            ));
        })
    }

    fn refuse(&self, capability: ClientCapability) -> Result<()> {
        let message = format!(
            "this needs the client capability {}, which the client did not declare",
            capability.name()
        );
        let request = &self.request;
        let answered = if request.revision.is_modern() {
            let data = format!("{{\"requiredCapabilities\":{}}}", capability.required());
            request.fail(&Failure::new(Code::MISSING_CLIENT_CAPABILITY, message).with_data(data))
        } else if self.kind() == CallKind::Tool {
            request.answer(Answer::result(self.tool_error(&message)))
        } else {
            request.fail(&Failure::new(Code::INVALID_REQUEST, message))
        };
        if answered { Ok(()) } else { Err(Error::new(Kind::Cancelled, "the call was cancelled")) }
    }
}
