// A server with one of everything that MCP has, to copy from.
//
//     everything --http 127.0.0.1:8000
//
// Most handlers below are one line: what they return is the answer. Look for the tool that is nearest to yours. `main`
// at the end shows how a server is made, started and stopped.

#include <mcpserver.hpp>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>
#include <sys/resource.h>
#include <thread>

#include "../c/samples.h"

using namespace std::chrono_literals;
using std::string;
using std::string_view;

namespace {

// The schemas of arguments and forms.

const string_view MESSAGE = R"({"type":"object","properties":{"message":{"type":"string"}},"required":["message"]})";
const string_view NAME = R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})";
const string_view COLOR = R"({"type":"object","properties":{"color":{"type":"string"}},"required":["color"]})";
const string_view CONTEXT = R"({"type":"object","properties":{"context":{"type":"string"}},"required":["context"]})";
const string_view PROMPT = R"({"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]})";
const string_view OK = R"({"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]})";
const string_view MS = R"({"type":"object","properties":{"ms":{"type":"integer","minimum":0}},"required":["ms"]})";
const string_view COUNT = R"({"type":"object","properties":{"n":{"type":"integer","minimum":0}},"required":["n"]})";
const string_view ADD =
    R"({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]})";
const string_view SUM = R"({"type":"object","properties":{"sum":{"type":"number"}},"required":["sum"]})";

const string_view USER = R"({
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "Your name"},
        "email": {"type": "string", "description": "Your email address"}
    },
    "required": ["username", "email"]
})";

const string_view DEFAULTS = R"({
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true}
    }
})";

const string_view ENUMS = R"({
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": [
            {"const": "value1", "title": "First"},
            {"const": "value2", "title": "Second"},
            {"const": "value3", "title": "Third"}
        ]},
        "legacyEnum": {
            "type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": [
            {"const": "value1", "title": "First"}, {"const": "value2", "title": "Second"}
        ]}}
    }
})";

const string_view REGION = R"({
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    "required": ["region"]
})";

const string_view CONTACT = R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"}
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": false
})";

string describe(const mcp::Call::Form &form) {
    return string("action=") + form.action_name() + ", content=" + string(form.content());
}

// The parameters that ask the client's model one question; `prompt` is a JSON string.
string question(string_view prompt) {
    return R"({"messages":[{"role":"user","content":{"type":"text","text":)" + string(prompt) +
           R"(}}],"maxTokens":100})";
}

// The text of what the client's model answered, or the answer as it is when it is no text.
string reply_text(const mcp::Call &call, string_view reply) {
    const auto content = call.member<mcp::Json>(reply, "content").text;
    if (content.front() != '{') return string(content);
    return call.member<std::optional<string>>(content, "text").value_or(string(content));
}

// ---- plain tools

string echo(mcp::Call &call) { return call.arg<string>("message"); }

string called_with(mcp::Call &call) { return "Called with " + string(call.arguments()); }

void add(mcp::Call &call) {
    char json[64];
    std::snprintf(json, sizeof json, R"({"sum":%.17g})", call.arg<double>("a") + call.arg<double>("b"));
    call.finish_structured(json);
}

void add_plain_tools(mcp::Server &server) {
    using mcp::Tool;
    server.add(Tool("echo", "Says the message back, on the network thread", MESSAGE, echo).run(MCP_RUN_INLINE));
    server.add(Tool("echo_pool", "Says the message back, on a thread of the pool", MESSAGE, echo));
    server.add(Tool("add", "Adds two numbers", ADD, add).output_schema(SUM));
    server.add(Tool("greet", "Greets somebody", NAME,
                    [](mcp::Call &call) { return "Hello, " + call.arg<string>("name") + "!"; }));
    server.add(Tool("test_simple_text", "Answers with a text", {},
                    [](mcp::Call &) { return "This is a simple text response for testing."; }));
    server.add(Tool("test_image_content", "Answers with an image", {},
                    [](mcp::Call &) { return mcp::Content().image(RED_PNG, "image/png"); }));
    server.add(Tool("test_audio_content", "Answers with a sound", {},
                    [](mcp::Call &) { return mcp::Content().audio(SILENT_WAV, "audio/wav"); }));
    server.add(Tool("test_embedded_resource", "Answers with a resource", {}, [](mcp::Call &) {
        return mcp::Content().resource_text("test://embedded-resource", "text/plain",
                                            "This is an embedded resource content.");
    }));
    server.add(Tool("test_multiple_content_types", "Answers with a bit of each", {}, [](mcp::Call &) {
        return mcp::Content()
            .text("Multiple content types test:")
            .image(RED_PNG, "image/png")
            .resource_text("test://mixed-content-resource", "application/json", R"({"test":"data","value":123})");
    }));
    server.add(Tool("test_error_handling", "Always fails", {}, [](mcp::Call &) {
        throw std::runtime_error("This tool intentionally returns an error for testing");
    }));
    server.add(Tool("test_x_mcp_header", "Has a parameter that is repeated in a header", REGION, called_with));
    server.add(Tool("json_schema_2020_12_tool", "Has a schema with all that JSON Schema can", CONTACT, called_with));
}

