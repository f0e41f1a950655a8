//! `requestState` of 2026-07-28: good for the request it was given to, for a while, and with the same key only.

mod support;

use mcpserver::Call;
use serde_json::{Value, json};
use support::{Client, Reply, Served, eventually, serve, tool};

const FORM: &str = r#"{"message":"?","requestedSchema":{"type":"object","properties":{}}}"#;

fn one_question(mut call: Call) {
    match call.ask("name", "elicitation/create", Some(FORM)).map(str::to_owned) {
        Ok(answer) => call.finish_text(&answer).unwrap(),
        Err(_) => call.suspend().unwrap(),
    }
}

fn accept(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

/// The first round of a call of 2026-07-28: its state.
fn state(client: &Client, arguments: &Value) -> Value {
    let reply = client.call("ask", arguments.clone());
    reply.result()["requestState"].clone()
}

fn bring(client: &Client, arguments: &Value, state: &Value) -> Reply {
    let responses = json!({"name": accept("x"), "unknown": {"any": 1}});
    let params = json!({
        "name": "ask", "arguments": arguments, "inputResponses": responses, "requestState": state,
    });
    client.request("tools/call", params)
}

fn asker(set: impl FnOnce(&mut mcpserver::Config)) -> (Served, Client) {
    let served = serve(set);
    served.add_tool(tool("ask", one_question)).unwrap();
    let client = Client::modern(served.address).with_capabilities(json!({"elicitation": {}}));
    (served, client)
}

#[test]
fn a_state_is_good_for_its_own_request_and_server_only() {
    let (_one, client) = asker(|_| {});
    let (_two, other) = asker(|_| {});
    let arguments = json!({"a": 1});
    let state = state(&client, &arguments);
    // Answers to what was not asked are passed over.
    assert!(bring(&client, &arguments, &state).text().contains("\"x\""));
    // It may be brought back again: nothing is remembered.
    assert!(bring(&client, &json!({ "a": 1 }), &state).text().contains("\"x\""));
    let mut text = state.as_str().unwrap().to_owned().into_bytes();
    let middle = text.len() / 2;
    text[middle] = if text[middle] == b'A' { b'B' } else { b'A' };
    let tampered = json!(String::from_utf8(text).unwrap());
    let refused = [
        (bring(&client, &arguments, &tampered), "changed"),
        (bring(&client, &arguments, &json!("nonsense")), "none of this server's"),
        (bring(&client, &json!({"a": 2}), &state), "another request"),
        (bring(&other, &arguments, &state), "another server"),
    ];
    for (reply, why) in refused {
        assert_eq!((reply.status, reply.code()), (400, -32602), "{why}");
        assert!(reply.message().contains(why), "{why}: {}", reply.message());
    }
}

#[test]
fn servers_that_share_a_key_take_each_others_states() {
    let key = |config: &mut mcpserver::Config| config.request_state_key = Some([7; 32]);
    let ((_one, client), (_two, other)) = (asker(key), asker(key));
    let arguments = json!({});
    assert!(bring(&other, &arguments, &state(&client, &arguments)).text().contains("\"x\""));
}

#[test]
fn a_state_expires() {
    let (_served, client) = asker(|config| config.limits.set("request_state_ms", 1).unwrap());
    let arguments = json!({});
    let state = state(&client, &arguments);
    eventually("it is expired", || {
        let reply = bring(&client, &arguments, &state);
        reply.answer.get("error").is_some_and(|e| e["message"].as_str().unwrap().contains("expired"))
    });
}
