//! Asking the client in the middle of a call, in both eras: the same handler, run again from the start.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use mcpserver::{Call, Kind, Prompt, Result};
use serde_json::{Value, json};
use support::{Client, Exchange, MODERN, Served, serve, tool};

const FORM: &str = r#"{"message":"?","requestedSchema":{"type":"object","properties":{}}}"#;

fn capable() -> Value {
    json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}})
}

fn accept(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

/// Ends the run where an answer is missing.
fn asking(call: Call, body: fn(&mut Call) -> Result<String>) {
    let mut call = call;
    match body(&mut call) {
        Ok(text) => call.finish_text(&text).unwrap(),
        Err(error) if matches!(error.kind(), Kind::InputRequired | Kind::MissingCapability) => {
            call.suspend().unwrap();
        }
        Err(error) => call.fail(error.message()).unwrap(),
    }
}

/// A client that answers what a call asks, and remembers in which rounds it was asked what.
struct Answering {
    client: Client,
    rounds: Vec<Vec<(String, Value)>>,
    said: Vec<Value>,
}

impl Answering {
    fn both(served: &Served) -> [Self; 2] {
        let session = Client::session_with(served.address, "2025-11-25", capable());
        let modern = Client::modern(served.address).with_capabilities(capable());
        [session, modern].map(Self::new)
    }

    fn new(client: Client) -> Self {
        Self { client, rounds: Vec::new(), said: Vec::new() }
    }

    /// Calls a tool; `answers` are given to the questions in the order in which they come, round by round.
    fn call(&mut self, tool: &str, answers: &[&[Value]]) -> Value {
        let params = json!({"name": tool, "arguments": {"a": 1}});
        match self.client.is_modern() {
            true => self.call_modern(params, answers),
            false => self.call_session(params, answers),
        }
    }

    fn call_modern(&mut self, params: Value, answers: &[&[Value]]) -> Value {
        let mut retry = params.clone();
        for answers in answers {
            let reply = self.client.request("tools/call", retry);
            self.said.extend(reply.said.clone());
            let asked = reply.result()["inputRequests"].as_object().expect("questions").clone();
            assert_eq!(reply.result()["resultType"], "input_required");
            let keys =
                asked.iter().zip(answers.iter()).map(|((key, _), answer)| (key.clone(), answer.clone()));
            retry = params.clone();
            retry["inputResponses"] = Value::Object(keys.collect());
            retry["requestState"] = reply.result()["requestState"].clone();
            self.rounds.push(asked.into_iter().collect());
        }
        let reply = self.client.request("tools/call", retry);
        self.said.extend(reply.said.clone());
        reply.answer
    }

    fn call_session(&mut self, params: Value, answers: &[&[Value]]) -> Value {
        let mut events = self.client.start("tools/call", params).events();
        for answers in answers {
            let mut round = Vec::new();
            for answer in *answers {
                let mut question = events.message();
                while question.get("id").is_none() {
                    self.said.push(question);
                    question = events.message();
                }
                round.push((question["id"].clone(), question, answer));
            }
            for (id, question, answer) in &round {
                match answer.get("error") {
                    None => self.client.answer(id, (*answer).clone()),
                    Some(error) => {
                        let message = json!({"jsonrpc": "2.0", "id": id, "error": error});
                        assert_eq!(self.client.post(&message).head().status, 202, "{question}");
                    }
                }
            }
            self.rounds.push(round.into_iter().map(|(_, question, _)| (String::new(), question)).collect());
        }
        let mut rest = events.rest();
        let answer = rest.pop().expect("an answer");
        self.said.extend(rest);
        answer
    }

    fn text(&mut self, tool: &str, answers: &[&[Value]]) -> String {
        let answer = self.call(tool, answers);
        assert!(answer.get("result").is_some(), "{answer}");
        support::text_of(&answer["result"]).to_owned()
    }
}

#[test]
fn the_handler_runs_again_and_what_was_answered_returns_at_once() {
    let served = serve(|_| {});
    let (runs, works) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, worked) = (Arc::clone(&runs), Arc::clone(&works));
    served
        .add_tool(tool("ask", move |mut call| {
            let run = counted.fetch_add(1, SeqCst) + 1;
            let worked = Arc::clone(&worked);
            call.once("work", move || Ok(format!("{}", worked.fetch_add(1, SeqCst) + 1))).unwrap();
            call.progress(run as f64, None, None).unwrap();
            let first = call.ask("first", "elicitation/create", Some(FORM)).map(str::to_owned);
            let second = call.ask("second", "roots/list", None).map(str::to_owned);
            let (Ok(first), Ok(_)) = (first, second) else { return call.suspend().unwrap() };
            let Ok(third) = call.ask("third", "elicitation/create", Some(FORM)).map(str::to_owned) else {
                return call.suspend().unwrap();
            };
            let work = call.recall("work").unwrap().to_owned();
            call.finish_text(&format!("{first} {third} {work}")).unwrap();
        }))
        .unwrap();
    for mut answering in Answering::both(&served) {
        let roots = json!({"roots": [{"uri": "file:///r"}]});
        answering.client.meta = json!({"progressToken": 1});
        let text = answering.text("ask", &[&[accept("x"), roots], &[accept("y")]]);
        assert!(text.contains("\"x\"") && text.contains("\"y\""), "{text}");
        let asked: Vec<_> = answering.rounds.iter().map(Vec::len).collect();
        assert_eq!((asked, runs.swap(0, SeqCst)), (vec![2, 1], 3));
        // `once` did its work in the first run only.
        assert_eq!(works.swap(0, SeqCst), 1);
        let progress: Vec<_> = answering.said.iter().map(|m| m["params"]["progress"].clone()).collect();
        assert_eq!(progress, [json!(1), json!(2), json!(3)]);
    }
}

