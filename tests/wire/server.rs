//! The server that the wire tests lower limits on: `wire-server --http HOST:PORT [--limit NAME=VALUE]...`.
//!
//! It speaks as the `everything` examples do, as far as the wire tests call them, and has three tools more: `notify`
//! pushes notifications that never merge, `hold` keeps a call open, and `stop` stops the server.

use std::{
    io::Write,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use mcpserver::{
    Call, CompletionRef, Config, List, LogLevel, Prompt, PromptArgument, Resource, Run, Server, Tool,
};
use serde::Deserialize;

const ANY: &str = r#"{"type":"object"}"#;
const ECHO: &str = r#"{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}"#;
const REGION: &str = r#"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}},"required":["region"]}"#;
const NAME: &str = r#"{"message":"What is your name?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}"#;
const CAPITAL: &str = r#"{"messages":[{"role":"user","content":{"type":"text","text":"What is the capital of France?"}}],"maxTokens":100}"#;

/// The arguments of all tools together.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    message: String,
    region: String,
    ms: u64,
    n: u64,
    bytes: usize,
}

fn arguments(call: &Call) -> Arguments {
    serde_json::from_str(call.arguments()).unwrap_or_default()
}

fn echo(call: Call) {
    let message = arguments(&call).message;
    let _ = call.finish_text(&message);
}

/// Sleeps until the time is over or the call is cancelled.
fn sleep(call: Call) {
    let time = Duration::from_millis(arguments(&call).ms);
    let woken = Arc::new((Mutex::new(false), Condvar::new()));
    let waker = Arc::clone(&woken);
    call.on_cancel(move |_| {
        *waker.0.lock().unwrap() = true;
        waker.1.notify_all();
    });
    let slept = woken.1.wait_timeout_while(woken.0.lock().unwrap(), time, |cancelled| !*cancelled).unwrap();
    drop(slept);
    let _ = call.finish_text("slept");
}

fn progress(call: Call) {
    let n = arguments(&call).n;
    for i in 1..=n {
        if call.progress(i as f64, Some(n as f64), Some("on the way")).is_err() {
            break;
        }
    }
    let _ = call.finish_text("done");
}

fn log(call: Call) {
    let _ = call.log(LogLevel::Info, None, "\"said\"");
    let _ = call.finish_text("logged");
}

/// Asks one question, and answers with the client's answer.
fn question(method: &'static str, key: &'static str, params: &'static str) -> impl Fn(Call) {
    move |mut call: Call| {
        let answer = call.ask(key, method, Some(params)).map(str::to_owned);
        let _ = match answer {
            Ok(answer) => call.finish_text(&answer),
            Err(_) => call.suspend(),
        };
    }
}