// ---- tools that say something before they answer, or react to what happens meanwhile

string log_three_messages(mcp::Call &call) {
    call.log(MCP_LEVEL_INFO, "Tool execution started");
    std::this_thread::sleep_for(50ms);
    call.log(MCP_LEVEL_INFO, "Tool processing data");
    std::this_thread::sleep_for(50ms);
    call.log(MCP_LEVEL_INFO, "Tool execution completed");
    return "Logged three messages";
}

// Sleeps until its time is over or the call is cancelled, whichever comes first.
string sleep(mcp::Call &call) {
    struct Nap {
        std::mutex lock;
        std::condition_variable over;
        bool cancelled = false;
    };
    // Shared, as the cancellation runs on another thread and may be the last to let go.
    auto nap = std::make_shared<Nap>();
    call.on_cancel([nap](mcp_cancel_reason) {
        const std::lock_guard hold(nap->lock);
        nap->cancelled = true;
        nap->over.notify_one();
    });
    const auto ms = call.arg<long>("ms");
    std::unique_lock hold(nap->lock);
    nap->over.wait_for(hold, std::chrono::milliseconds(ms), [&] { return nap->cancelled; });
    return "Slept for " + std::to_string(ms) + " ms";
}

void add_talking_tools(mcp::Server &server) {
    using mcp::Tool;
    server.add(Tool("test_tool_with_progress", "Reports its progress", {}, [](mcp::Call &call) {
        for (int done = 0; done <= 100; done += 50) {
            call.progress(done, 100);
            std::this_thread::sleep_for(50ms);
        }
        return "Done";
    }));
    server.add(Tool("progress", "Reports progress n times", COUNT, [](mcp::Call &call) {
        const auto n = call.arg<int>("n");
        for (int i = 1; i <= n; i++) call.progress(i, n);
        return "Reported progress " + std::to_string(n) + " times";
    }));
    server.add(Tool("test_tool_with_logging", "Logs to the client", {}, log_three_messages));
    server.add(Tool("test_logging_tool", "Logs to a client that wants it", {}, log_three_messages));
    server.add(Tool("sleep", "Sleeps, unless the call is cancelled", MS, sleep));
    server.add(Tool("test_reconnection", "Closes its stream before it answers", {}, [](mcp::Call &call) {
        call.close_stream(300ms);
        std::this_thread::sleep_for(100ms);
        return "The result came after the stream was closed";
    }));
}

// ---- tools that ask the client; each reads as if the answer was always there

string ask_name(mcp::Call &call) {
    const auto form = call.elicit("user_name", "What is your name?", NAME);
    return "Hello, " + form.get<std::optional<string>>("name").value_or("whoever you are") + "!";
}

string capital_of_france(mcp::Call &call) {
    return "LLM response: " + reply_text(call, call.sample("capital", question(R"("What is the capital of France?")")));
}

string confirm(mcp::Call &call) {
    const auto ok = call.elicit("confirm", "Go on?", OK).get<std::optional<bool>>("ok");
    return string("The state came back (state-ok); confirmed: ") + (ok.value_or(false) ? "yes" : "no");
}

// Three questions in one round: all are asked before the first is waited for.
void multiple_inputs(mcp::Call &call) {
    const auto form = call.try_elicit("user_name", "What is your name?", NAME);
    const auto reply = call.try_sample("greeting", question(R"("Write a greeting")"));
    const auto roots = call.try_list_roots("roots");
    if (!form || !reply || !roots) return call.suspend();
    call.finish("Name: " + string(form->content()) + ", greeting: " + reply_text(call, *reply) +
                ", roots: " + string(*roots));
}

