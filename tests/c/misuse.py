#!/usr/bin/env python3
"""Writes a C program that misuses every function of the header: each pointer NULL, each text not UTF-8, each JSON
text broken, one at a time with everything else as it should be. The functions are read from the header, so that a
new one is tested from its first day."""

import re
import sys

HANDLES = ("config", "server", "tool", "resource", "prompt", "completion", "content", "text", "error")
# Pointers that the header says may be NULL.
NULLABLE = {"error", "user_data", "drop", "out_report", "out_count", "out_closed"}
# Parameters that are JSON text, with what is valid for them.
JSON = {
    "input_schema": '{\\"type\\":\\"object\\"}', "output_schema": '{\\"type\\":\\"object\\"}', "schema": "{}",
    "annotations": "{}", "meta": "{}", "icons": "[]", "settings": "{}", "params": "{}", "data": "1", "json": "{}",
    "block": '{\\"type\\":\\"text\\",\\"text\\":\\"t\\"}', "structured": "{}", "object": "{}",
}
TEXTS = {
    "address": "127.0.0.1:0", "path": "/mcp", "uri": "test:uri", "uri_template": "test:{v}", "method": "roots/list",
    "url": "https://example.com/", "mime_type": "text/plain",
}


def functions(header):
    """(return type, name, [(type, name)], documentation) of each function."""
    text = re.sub(r"/\*.*?\*/|static inline .*?\n}\n", "", header, flags=re.S)
    pattern = re.compile(r"((?:^//.*\n)*)^(?!typedef|#|//)([\w ]+?[ *]+)(mcp_\w+)\(([^;{}]*)\);", re.M)
    for docs, returns, name, parameters in pattern.findall(text):
        split = []
        if parameters.strip() != "void":
            for parameter in re.split(r",\s*", parameters.strip()):
                split.append(re.fullmatch(r"(.*?[ *])(\w+)", " ".join(parameter.split())).groups())
        yield returns.strip(), name, [(kind.strip(), what) for kind, what in split], docs


class Case:
    """One call of one function, with at most one argument that is wrong."""

    def __init__(self, function, wrong=None, how=None):
        self.returns, self.name, self.parameters, self.docs = function
        self.wrong, self.how = wrong, how
        self.before, self.after, self.arguments = [], [], []
        self.drops = any(kind == "mcp_drop_fn" for kind, _ in self.parameters)
        for index, (kind, what) in enumerate(self.parameters):
            self.arguments.append(self.argument(index, kind, what))

    def argument(self, index, kind, what):
        wrong = self.how if index == self.wrong else None
        if kind == "mcp_str":
            return {None: self.text(what), "null": "MCP_NONE", "utf8": 'MCP_STR("a\\xff")',
                    "json": 'MCP_STR("{\\"a\\":")'}[wrong]
        if wrong == "null":
            return "NULL"
        if kind == "mcp_error **":
            return "&error"
        if kind == "void *":
            return "&dropped"
        if kind == "mcp_drop_fn":
            return "drop_raises"
        if kind.endswith("_fn"):
            return kind[4:-3] + "_callback"
        if kind == "mcp_call *":
            return "call"
        if kind == "const uint8_t *":
            return "bytes"
        if kind == "const mcp_str *":
            return "texts"
        handle = re.fullmatch(r"(?:const )?mcp_(\w+) \*", kind)
        if handle and handle[1] in HANDLES:
            return self.handle(handle[1], what)
        if kind.endswith("*"):
            self.before.append(f"static {kind[:-1].strip()} {what}_place; ")
            inner = re.fullmatch(r"mcp_(\w+) \*\*", kind)
            if inner and inner[1] in HANDLES:
                release = "release" if inner[1] == "server" else "free"
                self.before.append(f"{what}_place = NULL;")
                self.after.append(f"mcp_{inner[1]}_{release}({what}_place);")
            return f"&{what}_place"
        return {"size_t": "32" if what == "len" else "1", "bool": "true"}.get(kind, "1")

    def text(self, what):
        return f'MCP_STR("{JSON.get(what) or TEXTS.get(what) or "x"}")'

    def handle(self, handle, what):
        self.before.append(f"mcp_{handle} *{what} = make_{handle}();")
        if not what.startswith("take_") or self.name == "mcp_server_retain":
            release = "release" if handle == "server" else "free"
            self.after.append(f"mcp_{handle}_{release}({what});")
        if self.name == "mcp_server_retain":
            self.after.append(f"mcp_server_release({what});")
        return what

    def expectation(self):
        """The status that this must have; None where every status is right."""
        kind, what = self.parameters[self.wrong]
        if self.how == "utf8":
            return "MCP_ERR_INVALID_UTF8"
        if self.how == "json":
            return "MCP_ERR_INVALID_JSON"
        if kind == "mcp_str":
            return None if re.search(r"\bMCP_NONE\b", self.docs) else "MCP_ERR_NULL"
        if what in NULLABLE:
            return None
        return "MCP_ERR_NULL"

    def source(self, number):
        call = f"{self.name}({', '.join(self.arguments)})"
        lines = [f"static void case_{number}(mcp_call *call) {{", "    event dropped = EVENT_INIT;",
                 "    mcp_error *error = NULL;", "    (void)call, (void)dropped, (void)error;"]
        lines += [f"    {line}" for line in sorted(self.before, key=lambda line: "static" not in line)]
        wants = self.expectation() if self.returns == "mcp_status" else None
        if wants:
            lines.append(f"    CHECK_STATUS({call}, {wants});")
            if self.parameters[self.wrong][1] != "error":
                lines.append(f"    CHECK_STATUS(mcp_error_status(error), {wants});")
            lines += [f"    CHECK({argument[1:]} == NULL);" for (kind, _), argument in
                      zip(self.parameters, self.arguments)
                      if kind.endswith("**") and argument.endswith("_place") and argument.startswith("&")]
        else:
            lines.append(f"    (void){call};" if self.returns != "void" else f"    {call};")
        lines += [f"    {line}" for line in self.after]
        if self.drops:
            user_data = next(i for i, (kind, _) in enumerate(self.parameters) if kind == "void *")
            drop = next(i for i, (kind, _) in enumerate(self.parameters) if kind == "mcp_drop_fn")
            if self.wrong not in (user_data, drop):
                lines.append("    DROPPED(dropped);" if self.name != "mcp_call_on_cancel" else
                             "    mcp_call_drop(call); DROPPED(dropped);")
        lines += ["    mcp_error_free(error);", "}", ""]
        return "\n".join(lines)


