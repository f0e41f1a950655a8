// The C++ wrapper: types of arguments, exceptions, moves, `drop` exactly once, asking, two servers.

#include <mcpserver.hpp>

#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>

extern "C" {
#include "../c/support/check.h"
#include "../c/support/client.h"
}

using std::string;
using std::string_view;

namespace {

template <class T>
constexpr bool moves_only =
    std::is_nothrow_move_constructible_v<T> &&std::is_move_assignable_v<T> && !std::is_copy_constructible_v<T>;
static_assert(moves_only<mcp::Call> && moves_only<mcp::Config> && moves_only<mcp::Server> && moves_only<mcp::Content>);
static_assert(moves_only<mcp::Tool> && moves_only<mcp::Resource> && moves_only<mcp::Prompt> &&
              moves_only<mcp::Completion>);

mcp::Config config() { return std::move(mcp::Config("test", "1").listen_http("127.0.0.1:0")); }

// A server with these tools, running.
template <class... Tools> mcp::Server serving(Tools... tools) {
    mcp::Server server(config());
    (server.add(std::move(tools)), ...);
    server.start();
    return server;
}

using Answer = std::unique_ptr<char, decltype(&std::free)>;
Answer call(const mcp::Server &server, const char *tool, const char *arguments = "{}") {
    return {modern_tool(server.port(), tool, arguments), std::free};
}

// The status of the error that `work` throws.
template <class F> mcp_status thrown(F work) {
    try {
        work();
    } catch (const mcp::Error &error) {
        CHECK(string(error.what()).size() > 10);
        return error.status();
    }
    return MCP_OK;
}

// Captured by handlers: how many of its copies still live.
using Token = std::shared_ptr<int>;
Token token() { return std::make_shared<int>(0); }

void arguments_have_types() {
    const char *json =
        R"({"s":"t\u00e4xt","i":-7,"f":3.0,"big":300,"d":2.5,"yes":true,"none":null,"o":{"in":[1],"s":"x"}})";
    const auto server = serving(mcp::Tool("t", "", {}, [](mcp::Call &call) {
        CHECK(call.arg<string>("s") == "täxt" && call.arg<string_view>("s") == "täxt");
        CHECK(call.arg<int>("i") == -7 && call.arg<std::int64_t>("f") == 3 && call.arg<std::uint16_t>("big") == 300);
        CHECK(call.arg<double>("d") == 2.5 && call.arg<float>("i") == -7 && call.arg<bool>("yes"));
        CHECK(call.arg<std::optional<string>>("s") == "täxt" && call.arg<std::optional<int>>("i") == -7);
        CHECK(!call.arg<std::optional<string>>("absent") && !call.arg<std::optional<int>>("none"));
        CHECK(call.arg<mcp::Json>("o").text == R"({"in":[1],"s":"x"})");
        CHECK(call.member<string>(call.arg<mcp::Json>("o").text, "s") == "x");
        CHECK(call.member<mcp::Json>(call.arg<mcp::Json>("o").text, "in").text == "[1]");
        CHECK_STATUS(thrown([&] { call.arg<int>("absent"); }), MCP_ERR_NOT_FOUND);
        CHECK_STATUS(thrown([&] { call.arg<int>("s"); }), MCP_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(thrown([&] { call.arg<std::optional<int>>("s"); }), MCP_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(thrown([&] { call.arg<std::int8_t>("big"); }), MCP_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(thrown([&] { call.arg<unsigned>("i"); }), MCP_ERR_INVALID_ARGUMENT);
        CHECK(call.kind() == MCP_KIND_TOOL && call.name() == "t" && call.revision() == "2026-07-28");
        return "checked";
    }));
    CHECK_HAS(call(server, "t", json).get(), R"("text":"checked")");
}

void what_a_handler_returns_is_the_answer() {
    const auto server = serving(
        mcp::Tool("literal", "", {}, [](mcp::Call &) { return "a literal"; }),
        mcp::Tool("string", "", {}, [](mcp::Call &) { return string("a string"); }),
        mcp::Tool("view", "", {}, [](mcp::Call &call) { return call.arg<string_view>("s"); }),
        mcp::Tool(
            "content", "", {},
            [](mcp::Call &) {
        return mcp::Content().text("one").image(string("\1\2\3"), "image/png").annotate(R"({"priority":1})").error();
            }),
        mcp::Tool("structured", "", {}, [](mcp::Call &call) { call.finish_structured(R"({"n":1})"); }),
        mcp::Tool("result", "", {}, [](mcp::Call &call) { call.finish_result(R"({"content":[],"isError":true})"); }),
        mcp::Tool("error", "", {}, [](mcp::Call &call) { call.error(-32000, "refused", R"({"why":"x"})"); }),
        mcp::Tool("forgets", "", {}, [](mcp::Call &) {}));
    CHECK_HAS(call(server, "literal").get(), R"("text":"a literal")");
    CHECK_HAS(call(server, "string").get(), R"("text":"a string")");
    CHECK_HAS(call(server, "view", R"({"s":"a\nview"})").get(), R"("text":"a\nview")");
    CHECK_HAS(call(server, "content").get(),
              R"("data":"AQID","mimeType":"image/png","annotations":{"priority":1}}],"isError":true)");
    CHECK_HAS(call(server, "structured").get(), R"("structuredContent":{"n":1})");
    CHECK_HAS(call(server, "result").get(), R"("isError":true)");
    CHECK_HAS(call(server, "error").get(), R"({"code":-32000,"message":"refused","data":{"why":"x"}})");
    CHECK_HAS(call(server, "forgets").get(), R"("code":-32603)");
}

void exceptions_become_errors() {
    const auto server =
        serving(mcp::Tool("standard", "", {}, [](mcp::Call &) { throw std::runtime_error("out of cheese"); }),
                mcp::Tool("foreign", "", {}, [](mcp::Call &) { throw 42; }),
                mcp::Tool("argument", "", {}, [](mcp::Call &call) { return call.arg<string>("missing one"); }),
                mcp::Tool("after", "", {}, [](mcp::Call &call) {
                    call.finish("finished");
                    throw std::runtime_error("too late");
                }));
    const auto standard = call(server, "standard");
    CHECK_HAS(standard.get(), "out of cheese");
    CHECK_HAS(standard.get(), R"("isError":true)");
    CHECK_HAS(call(server, "foreign").get(), R"("isError":true)");
    CHECK_HAS(call(server, "argument").get(), "missing one");
    CHECK_HAS(call(server, "after").get(), "finished");
}

void functions_that_fail_throw() {
    mcp::Server server(config());
    const auto tool = [] { return mcp::Tool("t", "", {}, [](mcp::Call &) { return ""; }); };
    server.add(tool());
    CHECK_STATUS(thrown([&] { server.add(tool()); }), MCP_ERR_ALREADY_EXISTS);
    CHECK_STATUS(thrown([&] { server.stop(); }), MCP_ERR_WRONG_STATE);
    CHECK_STATUS(thrown([&] { server.url(); }), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(thrown([&] { server.notify_all("m", "no json"); }), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(thrown([&] { server.notify(77, "m"); }), MCP_ERR_NO_SUCH_CLIENT);
    CHECK_STATUS(thrown([] { config().listen_http("nowhere"); }), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(thrown([] { config().limit("no such limit", 1); }), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(thrown([] { config().title("\xff"); }), MCP_ERR_INVALID_UTF8);
    CHECK_STATUS(thrown([] { mcp::Server(mcp::Config("", "")); }), MCP_ERR_INVALID_ARGUMENT);
    CHECK(server.remove_tool("t") && !server.remove_tool("t"));
}

void calls_move() {
    std::promise<mcp::Call> moved;
    const auto server = serving(mcp::Tool(
                                    "later", "", {},
                                    [&](mcp::Call &call) {
        mcp::Call other = std::move(call);
        CHECK(!call && other);
        moved.set_value(std::move(other));
                                    }),
                                mcp::Tool("replaced", "", {}, [](mcp::Call &call) {
                                    mcp::Call none(nullptr);
                                    // The call that is replaced ends; that is none here, and the real one below.
                                    none = std::move(call);
                                    none = mcp::Call(nullptr);
                                }));
    std::thread elsewhere([&] {
        auto call = moved.get_future().get();
        CHECK(call.name() == "later");
        call.finish("from another thread");
        CHECK(!call);
    });
    CHECK_HAS(call(server, "later").get(), "from another thread");
    elsewhere.join();
    CHECK_HAS(call(server, "replaced").get(), R"("code":-32603)");
}

void what_handlers_hold_is_dropped_once() {
    const Token kept = token();
    const auto tool = [&](const char *name) { return mcp::Tool(name, "", {}, [kept](mcp::Call &) { return ""; }); };
    {
        mcp::Server server(std::move(config().log([kept](auto...) { throw 1; })));
        server.on_client([kept](auto...) {});
        server.on_client([kept](auto...) {});
        CHECK(kept.use_count() == 3);
        server.add(tool("a"));
        CHECK(kept.use_count() == 4);
        CHECK_STATUS(thrown([&] { server.add(tool("a")); }), MCP_ERR_ALREADY_EXISTS);
        CHECK(kept.use_count() == 4);
        CHECK_STATUS(thrown([&] { tool("\xff"); }), MCP_ERR_INVALID_UTF8);
        tool("never added");
        CHECK(kept.use_count() == 4);
        server.start();
        CHECK_HAS(call(server, "a").get(), "200 OK");
        server.remove_tool("a");
        const auto another = server.share();
        CHECK(another.get() == server.get() && another.is_running());
    }
    CHECK(kept.use_count() == 1);
}

void cancellation_reaches_the_handler() {
    const Token kept = token();
    event running = EVENT_INIT, cancelled = EVENT_INIT, unwound = EVENT_INIT;
    {
        const auto server = serving(mcp::Tool("t", "", {}, [&, kept](mcp::Call &call) {
            call.on_cancel([&, kept](mcp_cancel_reason reason) {
                CHECK(reason == MCP_CANCEL_DISCONNECTED);
                event_raise(&cancelled);
                throw std::runtime_error("nobody hears this");
            });
            event_raise(&running);
            CHECK(event_wait(&cancelled, 1));
            CHECK(call.cancelled() == MCP_CANCEL_DISCONNECTED);
            CHECK_STATUS(thrown([&] { call.progress(1); }), MCP_ERR_CANCELLED);
            call.finish("not wanted, and no error");
            event_raise(&unwound);
        }));
        const int client = modern_tool_begin(server.port(), "t", "{}");
        CHECK(event_wait(&running, 1));
        hang_up(client);
        CHECK(event_wait(&unwound, 1));
    }
    CHECK(kept.use_count() == 1);
}

const char *const NAME = R"({"type":"object","properties":{"name":{"type":"string"}}})";

void questions_read_as_plain_calls() {
    std::atomic<int> worked{0}, ran{0};
    const auto server = serving(mcp::Tool("t", "", {}, [&](mcp::Call &call) {
        ran++;
        const string draft(call.once("draft", [&] { return '"' + std::to_string(++worked) + '"'; }));
        const auto form = call.elicit("name", "What is your name?", NAME);
        if (!form) return string("refused: ") + form.action_name();
        return "Hello, " + form.get<string>("name") + form.get<std::optional<string>>("title").value_or("") +
               ", draft " + draft;
    }));
    const auto asked = call(server, "t");
    CHECK_HAS(asked.get(), R"("resultType":"input_required")");
    CHECK_HAS(asked.get(), R"("name":{"method":"elicitation/create","params":)");
    const Answer state(member_text(asked.get(), "requestState"), std::free);
    CHECK(state != nullptr);
    const auto retry = [&](const char *response) {
        const auto params = string(R"("name":"t","arguments":{},"requestState":")") + state.get() +
                            R"(","inputResponses":{"name":)" + response + "}";
        return Answer(modern_request(server.port(), "tools/call", "t", params.c_str()), std::free);
    };
    CHECK_HAS(retry(R"({"action":"accept","content":{"name":"Ada"}})").get(), R"(Hello, Ada, draft \"1\")");
    CHECK_HAS(retry(R"({"action":"decline"})").get(), "refused: decline");
    CHECK(worked == 1 && ran == 3);
}

void questions_can_be_asked_together() {
    const auto server = serving(mcp::Tool("t", "", {}, [](mcp::Call &call) {
        const auto form = call.try_elicit("form", "?", NAME);
        const auto reply = call.try_sample("reply", R"({"messages":[],"maxTokens":1})");
        const auto roots = call.try_list_roots("roots");
        if (!form || !reply || !roots) return call.suspend();
        call.finish("all there");
    }));
    const auto asked = call(server, "t");
    CHECK_HAS(asked.get(), "elicitation/create");
    CHECK_HAS(asked.get(), "sampling/createMessage");
    CHECK_HAS(asked.get(), "roots/list");
}

void a_client_that_cannot_be_asked_is_told() {
    const auto server = serving(
        mcp::Tool("t", "", {}, [](mcp::Call &call) { return string(call.elicit("name", "?", NAME).content()); }),
        mcp::Tool("copes", "", {}, [](mcp::Call &call) {
            return thrown([&] { call.elicit("name", "?", NAME); }) == MCP_ERR_MISSING_CAPABILITY ? "went on without"
                                                                                                 : "asked";
        }));
    // Elicitation came with a later revision.
    const auto client = session_open(server.port(), "2025-03-26");
    const Answer refused(session_tool(&client, "t", "{}"), std::free),
        coped(session_tool(&client, "copes", "{}"), std::free);
    CHECK_HAS(refused.get(), R"("isError":true)");
    CHECK_HAS(refused.get(), "elicitation");
    CHECK_HAS(coped.get(), "went on without");
}

void resources_prompts_and_completions() {
    mcp::Server server(config());
    server.add(mcp::Resource("test:a", "a", [](mcp::Call &) { return "of a"; }).mime_type("text/plain"));
    server.add_template(mcp::Resource("test:b/{c}", "b", [](mcp::Call &call) {
        if (call.variable("c") == "gone") return call.not_found();
        call.finish("of " + string(call.variable("c")));
    }));
    server.add(mcp::Prompt("p", "", [](mcp::Call &call) {
                   return mcp::Content()
                       .text("for " + call.arg<string>("who"))
                       .role(MCP_ROLE_ASSISTANT)
                       .text("yes")
                       .description("d");
               }).argument("who", "Somebody"));
    server.add(mcp::Completion::of_prompt("p", [](mcp::Call &call) {
        return std::vector<string>{string(call.completing().argument) + "=" + string(call.completing().typed) + "!"};
    }));
    server.start();
    const auto request = [&](const char *method, const char *name, const char *params) {
        return Answer(modern_request(server.port(), method, name, params), std::free);
    };
    CHECK_HAS(request("resources/read", "test:a", R"("uri":"test:a")").get(),
              R"("mimeType":"text/plain","text":"of a")");
    CHECK_HAS(request("resources/read", "test:b/x", R"("uri":"test:b/x")").get(), "of x");
    CHECK_HAS(request("resources/read", "test:b/gone", R"("uri":"test:b/gone")").get(), R"("code":-32602)");
    const auto prompt = request("prompts/get", "p", R"("name":"p","arguments":{"who":"me"})");
    CHECK_HAS(prompt.get(), "for me");
    CHECK_HAS(prompt.get(), R"("role":"assistant")");
    CHECK_HAS(request("completion/complete", nullptr,
                      R"("ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"who","value":"y"})")
                  .get(),
              R"("values":["who=y!"])");
}

void clients_are_pushed_to() {
    std::promise<mcp_client_id> came;
    event left = EVENT_INIT;
    mcp::Server server(config());
    server.on_client([&](mcp_client_id client, mcp_client_kind kind, mcp_client_change change) {
        CHECK(kind == MCP_CLIENT_LISTEN);
        if (change == MCP_CLIENT_CONNECTED)
            came.set_value(client);
        else
            event_raise(&left);
    });
    // What is not offered cannot be listened to.
    const auto nothing = [](mcp::Call &) { return ""; };
    server.add(mcp::Tool("t", "", {}, nothing));
    server.add(mcp::Prompt("p", "", nothing));
    server.add(mcp::Resource("test:a", "a", nothing));
    server.start();
    const int listener = modern_listen(server.port());
    const auto client = came.get_future().get();
    CHECK_HAS(server.clients_json().c_str(), ("\"client\":" + std::to_string(client)).c_str());
    CHECK(server.list_changed(MCP_LIST_TOOLS) == 1 && server.resource_updated("test:a") == 1);
    server.notify(client, "notifications/prompts/list_changed");
    const Answer seen(read_until(listener, "prompts/list_changed"), std::free);
    CHECK_HAS(seen.get(), "tools/list_changed");
    server.close_client(client);
    CHECK(event_wait(&left, 1));
    hang_up(listener);
    CHECK_HAS(server.metrics_json().c_str(), "\"clients\":0");
}

void two_servers_live_side_by_side() {
    const auto named = [](const char *name) { return mcp::Tool("who", "", {}, [name](mcp::Call &) { return name; }); };
    auto first = serving(named("first"));
    {
        const auto second = serving(named("second"));
        CHECK(first.port() != second.port() && first.url() != second.url());
        CHECK_HAS(call(first, "who").get(), "first");
        CHECK_HAS(call(second, "who").get(), "second");
    }
    CHECK_HAS(call(first, "who").get(), "first");
    CHECK_HAS(first.stop().c_str(), R"("running":[])");
    CHECK(!first.is_running());
    first.wait();
    first.start();
    CHECK_HAS(call(first, "who").get(), "first");
}

} // namespace

MAIN(TEST(arguments_have_types), TEST(what_a_handler_returns_is_the_answer), TEST(exceptions_become_errors),
     TEST(functions_that_fail_throw), TEST(calls_move), TEST(what_handlers_hold_is_dropped_once),
     TEST(cancellation_reaches_the_handler), TEST(questions_read_as_plain_calls), TEST(questions_can_be_asked_together),
     TEST(a_client_that_cannot_be_asked_is_told), TEST(resources_prompts_and_completions), TEST(clients_are_pushed_to),
     TEST(two_servers_live_side_by_side))
