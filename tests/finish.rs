//! The ways to finish a call, and what each revision gets to see of them.

mod support;

use mcpserver::{
    Call, Code, Completion, CompletionRef, Content, Kind, Prompt, PromptArgument, Resource, Role,
};
use serde_json::{Value, json};
use support::{Client, OBJECT, serve, tool};

fn since(client: &Client, revision: &str) -> bool {
    client.revision >= revision
}

#[test]
fn content_has_the_blocks_of_its_revision() {
    let served = serve(|_| {});
    served
        .add_tool(tool("all", |call| {
            let mut content = Content::new();
            content.text("t").annotate(r#"{"priority":1}"#).unwrap();
            content.image(b"abc", "image/png").audio(b"abc", "audio/wav");
            content.resource_text("a:b", Some("text/plain"), "in it").resource_bytes("a:c", None, b"abc");
            content.resource_link("a:d", "link", None).meta(r#"{"x/y":1}"#).unwrap();
            content.block(r#"{"type":"text","text":"raw"}"#).unwrap();
            call.finish_content(&content).unwrap();
        }))
        .unwrap();
    for client in Client::of_every_revision(served.address) {
        let reply = client.call("all", json!({}));
        let result = reply.result();
        let kinds: Vec<_> = result["content"].as_array().unwrap().iter().map(|b| b["type"].clone()).collect();
        let audio = if since(&client, "2025-03-26") { "audio" } else { "resource" };
        let link = if since(&client, "2025-06-18") { "resource_link" } else { "text" };
        let want = ["text", "image", audio, "resource", "resource", link, "text"];
        assert_eq!(kinds, want.map(|kind| json!(kind)), "{}", client.revision);
        assert_eq!(result["content"][0]["annotations"], json!({"priority": 1}));
        assert_eq!(result["content"][1]["data"], "YWJj");
        assert_eq!(result["content"][3]["resource"]["text"], "in it");
        assert_eq!(result["content"][4]["resource"]["blob"], "YWJj");
        assert_eq!(result["_meta"]["x/y"], 1);
        assert_eq!(result.get("resultType").is_some(), client.is_modern());
        let info = &result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"];
        assert_eq!(*info, if client.is_modern() { json!("tests") } else { Value::Null });
    }
}

#[test]
fn structured_content_is_for_revisions_that_know_it_and_its_text_for_all() {
    let served = serve(|_| {});
    served.add_tool(tool("object", |call| call.finish_structured(r#"{"n":1}"#).unwrap())).unwrap();
    served.add_tool(tool("array", |call| call.finish_structured("[1]").unwrap())).unwrap();
    served
        .add_tool(tool("bad", |call| {
            assert_eq!(call.finish_structured("{").unwrap_err().kind(), Kind::InvalidJson);
        }))
        .unwrap();
    for client in Client::of_every_revision(served.address) {
        let reply = client.call("object", json!({}));
        assert_eq!(reply.text(), r#"{"n":1}"#);
        let structured = reply.result().get("structuredContent");
        assert_eq!(structured.is_some(), since(&client, "2025-06-18"), "{}", client.revision);
        let reply = client.call("array", json!({}));
        assert_eq!(reply.text(), "[1]");
        // Before 2026-07-28 structured content is an object, and nothing else can be sent.
        assert_eq!(
            reply.result().get("structuredContent").is_some(),
            client.is_modern(),
            "{}",
            client.revision
        );
        assert_eq!(client.call("bad", json!({})).result()["isError"], true);
    }
}

#[test]
fn a_result_that_does_not_fit_its_output_schema_is_refused_to_host_and_client() {
    let served = serve(|_| {});
    let schema = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#;
    let add = |name: &str, check: bool, finish: fn(Call)| {
        let mut tool = tool(name, finish);
        tool.output_schema = Some(schema.into());
        tool.validate_output = check;
        served.add_tool(tool).unwrap();
    };
    add("wrong", true, |call| {
        let error = call.finish_structured(r#"{"n":"x"}"#).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert!(error.message().contains("/n"), "{error}");
    });
    add("none", true, |call| assert_eq!(call.finish_text("t").unwrap_err().kind(), Kind::InvalidArgument));
    add("right", true, |call| call.finish_structured(r#"{"n":1}"#).unwrap());
    add("failed", true, |call| call.fail("no luck").unwrap());
    add("unchecked", false, |call| call.finish_structured(r#"{"n":"x"}"#).unwrap());
    for client in Client::of_both_eras(served.address) {
        for name in ["wrong", "none"] {
            let reply = client.call(name, json!({}));
            assert_eq!(reply.result()["isError"], true, "{name}");
            assert!(reply.text().contains("output schema"), "{}", reply.text());
        }
        assert_eq!(client.call("right", json!({})).result()["structuredContent"], json!({"n": 1}));
        assert_eq!(client.call("failed", json!({})).text(), "no luck");
        assert!(client.call("unchecked", json!({})).result().get("isError").is_none());
    }
    assert_eq!(served.metrics().panics, 0);
}

#[test]
fn arguments_that_do_not_fit_are_named_by_their_path() {
    let served = serve(|_| {});
    let schema = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}}"#;
    for (name, check) in [("checked", true), ("unchecked", false)] {
        let mut tool = tool(name, |call| call.finish_text("ran").unwrap());
        tool.input_schema = schema.into();
        tool.validate_input = check;
        served.add_tool(tool).unwrap();
    }
    for client in Client::of_every_revision(served.address) {
        let reply = client.call("checked", json!({"a": [1, "x"]}));
        assert_eq!(reply.result()["isError"], true);
        assert!(reply.text().contains("/a/1"), "{}", reply.text());
        assert_eq!(client.call("checked", json!({"a": [1]})).text(), "ran");
        assert_eq!(client.call("unchecked", json!({"a": [1, "x"]})).text(), "ran");
        assert_eq!(client.call("unchecked", json!([1])).code(), -32602);
    }
}

#[test]
fn what_is_not_there_has_the_code_of_its_era() {
    let served = serve(|_| {});
    served.add_resource(support::resource("a:b")).unwrap();
    served
        .add_resource_template(Resource::new("t:{id}", "t", |call: Call| call.not_found().unwrap()))
        .unwrap();
    served.add_prompt(Prompt::new("p", |call: Call| call.finish_text("hi").unwrap())).unwrap();
    for client in Client::of_every_revision(served.address) {
        let no_resource = if client.is_modern() { -32602 } else { -32002 };
        assert_eq!(client.call("none", json!({})).code(), -32602);
        assert_eq!(client.request("prompts/get", json!({"name": "none"})).code(), -32602);
        for uri in ["a:none", "t:1"] {
            let reply = client.request("resources/read", json!({"uri": uri}));
            assert_eq!(reply.code(), no_resource, "{uri} {}", client.revision);
            assert_eq!(reply.answer["error"]["data"], json!({"uri": uri}));
        }
        let reply = client.request("no/such", json!({}));
        assert_eq!((reply.code(), reply.status), (-32601, if client.is_modern() { 404 } else { 200 }));
        for method in ["tools/call", "prompts/get", "resources/read"] {
            assert_eq!(client.request(method, json!({})).code(), -32602, "{method}");
        }
    }
}

#[test]
fn codes_are_sent_as_what_the_revision_has() {
    let served = serve(|_| {});
    served
        .add_tool(tool("code", |call| {
            let code = serde_json::from_str::<Value>(call.arguments()).unwrap()["code"].as_i64().unwrap();
            call.error(Code(code), "m", Some(r#"{"d":1}"#)).unwrap();
        }))
        .unwrap();
    served
        .add_tool(tool("bad data", |call| {
            let error = call.error(Code(-1), "m", Some("{")).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidJson);
        }))
        .unwrap();
    for client in Client::of_every_revision(served.address) {
        let sent = |code: i64| {
            let reply = client.call("code", json!({"code": code}));
            assert_eq!(reply.answer["error"]["data"], json!({"d": 1}));
            reply.code()
        };
        assert_eq!(sent(-32002), if client.is_modern() { -32602 } else { -32002 });
        assert_eq!(sent(-32042), if client.revision == "2025-11-25" { -32042 } else { -32603 });
        assert_eq!(sent(17), 17);
        let reply = client.call("bad data", json!({}));
        assert_eq!((reply.code(), reply.answer["error"].get("data")), (-1, None));
    }
}

#[test]
fn a_whole_result_gets_what_its_revision_wants_beside_it() {
    let served = serve(|_| {});
    let result = r#"{"content":[],"ttlMs":5,"resultType":"complete","_meta":{"a/b":1}}"#;
    served.add_tool(tool("whole", |call| call.finish_result(result).unwrap())).unwrap();
    served
        .add_tool(tool("bad", |call| {
            assert_eq!(call.finish_result("[]").unwrap_err().kind(), Kind::InvalidJson);
        }))
        .unwrap();
    for client in Client::of_every_revision(served.address) {
        let reply = client.call("whole", json!({}));
        assert_eq!(reply.result().get("ttlMs").is_some(), client.is_modern());
        assert_eq!(reply.result().get("resultType").is_some(), client.is_modern());
        assert_eq!(reply.result()["_meta"]["a/b"], 1);
        let bad = client.call("bad", json!({}));
        assert!(bad.answer.get("error").is_some() || bad.result()["isError"] == true, "{}", bad.answer);
    }
}

#[test]
fn resources_prompts_and_completions_are_finished_in_their_own_ways() {
    let served = serve(|_| {});
    let mut bytes = Resource::new("x:{id}", "bytes", |call: Call| {
        assert_eq!((call.uri(), call.variable("id")), (Some("x:a%20b"), Some("a b")));
        let mut content = Content::new();
        content.image(b"abc", "image/png");
        call.finish_content(&content).unwrap();
    });
    bytes.mime_type = Some("image/png".into());
    served.add_resource_template(bytes).unwrap();
    let mut prompt = Prompt::new("p", |call: Call| {
        let mut content = Content::new();
        content.text("q").role(Role::Assistant).text("a").description("d");
        call.finish_content(&content).unwrap();
    });
    prompt.arguments = vec![PromptArgument { name: "n".into(), required: true, ..PromptArgument::default() }];
    served.add_prompt(prompt).unwrap();
    let of = CompletionRef::Prompt("p".into());
    let completion = Completion::new(of.clone(), |call: Call| {
        let values: Vec<_> = (0..150).map(|i| i.to_string()).collect();
        call.finish_completion(&values, None, false).unwrap();
    });
    served.add_completion(completion.clone()).unwrap();
    assert_eq!(served.add_completion(completion).unwrap_err().kind(), Kind::AlreadyExists);
    let ask = json!({"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "n", "value": ""}});
    for client in Client::of_both_eras(served.address) {
        let read = client.request("resources/read", json!({"uri": "x:a%20b"}));
        let contents = json!([{"uri": "x:a%20b", "mimeType": "image/png", "blob": "YWJj"}]);
        assert_eq!(read.result()["contents"], contents);
        assert_eq!(client.request("prompts/get", json!({"name": "p"})).code(), -32602);
        let got = client.request("prompts/get", json!({"name": "p", "arguments": {"n": "1"}}));
        assert_eq!(got.result()["description"], "d");
        assert_eq!(got.result()["messages"][1]["role"], "assistant");
        let completed = client.request("completion/complete", ask.clone());
        let completion = &completed.result()["completion"];
        assert_eq!(completion["values"].as_array().unwrap().len(), 100);
        assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(150), &json!(true)));
    }
    served.remove_completion(&of).unwrap();
    assert_eq!(served.remove_completion(&of).unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_way_to_finish_that_the_kind_does_not_have_is_refused() {
    let served = serve(|_| {});
    served
        .add_tool(tool("t", |call| {
            let refused = call.finish_completion(&["a"], None, false).unwrap_err();
            assert_eq!(refused.kind(), Kind::InvalidArgument);
        }))
        .unwrap();
    served
        .add_prompt(Prompt::new("p", |call: Call| {
            assert_eq!(call.finish_structured("{}").unwrap_err().kind(), Kind::InvalidArgument);
        }))
        .unwrap();
    served.add_prompt(Prompt::new("f", |call: Call| call.fail("broken").unwrap())).unwrap();
    for client in Client::of_both_eras(served.address) {
        assert_eq!(client.call("t", json!({})).code(), -32603);
        assert_eq!(client.request("prompts/get", json!({"name": "p"})).code(), -32603);
        assert_eq!(client.request("prompts/get", json!({"name": "f"})).message(), "broken");
    }
    assert_eq!(served.metrics().panics, 0);
}

#[test]
fn what_cannot_be_registered_is_refused_with_its_kind() {
    let served = serve(|_| {});
    let cases = [
        (tool("", drop), Kind::InvalidArgument),
        (tool("echo", drop), Kind::AlreadyExists),
        (mcpserver::Tool::new("s", "{", drop), Kind::InvalidJson),
        (mcpserver::Tool::new("s", r#"{"type":"no such"}"#, drop), Kind::InvalidSchema),
    ];
    for (tool, kind) in cases {
        let error = served.add_tool(tool).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert_eq!(served.remove_tool("none").unwrap_err().kind(), Kind::NotFound);
    assert_eq!(served.add_resource(support::resource("no uri")).unwrap_err().kind(), Kind::InvalidArgument);
    served.add_tool(mcpserver::Tool::new("fine", OBJECT, drop)).unwrap();
}
