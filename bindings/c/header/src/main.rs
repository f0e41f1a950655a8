//! Writes `include/mcpserver.h` from the source of the C ABI: one section for each file, with its documentation.
//!
//! `cargo run -p mcpserver-header` writes it; with `--check` it only tells whether the header is up to date.

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use cbindgen::{Builder, Config, DocumentationStyle, ExportConfig, Language, LineEndingStyle, Style};

/// The sections, in the order in which a user needs them.
const SECTIONS: [&str; 19] = [
    "str",
    "handle",
    "error",
    "callback",
    "config",
    "server",
    "tool",
    "call",
    "argument",
    "finish",
    "content",
    "say",
    "ask",
    "resource",
    "prompt",
    "completion",
    "client",
    "log",
    "version",
];

const TOP: &str = include_str!("../parts/top.h");
const EXAMPLE: &str = include_str!("../parts/example.c");
/// What the generator does not know how to write: macros and inline functions for strings.
const STRINGS: &str = include_str!("../parts/str.h");
const BOTTOM: &str = include_str!("../parts/bottom.h");

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let source = root.join("bindings/c/src");
    let mut header = top();
    for name in SECTIONS {
        header.push_str(&section(&source.join(name).with_extension("rs"))?);
        if name == "str" {
            header.push_str(STRINGS);
            header.push('\n');
        }
    }
    header.push_str(BOTTOM);

    let path = root.join("include/mcpserver.h");
    if !env::args().any(|arg| arg == "--check") {
        fs::write(path, header)?;
    } else if fs::read_to_string(path).ok().as_ref() != Some(&header) {
        eprintln!("include/mcpserver.h is not what bindings/c says: run `cargo run -p mcpserver-header`");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn top() -> String {
    let example: Vec<_> =
        EXAMPLE.lines().map(|line| format!(" *     {line}").trim_end().to_owned()).collect();
    let top = TOP.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    format!("{}\n", top.replace("@EXAMPLE@", &example.join("\n")))
}

/// A file as a section: what it says about itself, then its types, constants and functions.
fn section(path: &Path) -> Result<String, Box<dyn Error>> {
    let source = fs::read_to_string(path)?;
    let docs: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_end).collect();
    let Some((title, docs)) = docs.split_first() else {
        return Err(format!("{} does not begin with what it is about", path.display()).into());
    };
    let mut out = format!("/*\n *{}\n * {}\n", title, "=".repeat(title.trim().len()));
    out.extend(docs.iter().map(|line| format!(" *{line}\n")));
    out.push_str(" */\n\n");

    let mut code = Vec::new();
    Builder::new().with_config(config(&source)).with_src(path).generate()?.write(&mut code);
    out.push_str(&String::from_utf8(code)?);
    out.push('\n');
    Ok(out)
}

fn config(source: &str) -> Config {
    // Without this, the generator leaves out types that no function of the same file uses.
    let types = source.lines().filter_map(|line| {
        let name = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub type "))?;
        name.split([' ', ';']).next().map(str::to_owned)
    });
    Config {
        language: Language::C,
        style: Style::Type,
        documentation_style: DocumentationStyle::C99,
        line_length: 110,
        line_endings: LineEndingStyle::LF,
        no_includes: true,
        usize_is_size_t: true,
        export: ExportConfig { include: types.collect(), ..ExportConfig::default() },
        ..Config::default()
    }
}