fn one_question(call: Call) {
    asking(call, |call| call.ask("name", "elicitation/create", Some(FORM)).map(str::to_owned));
}

#[test]
fn an_answer_of_the_wrong_shape_is_asked_again() {
    let served = serve(|_| {});
    served.add_tool(tool("ask", one_question)).unwrap();
    for mut answering in Answering::both(&served) {
        let text = answering.text("ask", &[&[json!({"action": "perhaps"})], &[accept("x")]]);
        assert!(text.contains("\"x\""), "{text}");
        assert_eq!(answering.rounds.len(), 2);
    }
}

#[test]
fn progress_does_not_go_backwards_in_a_later_run() {
    let served = serve(|_| {});
    served
        .add_tool(tool("ask", |call| {
            call.progress(5.0, None, None).unwrap();
            one_question(call);
        }))
        .unwrap();
    let mut answering = Answering::both(&served).into_iter().next().unwrap();
    answering.client.meta = json!({"progressToken": 1});
    answering.text("ask", &[&[accept("x")]]);
    assert_eq!(answering.said.len(), 1);
}

#[test]
fn a_client_of_a_session_may_answer_with_an_error() {
    let served = serve(|_| {});
    served.add_tool(tool("ask", one_question)).unwrap();
    let mut answering = Answering::both(&served).into_iter().next().unwrap();
    let text = answering.text("ask", &[&[json!({"error": {"code": -1, "message": "no thanks"}})]]);
    assert!(text.contains("no thanks") && text.contains("-1"), "{text}");
}

#[test]
fn a_missing_capability_is_the_error_of_its_era() {
    let served = serve(|_| {});
    served.add_tool(tool("ask", one_question)).unwrap();
    served.add_prompt(Prompt::new("ask", one_question)).unwrap();
    for client in Client::of_every_revision(served.address) {
        let (reply, prompt) =
            (client.call("ask", json!({})), client.request("prompts/get", json!({"name": "ask"})));
        if client.is_modern() {
            for reply in [reply, prompt] {
                assert_eq!((reply.status, reply.code()), (400, -32021));
                let data = &reply.answer["error"]["data"];
                assert_eq!(*data, json!({"requiredCapabilities": {"elicitation": {}}}));
            }
        } else {
            assert_eq!(reply.result()["isError"], true, "{}", client.revision);
            assert!(reply.text().contains("elicitation"));
            assert_eq!(prompt.code(), -32600);
        }
    }
}

#[test]
fn questions_that_make_no_sense_are_refused_to_the_host() {
    let served = support::serve_limited("questions", 2);
    served
        .add_tool(tool("ask", |mut call| {
            let mut kind =
                |key: &str, method: &str, params| call.ask(key, method, params).unwrap_err().kind();
            assert_eq!(kind("", "roots/list", None), Kind::InvalidArgument);
            assert_eq!(kind(&"k".repeat(129), "roots/list", None), Kind::InvalidArgument);
            assert_eq!(kind("k", "tools/list", None), Kind::InvalidArgument);
            assert_eq!(kind("k", "roots/list", Some("[]")), Kind::InvalidJson);
            assert_eq!(kind("a", "roots/list", None), Kind::InputRequired);
            assert_eq!(kind("a", "roots/list", None), Kind::InvalidArgument);
            assert_eq!(kind("b", "roots/list", None), Kind::InputRequired);
            assert_eq!(kind("c", "roots/list", None), Kind::LimitExceeded);
            call.finish_text("refused").unwrap();
        }))
        .unwrap();
    served
        .add_tool(tool("suspend", |call| assert_eq!(call.suspend().unwrap_err().kind(), Kind::WrongState)))
        .unwrap();
    for answering in Answering::both(&served) {
        assert_eq!(answering.client.call("ask", json!({})).text(), "refused");
        assert_eq!(answering.client.call("suspend", json!({})).code(), -32603);
    }
    assert_eq!(served.metrics().panics, 0);
}

#[test]
fn a_url_elicitation_has_an_id_in_2025_11_25_only() {
    let served = serve(|_| {});
    served
        .add_tool(tool("url", |call| {
            asking(call, |call| {
                let params = r#"{"mode":"url","message":"go","url":"https://a.b"}"#;
                call.ask("url", "elicitation/create", Some(params)).map(str::to_owned)
            });
        }))
        .unwrap();
    for mut answering in Answering::both(&served) {
        let modern = answering.client.revision == MODERN;
        answering.text("url", &[&[json!({"action": "accept"})]]);
        let params = &answering.rounds[0][0].1["params"];
        assert_eq!(params.get("elicitationId").is_some(), !modern, "{params}");
        assert_eq!(params["url"], "https://a.b");
    }
    // Earlier revisions have no such elicitation.
    let old = Client::session_with(served.address, "2025-06-18", capable());
    assert_eq!(old.call("url", json!({})).result()["isError"], true);
}

#[test]
fn a_call_that_waits_for_its_client_can_be_cancelled() {
    let served = serve(|_| {});
    served.add_tool(tool("ask", one_question)).unwrap();
    let client = Client::session_with(served.address, "2025-11-25", capable());
    let exchange: Exchange = client.start_call("ask", json!({}));
    let id = exchange.id;
    let mut events = exchange.events();
    let question = events.message();
    client.cancel(id);
    assert!(events.rest().is_empty());
    // The answer comes too late and is passed over, as is one to nothing at all.
    client.answer(&question["id"], accept("x"));
    client.answer(&json!(4711), accept("x"));
    client.answer(&json!("text"), accept("x"));
    assert_eq!(client.call("echo", json!({})).text(), "{}");
}