fn tools(server: &Server, held: Arc<Mutex<Vec<Call>>>) -> mcpserver::Result<()> {
    let mut inline = Tool::new("echo", ECHO, echo);
    inline.run = Run::Inline;
    server.add_tool(inline)?;
    server.add_tool(Tool::new("echo_pool", ECHO, echo))?;
    server.add_tool(Tool::new("test_x_mcp_header", REGION, |call: Call| {
        let region = arguments(&call).region;
        let _ = call.finish_text(&region);
    }))?;
    server.add_tool(Tool::new("sleep", ANY, sleep))?;
    server.add_tool(Tool::new("progress", ANY, progress))?;
    server.add_tool(Tool::new("test_tool_with_logging", ANY, log))?;
    server.add_tool(Tool::new("test_reconnection", ANY, |call: Call| {
        call.close_stream(Duration::from_millis(10));
        let _ = call.finish_text("reconnected");
    }))?;
    server.add_tool(Tool::new(
        "test_input_required_result_elicitation",
        ANY,
        question("elicitation/create", "user_name", NAME),
    ))?;
    server.add_tool(Tool::new(
        "test_input_required_result_sampling",
        ANY,
        question("sampling/createMessage", "capital_question", CAPITAL),
    ))?;
    server.add_tool(Tool::new("hold", ANY, move |call: Call| held.lock().unwrap().push(call)))?;
    let handle = server.clone();
    server.add_tool(Tool::new("broadcast", ANY, move |call: Call| {
        let count = handle.list_changed(List::Tools).unwrap_or(0);
        let _ = call.finish_text(&count.to_string());
    }))?;
    let handle = server.clone();
    server.add_tool(Tool::new("test_trigger_resource_update", ANY, move |call: Call| {
        let count = handle.resource_updated("test://watched-resource").unwrap_or(0);
        let _ = call.finish_text(&count.to_string());
    }))?;
    let handle = server.clone();
    server.add_tool(Tool::new("test_trigger_prompt_change", ANY, move |call: Call| {
        let count = handle.list_changed(List::Prompts).unwrap_or(0);
        let _ = call.finish_text(&count.to_string());
    }))?;
    let handle = server.clone();
    server.add_tool(Tool::new("notify", ANY, move |call: Call| {
        let Arguments { n, bytes, .. } = arguments(&call);
        let mut queued = 0;
        for i in 1..=n {
            let params =
                format!("{{\"level\":\"info\",\"logger\":\"{i}\",\"data\":\"{}\"}}", "x".repeat(bytes));
            queued += handle.notify_all("notifications/message", Some(&params)).unwrap_or(0);
        }
        let _ = call.finish_text(&queued.to_string());
    }))?;
    let handle = server.clone();
    server.add_tool(Tool::new("stop", ANY, move |call: Call| {
        let time = Duration::from_millis(arguments(&call).ms);
        let _ = call.finish_text("stopping");
        let _ = handle.stop(time);
    }))?;
    let handle = server.clone();
    let mut metrics = Tool::new("runtime_metrics", ANY, move |call: Call| {
        let _ = call.finish_structured(&handle.metrics().to_json());
    });
    // To be asked also where the pool is full.
    metrics.run = Run::Inline;
    server.add_tool(metrics)
}

fn others(server: &Server) -> mcpserver::Result<()> {
    let text = |call: Call| drop(call.finish_text("contents"));
    server.add_resource(Resource::new("test://static-text", "static text", text))?;
    server.add_resource(Resource::new("test://watched-resource", "watched", text))?;
    server.add_resource_template(Resource::new("test://template/{id}/data", "template", |call: Call| {
        let id = call.variable("id").unwrap_or_default().to_owned();
        let _ = call.finish_text(&id);
    }))?;
    server.add_prompt(Prompt::new("test_simple_prompt", |call: Call| {
        drop(call.finish_text("A simple prompt."))
    }))?;
    let mut prompt = Prompt::new("test_prompt_with_arguments", |call: Call| drop(call.finish_text("filled")));
    prompt.arguments = ["arg1", "arg2"]
        .map(|name| PromptArgument { name: name.into(), required: true, ..PromptArgument::default() })
        .into();
    server.add_prompt(prompt)?;
    server.add_completion(mcpserver::Completion::new(
        CompletionRef::Prompt("test_prompt_with_arguments".into()),
        |call: Call| drop(call.finish_completion(&["test"], None, false)),
    ))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::new("wire", "1");
    for limit in ["connections", "clients", "sessions"] {
        config.limits.set(limit, 100_000)?;
    }
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match (word.as_str(), value.split_once('=')) {
            ("--http", _) => config.listen_http(&value, "/mcp")?,
            ("--limit", Some((name, number))) => config.limits.set(name, number.parse()?)?,
            _ => return Err(format!("{word} {value}: give --http HOST:PORT or --limit NAME=VALUE").into()),
        }
    }
    let held = Arc::new(Mutex::new(Vec::new()));
    let server = Server::new(config)?;
    tools(&server, Arc::clone(&held))?;
    others(&server)?;
    server.start()?;
    println!("listening on {}", server.urls().first().ok_or("no --http")?);
    std::io::stdout().flush()?;
    server.wait()?;
    // What still held a call when the server stopped gives it up.
    held.lock().unwrap().clear();
    Ok(())
}