def cases(header):
    for function in functions(header):
        for index, (kind, what) in enumerate(function[2]):
            if kind.endswith("*") or kind.endswith("_fn") or kind == "mcp_str":
                if not (kind == "void *" or (what == "drop" and kind == "mcp_drop_fn")):
                    yield Case(function, index, "null")
            if kind == "mcp_str" and function[0] == "mcp_status":
                yield Case(function, index, "utf8")
                if what in JSON:
                    yield Case(function, index, "json")


TOP = """/* Generated by misuse.py. */
#include <stdlib.h>
#include "check.h"
#include "client.h"
#include "host.h"

#define DROPPED(event) CHECK(event_count(&(event)) == 1)

static const uint8_t bytes[32];
static mcp_str texts[1] = {{"x", 1}};

static void handler_callback(mcp_call *call, void *user_data) { (void)user_data; mcp_call_drop(call); }
static void cancel_callback(mcp_cancel_reason reason, void *user_data) { (void)reason, (void)user_data; }
static void client_callback(mcp_client_id a, mcp_client_kind b, mcp_client_change c, void *d) {
    (void)a, (void)b, (void)c, (void)d;
}
static void log_callback(mcp_severity a, mcp_str b, mcp_str c, mcp_str d, void *e) {
    (void)a, (void)b, (void)c, (void)d, (void)e;
}

static mcp_config *make_config(void) { return host_config(); }
static mcp_server *make_server(void) { return host_new().server; }
static mcp_content *make_content(void) {
    mcp_content *made = mcp_content_new();
    mcp_content_add_text(made, MCP_STR("x"), NULL);
    return made;
}
static mcp_tool *make_tool(void) {
    mcp_tool *made = NULL;
    mcp_tool_new(MCP_STR("made"), MCP_NONE, handler_callback, NULL, NULL, &made, NULL);
    return made;
}
static mcp_resource *make_resource(void) {
    mcp_resource *made = NULL;
    mcp_resource_new(MCP_STR("test:made"), MCP_STR("made"), handler_callback, NULL, NULL, &made, NULL);
    return made;
}
static mcp_prompt *make_prompt(void) {
    mcp_prompt *made = NULL;
    mcp_prompt_new(MCP_STR("made"), handler_callback, NULL, NULL, &made, NULL);
    return made;
}
static mcp_completion *make_completion(void) {
    mcp_completion *made = NULL;
    mcp_completion_new_prompt(MCP_STR("made"), handler_callback, NULL, NULL, &made, NULL);
    return made;
}
"""

BOTTOM = """
typedef void (*misuse)(mcp_call *call);
typedef struct named { const char *name; misuse run; } named;
static const named all[] = {
%s};
#define COUNT (sizeof all / sizeof *all)

static void play(mcp_call *call, void *user_data) {
    int64_t number = -1;
    (void)user_data;
    CHECK_STATUS(mcp_call_arg_i64(call, MCP_STR("n"), &number, NULL), MCP_OK);
    all[number].run(call);
    mcp_call_drop(call);
}

static host playing;
static size_t next;

static void run_one(void) {
    char arguments[32];
    char *answer;
    snprintf(arguments, sizeof arguments, "{\\"n\\":%%zu}", next++);
    answer = modern_tool(playing.port, "play", arguments);
    CHECK(answer != NULL);
    free(answer);
}

int main(void) {
    static test tests[COUNT];
    int status;
    for (size_t i = 0; i < COUNT; i++) tests[i] = (test){all[i].name, run_one};
    playing = host_new();
    host_add(&playing, "play", MCP_RUN_POOL, play, NULL, NULL);
    host_start(&playing);
    status = run_tests(tests, COUNT);
    CHECK(host_metric(&playing, "calls_held") == 0);
    host_end(&playing);
    return status;
}
"""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        header = file.read()
    found = list(cases(header))
    tested = {case.name for case in found}
    print(TOP.replace("#include <stdlib.h>", "#include <stdio.h>\n#include <stdlib.h>"))
    table = []
    for number, case in enumerate(found):
        kind, what = case.parameters[case.wrong]
        wrong = {"null": "NULL", "utf8": "not UTF-8", "json": "not JSON"}[case.how]
        print(case.source(number))
        table.append(f'    {{"{case.name}: {what} {wrong}", case_{number}}},\n')
    print(BOTTOM % "".join(table))
    plain = [name for _, name, parameters, _ in functions(header) if name not in tested and parameters]
    print(f"{len(tested)} functions, {len(found)} cases; without pointers: {' '.join(plain)}", file=sys.stderr)


if __name__ == "__main__":
    main()
