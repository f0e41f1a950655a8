//! mcpload: measures any MCP server that can be reached by URL or by command, and prints one JSON line.

mod args;
mod client;
mod fanout;
mod http;
mod idle;
mod load;
mod numbers;
mod procfs;
mod reply;
mod sse;
mod stdio;
mod streams;
mod target;
mod work;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::{Args, HELP};

async fn run(mode: &str, args: &Args) -> Result<Value, String> {
    match mode {
        "load" => {
            let options = load::Options {
                target: args.target()?,
                work: args.work()?,
                connections: args.get("connections", 16)?,
                warmup: args.seconds("warmup", 1.0)?,
                duration: args.seconds("duration", 5.0)?,
                pid: args.pid()?,
                rate: args.rate()?,
            };
            load::run(options).await
        }
        "idle" => {
            let options = idle::Options {
                target: args.target()?,
                streams: args.get("streams", 1000)?,
                pid: args.pid()?.ok_or("--pid is needed")?,
                cycles: args.get("cycles", 2)?,
                parallel: args.get("parallel", 32)?,
                wait: args.seconds("wait", 2.0)?,
            };
            idle::run(options).await
        }
        "fanout" => {
            let options = fanout::Options {
                target: args.target()?,
                streams: args.get("streams", 1000)?,
                pid: args.pid()?,
                rounds: args.get("rounds", 20)?,
                parallel: args.get("parallel", 32)?,
            };
            fanout::run(options).await
        }
        "stdio" => {
            let options = stdio::Options {
                command: args.command()?,
                era: args.era()?,
                work: args.work()?,
                depth: args.get("depth", 1)?,
                warmup: args.seconds("warmup", 1.0)?,
                duration: args.seconds("duration", 5.0)?,
            };
            stdio::run(options).await
        }
        other => Err(format!("unknown mode {other}\n\n{HELP}")),
    }
}

fn main() -> ExitCode {
    let (mode, args) = match args::parse(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(e) => {
            eprintln!("{e}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    // One thread: the generator has one core, and must cost less than the server it measures.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("cannot start the runtime: {e}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&mode, &args)) {
        Ok(row) => {
            println!("{row}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            println!("{}", json!({ "mode": mode, "failed": e }));
            ExitCode::FAILURE
        }
    }
}