// Two questions in two rounds: the second needs the answer to the first.
string multi_round(mcp::Call &call) {
    const auto name = call.elicit("step1", "What is your name?", NAME).get<std::optional<string>>("name");
    const auto who = name.value_or("Somebody");
    const auto color =
        call.elicit("step2", who + ", what is your favorite color?", COLOR).get<std::optional<string>>("color");
    return who + " likes " + color.value_or("no color");
}

// Asks only what this client can answer.
string capabilities(mcp::Call &call) {
    if (call.member<std::optional<mcp::Json>>(call.client_capabilities(), "elicitation"))
        return "The user answered: " + describe(call.elicit("user_name", "What is your name?", NAME));
    return "The model answered: " + reply_text(call, call.sample("user_name", question(R"("What is your name?")")));
}

void add_asking_tools(mcp::Server &server) {
    using mcp::Tool;
    server.add(Tool("test_sampling", "Asks the client's model", PROMPT, [](mcp::Call &call) {
        const auto prompt = call.arg<mcp::Json>("prompt").text;
        return "LLM response: " + reply_text(call, call.sample("reply", question(prompt)));
    }));
    server.add(Tool("test_elicitation", "Asks the user", MESSAGE, [](mcp::Call &call) {
        return "User response: " + describe(call.elicit("user", call.arg<string_view>("message"), USER));
    }));
    server.add(Tool("test_elicitation_sep1034_defaults", "Asks with defaults", {}, [](mcp::Call &call) {
        return "Elicitation completed: " + describe(call.elicit("form", "Please review this form", DEFAULTS));
    }));
    server.add(Tool("test_elicitation_sep1330_enums", "Asks with choices", {}, [](mcp::Call &call) {
        return "Elicitation completed: " + describe(call.elicit("form", "Please choose", ENUMS));
    }));
    server.add(Tool("test_streaming_elicitation", "Reports progress, then asks", {}, [](mcp::Call &call) {
        call.progress(1, 2, "Asking");
        return "Elicitation completed: " + describe(call.elicit("user", "Who are you?", USER));
    }));
    server.add(Tool("test_input_required_result_list_roots", "Asks for the roots", {},
                    [](mcp::Call &call) { return "Client roots: " + string(call.list_roots("roots")); }));
    server.add(Tool("test_missing_capability", "Needs a client with a model", {}, capital_of_france));
    server.add(Tool("test_input_required_result_elicitation", "Asks for a name", {}, ask_name));
    server.add(Tool("test_input_required_result_sampling", "Asks the model", {}, capital_of_france));
    server.add(Tool("test_input_required_result_request_state", "Asks for a yes or no", {}, confirm));
    server.add(Tool("test_input_required_result_tampered_state", "Asks for a yes or no", {}, confirm));
    server.add(Tool("test_input_required_result_multiple_inputs", "Asks three things at once", {}, multiple_inputs));
    server.add(Tool("test_input_required_result_multi_round", "Asks one thing after the other", {}, multi_round));
    server.add(Tool("test_input_required_result_capabilities", "Asks what the client can answer", {}, capabilities));
}

// ---- tools that push to other clients; they hold a reference to the server, never an owner

string simple_prompt(mcp::Call &) { return "This is a simple prompt for testing."; }

void add_pushing_tools(mcp::Server &server) {
    using mcp::Tool;
    server.add(Tool("broadcast", "Tells all clients that the tools have changed", {},
                    [&server](mcp::Call &) { return std::to_string(server.list_changed(MCP_LIST_TOOLS)); }));
    server.add(Tool("test_trigger_resource_update", "Changes the watched resource", {}, [&server](mcp::Call &) {
        return std::to_string(server.resource_updated("test://watched-resource"));
    }));
    server.add(Tool("test_trigger_tool_change", "Adds or removes a tool", {}, [&server](mcp::Call &) {
        if (!server.remove_tool("test_dynamic_tool"))
            server.add(Tool("test_dynamic_tool", "Comes and goes", {}, called_with));
        return "The list of tools has changed";
    }));
    server.add(Tool("test_trigger_prompt_change", "Adds or removes a prompt", {}, [&server](mcp::Call &) {
        if (!server.remove_prompt("test_dynamic_prompt"))
            server.add(mcp::Prompt("test_dynamic_prompt", "Comes and goes", simple_prompt));
        return "The list of prompts has changed";
    }));
    server.add(Tool("runtime_metrics", "The counters of the server", {},
                    [&server](mcp::Call &call) { call.finish_structured(server.metrics_json()); }));
}

// ---- resources and prompts

void add_resources(mcp::Server &server) {
    using mcp::Resource;
    server.add(Resource("test://static-text", "Static text", [](mcp::Call &) {
                   return "This is the content of the static text resource.";
               }).mime_type("text/plain"));
    server.add(Resource("test://static-binary", "Static image", [](mcp::Call &) {
                   return mcp::Content().image(RED_PNG, "image/png");
               }).mime_type("image/png"));
    server.add(Resource("test://watched-resource", "Watched", [](mcp::Call &) {
                   return "Watch me change";
               }).mime_type("text/plain"));
    server.add_template(Resource("test://template/{id}/data", "Data by number", [](mcp::Call &call) {
                            return "This is the data of " + string(call.variable("id"));
                        }).mime_type("text/plain"));
}

void add_prompts(mcp::Server &server) {
    using mcp::Prompt;
    server.add(Prompt("test_simple_prompt", "A prompt without arguments", simple_prompt));
    server.add(Prompt(
                   "test_prompt_with_arguments", "A prompt with two arguments",
                   [](mcp::Call &call) {
        return "Prompt with arguments: arg1='" + call.arg<string>("arg1") + "', arg2='" + call.arg<string>("arg2") +
               "'";
                   })
                   .argument("arg1", "The first")
                   .argument("arg2", "The second"));
    server.add(Prompt("test_prompt_with_embedded_resource", "A prompt with a resource", [](mcp::Call &call) {
                   return mcp::Content()
                       .resource_text(call.arg<string_view>("resourceUri"), "text/plain", "Embedded resource content")
                       .text("Please process the embedded resource above.");
               }).argument("resourceUri", "Of the resource"));
    server.add(Prompt("test_prompt_with_image", "A prompt with an image", [](mcp::Call &) {
        return mcp::Content().image(RED_PNG, "image/png").text("Please analyze the image above.");
    }));
    server.add(Prompt("test_input_required_result_prompt", "A prompt that asks the user", [](mcp::Call &call) {
        const auto form = call.elicit("user_context", "What context should the prompt use?", CONTEXT);
        return "Use this context: " + form.get<std::optional<string>>("context").value_or("none");
    }));
    server.add(mcp::Completion::of_prompt("test_prompt_with_arguments", [](mcp::Call &call) {
        std::vector<string> found;
        const auto typed = call.completing().typed;
        for (const string_view word : {"test", "testing", "text", "value"})
            if (word.substr(0, typed.size()) == typed) found.emplace_back(word);
        return found;
    }));
}

// Lets the server have as many clients as the process may have descriptors.
void raise_limits(mcp::Config &config) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (const auto limit : {"connections", "clients", "sessions"}) config.limit(limit, files.rlim_cur);
}

void log_to_stderr(mcp_severity severity, string_view target, string_view message, string_view fields) {
    if (severity > MCP_SEVERITY_INFO) return;
    const auto line = string(target) + ": " + string(message) + " " + string(fields) + "\n";
    std::fputs(line.c_str(), stderr);
}

void serve(string_view address) {
    // Blocked before the server starts its threads, so that only sigwait() below sees them.
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

    const auto version = mcp_version();
    mcp::Config config("everything", {version.ptr, version.len});
    config.instructions("Call any tool to see what MCP can do.").listen_http(address).log(log_to_stderr);
    raise_limits(config);
    mcp::Server server(std::move(config));
    add_plain_tools(server);
    add_talking_tools(server);
    add_asking_tools(server);
    add_pushing_tools(server);
    add_resources(server);
    add_prompts(server);
    server.start();
    std::printf("listening on %s\n", server.url().c_str());
    std::fflush(stdout);

    int signal = 0;
    sigwait(&stop_signals, &signal);
    server.stop();
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3 || string_view(argv[1]) != "--http") {
        std::fprintf(stderr, "usage: everything --http ADDRESS:PORT\n");
        return 2;
    }
    try {
        serve(argv[2]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "everything: %s\n", error.what());
        return 1;
    }
}
