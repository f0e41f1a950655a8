// mcpserver.hpp - libmcpserver for C++17: the C interface of mcpserver.h with RAII, lambdas and exceptions.
//
//     #include <mcpserver.hpp>
//
//     int main() {
//         mcp::Config config("greeter", "1.0");
//         config.listen_http("127.0.0.1:8000");
//         mcp::Server server(std::move(config));
//         server.add(mcp::Tool("greet", "Greets somebody",
//         R"({"type":"object","properties":{"name":{"type":"string"}}})",
//                              [](mcp::Call &call) { return "Hello, " + call.arg<std::string>("name") + "!"; }));
//         server.start();
//         server.wait();
//     }
//
// c++ -std=c++17 greet.cpp $(pkg-config --cflags --libs mcpserver)
//
// - A handler is anything that can be called with a `mcp::Call &`. What it returns finishes the call: a text, a
//   `mcp::Content`, or values for a completion. One that returns nothing finishes the call itself, or moves it away to
//   finish it later from any thread. Handlers run on threads of the library, several at a time.
// - Exceptions do not leave a handler: `std::exception` becomes an error that the model sees. Functions that fail throw
//   `mcp::Error`.
// - `std::string_view` goes in and is copied. One that comes out of a call lives until the call ends. A `string_view`
//   that was made without a value (`{}`) leaves out what may be left out; an empty text does not.
// - mcpserver.h says what each function does, and is the reference for errors and threads.

#ifndef MCPSERVER_HPP
#define MCPSERVER_HPP

#include "mcpserver.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mcp {

/// A function of the library failed; `what()` says what was wrong and what to do.
class Error : public std::runtime_error {
  public:
    Error(mcp_status status, const std::string &message) : std::runtime_error(message), status_(status) {}

    /// One of the MCP_ERR_ values.
    mcp_status status() const noexcept { return status_; }

  private:
    mcp_status status_;
};

namespace detail {

/// Leaves a handler whose client has to answer first. No std::exception, so that no handler takes it for a failure.
struct InputRequired {};

inline mcp_str str(std::string_view text) { return {text.data(), text.size()}; }

inline std::string_view view(mcp_str text) { return {text.ptr, text.len}; }

[[noreturn]] inline void fail(mcp_status status, mcp_error *take_error) {
    if (status == MCP_INPUT_REQUIRED) throw InputRequired();
    const std::unique_ptr<mcp_error, void (*)(mcp_error *)> error(take_error, mcp_error_free);
    throw Error(status, std::string(view(mcp_error_message(take_error))));
}

/// Calls a function of the C interface, with a place for its error behind the arguments.
template <class Function, class... Arguments> void must(Function function, Arguments... arguments) {
    mcp_error *error = nullptr;
    const mcp_status status = function(arguments..., &error);
    if (status != MCP_OK) fail(status, error);
}

/// The same where a status other than MCP_OK stands for "not there": whether it was.
template <class Function, class... Arguments> bool found(mcp_status absent, Function function, Arguments... arguments) {
    mcp_error *error = nullptr;
    const mcp_status status = function(arguments..., &error);
    if (status == absent)
        mcp_error_free(error);
    else if (status != MCP_OK)
        fail(status, error);
    return status == MCP_OK;
}

inline std::string take(mcp_text *take_text) {
    const std::unique_ptr<mcp_text, void (*)(mcp_text *)> text(take_text, mcp_text_free);
    return std::string(view(mcp_text_str(take_text)));
}

template <auto free> struct Free {
    template <class T> void operator()(T *handle) const noexcept { free(handle); }
};

template <class T, auto free> using Handle = std::unique_ptr<T, Free<free>>;

/// Something callable on the heap, as the library keeps it.
template <class F> struct Boxed {
    static void *box(F function) { return new F(std::move(function)); }
    static F &unbox(void *data) noexcept { return *static_cast<F *>(data); }
    static void drop(void *data) noexcept { delete static_cast<F *>(data); }

    /// Runs it where nobody can be told of an exception.
    template <class... Arguments> static void run(void *data, Arguments... arguments) noexcept {
        try {
            unbox(data)(arguments...);
        } catch (...) {
        }
    }
};

/// How a type is read from JSON, of an argument or of a member of an object.
template <class T, class = void> struct As;

} // namespace detail

/// The JSON text of an argument or a member, for `arg<Json>` and `member<Json>`.
struct Json {
    std::string_view text;
};

/// What is in a tool's result, a prompt, or the contents of a resource. Functions can be chained:
/// `mcp::Content().text("Look:").image(bytes, "image/png")`.
class Content {
  public:
    Content() : handle_(mcp_content_new()) {}

    Content &&text(std::string_view text) { return set(mcp_content_add_text, detail::str(text)); }

    /// Bytes come from any container whose elements are one byte long.
    template <class Bytes> Content &&image(const Bytes &bytes, std::string_view mime_type) {
        return set(mcp_content_add_image, data(bytes), std::size(bytes), detail::str(mime_type));
    }

    template <class Bytes> Content &&audio(const Bytes &bytes, std::string_view mime_type) {
        return set(mcp_content_add_audio, data(bytes), std::size(bytes), detail::str(mime_type));
    }

    Content &&resource_text(std::string_view uri, std::string_view mime_type, std::string_view text) {
        return set(mcp_content_add_resource_text, detail::str(uri), detail::str(mime_type), detail::str(text));
    }

    template <class Bytes>
    Content &&resource_bytes(std::string_view uri, std::string_view mime_type, const Bytes &bytes) {
        return set(mcp_content_add_resource_bytes, detail::str(uri), detail::str(mime_type), data(bytes),
                   std::size(bytes));
    }

    Content &&resource_link(std::string_view uri, std::string_view name, std::string_view mime_type = {}) {
        return set(mcp_content_add_resource_link, detail::str(uri), detail::str(name), detail::str(mime_type));
    }

    /// A `ContentBlock` of the protocol as JSON.
    Content &&block(std::string_view json) { return set(mcp_content_add_block, detail::str(json)); }

    /// Annotations of the block added last, as a JSON object.
    Content &&annotate(std::string_view json) { return set(mcp_content_annotate, detail::str(json)); }

    /// Whose messages follow, in a prompt: MCP_ROLE_USER or MCP_ROLE_ASSISTANT.
    Content &&role(mcp_role role) { return set(mcp_content_set_role, role); }

    /// The structured content of a tool, as JSON.
    Content &&structured(std::string_view json) { return set(mcp_content_set_structured, detail::str(json)); }

    Content &&description(std::string_view text) { return set(mcp_content_set_description, detail::str(text)); }

    Content &&meta(std::string_view json) { return set(mcp_content_set_meta, detail::str(json)); }

    /// Whether a tool's result is a failure that the model should see.
    Content &&error(bool is_error = true) { return set(mcp_content_set_error, is_error); }

    mcp_content *release() noexcept { return handle_.release(); }

  private:
    template <class Bytes> static const std::uint8_t *data(const Bytes &bytes) {
        static_assert(sizeof(*std::data(bytes)) == 1, "the elements of the container have to be bytes");
        return reinterpret_cast<const std::uint8_t *>(std::data(bytes));
    }

    template <class Setter, class... Values> Content &&set(Setter setter, Values... values) {
        detail::must(setter, handle_.get(), values...);
        return std::move(*this);
    }

    detail::Handle<mcp_content, mcp_content_free> handle_;
};

/// A call of a handler. It is finished once; a call that goes out of scope before gives its client an error.
/// It can be moved to another thread, and is used by one thread at a time.
class Call {
  public:
    explicit Call(mcp_call *take_call) noexcept : call_(take_call) {}
    Call(Call &&other) noexcept : call_(other.release()) {}
    Call &operator=(Call &&other) noexcept {
        if (this != &other) {
            mcp_call_drop(call_);
            call_ = other.release();
        }
        return *this;
    }
    ~Call() { mcp_call_drop(call_); }

    /// Whether it still has to be finished here.
    explicit operator bool() const noexcept { return call_ != nullptr; }
    mcp_call *get() const noexcept { return call_; }
    mcp_call *release() noexcept { return std::exchange(call_, nullptr); }

    // ---- what was called

    mcp_kind kind() const { return mcp_call_kind(call_); }
    std::string_view name() const { return detail::view(mcp_call_name(call_)); }
    /// All arguments, a JSON object.
    std::string_view arguments() const { return detail::view(mcp_call_arguments(call_)); }
    std::string_view uri() const { return detail::view(mcp_call_uri(call_)); }
    std::string_view variable(std::string_view name) const {
        return detail::view(mcp_call_variable(call_, detail::str(name)));
    }
    std::string_view meta() const { return detail::view(mcp_call_meta(call_)); }
    std::string_view revision() const { return detail::view(mcp_call_revision(call_)); }
    mcp_client_id client() const { return mcp_call_client(call_); }
    std::string_view client_info() const { return detail::view(mcp_call_client_info(call_)); }
    std::string_view client_capabilities() const { return detail::view(mcp_call_client_capabilities(call_)); }
    std::string_view principal() const { return detail::view(mcp_call_principal(call_)); }

    /// An argument as std::string_view, std::string, any integer type, double, float, bool, mcp::Json, or a
    /// std::optional of these, which is empty when the argument is absent or null.
    template <class T> T arg(std::string_view name) const {
        return read<T>(name, "argument", detail::As<T>::arg, call_);
    }

    /// A member of a JSON object: of an argument that is one, a form that was filled in, `meta()`.
    template <class T> T member(std::string_view object, std::string_view name) const {
        return read<T>(name, "member", detail::As<T>::member, call_, detail::str(object));
    }

    /// Of a completion: which argument is to be completed, and what the user has typed of it.
    struct Completing {
        std::string_view argument, typed;
    };
    Completing completing() const {
        const auto argument = arg<Json>("argument").text;
        return {member<std::string_view>(argument, "name"), member<std::string_view>(argument, "value")};
    }

    // ---- while it runs

    /// Why the call is not wanted any more; MCP_CANCEL_NONE, which is 0, while it is.
    mcp_cancel_reason cancelled() const { return mcp_call_is_cancelled(call_); }

    /// Runs `callback(mcp_cancel_reason)` once when the call is cancelled, on another thread; it must not block. At
    /// once if it was already, never once the call has ended.
    template <class F> void on_cancel(F callback) {
        using Box = detail::Boxed<F>;
        const mcp_cancel_fn run = [](mcp_cancel_reason reason, void *data) noexcept { Box::run(data, reason); };
        detail::must(mcp_call_on_cancel, call_, run, Box::box(std::move(callback)), mcp_drop_fn(Box::drop));
    }

    /// Reports progress, if the client asked for it; `total` is 0 when it is not known. Throws MCP_ERR_CANCELLED when
    /// the call is not wanted any more, which is a good end for a handler. What a slow client has no room for is
    /// left out, here and in log().
    void progress(double progress, double total = 0, std::string_view message = {}) {
        detail::found(MCP_ERR_OUTBOX_FULL, mcp_call_progress, call_, progress, total, detail::str(message));
    }

    /// Logs to the client, if it wants that level (MCP_LEVEL_INFO, ...).
    void log(mcp_level level, std::string_view text, std::string_view logger = {}) {
        detail::found(MCP_ERR_OUTBOX_FULL, mcp_call_log, call_, level, detail::str(logger), detail::str(text));
    }

    /// The same with any JSON as the message.
    void log_json(mcp_level level, std::string_view data, std::string_view logger = {}) {
        detail::found(MCP_ERR_OUTBOX_FULL, mcp_call_log_json, call_, level, detail::str(logger), detail::str(data));
    }

    /// Sends a notification on the stream of this call. `params` is a JSON object.
    void notify(std::string_view method, std::string_view params = {}) {
        detail::must(mcp_call_notify, call_, detail::str(method), detail::str(params));
    }

    /// Closes the connection while the call goes on; the client comes back for the result. Tells whether it was done.
    bool close_stream(std::chrono::milliseconds retry) {
        bool closed = false;
        detail::must(mcp_call_close_stream, call_, static_cast<std::uint64_t>(retry.count()), &closed);
        return closed;
    }

    // ---- asking the client
    //
    // These read as plain calls. When the answer is not there yet they leave the handler, which runs again from the
    // start when it is: what comes before the last of them is done more than once, save inside once(). The `try_`
    // forms return nothing instead, so that several questions can be asked together; end with suspend() when one of
    // them has no answer. `key` names a question within its call. A client that cannot be asked makes them throw
    // MCP_ERR_MISSING_CAPABILITY; uncaught, the client gets the error that the protocol has for that.

    /// What the user did with a form, and what was filled in: a JSON object, empty unless accepted.
    class Form {
      public:
        Form(mcp_call *call, mcp_action action, std::string_view content)
            : call_(call), action_(action), content_(content) {}

        explicit operator bool() const noexcept { return action_ == MCP_ACTION_ACCEPT; }
        /// MCP_ACTION_ACCEPT, _DECLINE or _CANCEL.
        mcp_action action() const noexcept { return action_; }
        const char *action_name() const noexcept {
            return action_ == MCP_ACTION_ACCEPT ? "accept" : action_ == MCP_ACTION_DECLINE ? "decline" : "cancel";
        }
        std::string_view content() const noexcept { return content_; }
        /// A field of the form, as Call::arg() reads an argument; not there unless the user accepted.
        template <class T> T get(std::string_view name) const {
            const auto object = action_ == MCP_ACTION_ACCEPT ? content_ : std::string_view("{}");
            return read<T>(name, "field", detail::As<T>::member, call_, detail::str(object));
        }

      private:
        mcp_call *call_;
        mcp_action action_;
        std::string_view content_;
    };

    /// Asks the user to fill in a form. `schema` is a JSON Schema of an object with plain members.
    Form elicit(std::string_view key, std::string_view message, std::string_view schema) {
        return wanted(try_elicit(key, message, schema));
    }
    std::optional<Form> try_elicit(std::string_view key, std::string_view message, std::string_view schema) {
        mcp_action action{};
        mcp_str content{};
        if (!asked(mcp_call_elicit, call_, detail::str(key), detail::str(message), detail::str(schema), &action,
                   &content))
            return std::nullopt;
        return Form(call_, action, detail::view(content));
    }

    /// Asks the user to visit a URL. MCP_ACTION_ACCEPT says that the user agreed to, not that it is done.
    mcp_action elicit_url(std::string_view key, std::string_view message, std::string_view url) {
        return wanted(try_elicit_url(key, message, url));
    }
    std::optional<mcp_action> try_elicit_url(std::string_view key, std::string_view message, std::string_view url) {
        mcp_action action{};
        if (!asked(mcp_call_elicit_url, call_, detail::str(key), detail::str(message), detail::str(url), &action))
            return std::nullopt;
        return action;
    }

    /// Asks the client's model. `params` and the result are JSON objects, those of `sampling/createMessage`.
    std::string_view sample(std::string_view key, std::string_view params) { return wanted(try_sample(key, params)); }
    std::optional<std::string_view> try_sample(std::string_view key, std::string_view params) {
        return reply(mcp_call_sample, detail::str(key), detail::str(params));
    }

    /// Asks for the client's roots: a JSON object with `roots`.
    std::string_view list_roots(std::string_view key) { return wanted(try_list_roots(key)); }
    std::optional<std::string_view> try_list_roots(std::string_view key) {
        return reply(mcp_call_list_roots, detail::str(key));
    }

    /// Asks by method and parameters. `params` and the result are JSON objects.
    std::string_view ask(std::string_view key, std::string_view method, std::string_view params = {}) {
        return wanted(try_ask(key, method, params));
    }
    std::optional<std::string_view> try_ask(std::string_view key, std::string_view method,
                                            std::string_view params = {}) {
        return reply(mcp_call_ask, detail::str(key), detail::str(method), detail::str(params));
    }

    /// Does work once over all runs of the handler of this call. `work()` returns JSON text, which later runs get back.
    template <class F> std::string_view once(std::string_view key, F work) {
        mcp_str kept{};
        const auto recall = [&] {
            return detail::found(MCP_ERR_NOT_FOUND, mcp_call_recall, call_, detail::str(key), &kept);
        };
        if (!recall()) {
            const auto result = work();
            detail::must(mcp_call_remember, call_, detail::str(key), detail::str(result));
            recall();
        }
        return detail::view(kept);
    }

    /// Ends this run of the handler: the client is asked what has no answer yet.
    void suspend() { end(mcp_call_suspend); }

    // ---- the end. An answer that is not wanted any more is no error here.

    /// Finishes with one text.
    void finish(std::string_view text) { end(mcp_call_finish_text, detail::str(text)); }
    void finish(Content content) { end(mcp_call_finish_content, content.release()); }
    /// Finishes a tool with structured content, any JSON.
    void finish_structured(std::string_view json) { end(mcp_call_finish_structured, detail::str(json)); }
    /// Finishes with a whole result of the protocol, a JSON object.
    void finish_result(std::string_view json) { end(mcp_call_finish_result, detail::str(json)); }
    /// Finishes a completion. `total` is less than 0 when it is not known.
    void finish(const std::vector<std::string> &values, std::int64_t total = -1, bool has_more = false) {
        std::vector<mcp_str> texts;
        texts.reserve(values.size());
        for (const auto &value : values) texts.push_back(detail::str(value));
        end(mcp_call_finish_completion, texts.data(), texts.size(), total, has_more);
    }
    /// Finishes with a failure that the model should see.
    void fail(std::string_view message) { end(mcp_call_fail, detail::str(message)); }
    /// Finishes with a JSON-RPC error. `data` is any JSON.
    void error(std::int64_t code, std::string_view message, std::string_view data = {}) {
        end(mcp_call_error, code, detail::str(message), detail::str(data));
    }
    /// Finishes the read of a resource that does not exist.
    void not_found() { end(mcp_call_not_found); }

  private:
    template <class T, class Reader, class... Where>
    static T read(std::string_view name, const char *what, Reader reader, Where... where) {
        using As = detail::As<T>;
        typename As::Raw raw{};
        if (detail::found(MCP_ERR_NOT_FOUND, reader, where..., detail::str(name), &raw)) return As::make(raw, name);
        if constexpr (As::optional)
            return T();
        else
            throw Error(MCP_ERR_NOT_FOUND, std::string("the ") + what + " \"" + std::string(name) + "\" is missing");
    }

    template <class Function, class... Arguments> static bool asked(Function function, Arguments... arguments) {
        return detail::found(MCP_INPUT_REQUIRED, function, arguments...);
    }

    template <class Function, class... Arguments>
    std::optional<std::string_view> reply(Function function, Arguments... arguments) {
        mcp_str out{};
        if (!asked(function, call_, arguments..., &out)) return std::nullopt;
        return detail::view(out);
    }

    template <class T> static T wanted(std::optional<T> answer) {
        if (!answer) throw detail::InputRequired();
        return *std::move(answer);
    }

    template <class Function, class... Arguments> void end(Function function, Arguments... arguments) {
        detail::found(MCP_ERR_CANCELLED, function, release(), arguments...);
    }

    mcp_call *call_;
};

namespace detail {

template <class T, class Raw_, auto arg_, auto member_> struct Plain {
    using Raw = Raw_;
    static constexpr auto arg = arg_;
    static constexpr auto member = member_;
    static constexpr bool optional = false;
    static T make(Raw raw, std::string_view) { return T(raw); }
};

template <> struct As<bool> : Plain<bool, bool, mcp_call_arg_bool, mcp_call_member_bool> {};
template <> struct As<double> : Plain<double, double, mcp_call_arg_f64, mcp_call_member_f64> {};
template <> struct As<float> : Plain<float, double, mcp_call_arg_f64, mcp_call_member_f64> {
    static float make(double raw, std::string_view) { return static_cast<float>(raw); }
};

template <class T>
struct As<T, std::enable_if_t<std::is_integral_v<T>>> : Plain<T, std::int64_t, mcp_call_arg_i64, mcp_call_member_i64> {
    static T make(std::int64_t raw, std::string_view name) {
        // An unsigned 64 bit integer is read up to the largest signed one.
        const bool fits = std::is_signed_v<T> ? raw >= std::int64_t(std::numeric_limits<T>::min()) : raw >= 0;
        if (fits && (sizeof(T) == sizeof raw || raw <= std::int64_t(std::numeric_limits<T>::max())))
            return static_cast<T>(raw);
        throw Error(MCP_ERR_INVALID_ARGUMENT, '"' + std::string(name) + "\" is out of range: " + std::to_string(raw));
    }
};

template <class T> struct Textual : Plain<T, mcp_str, mcp_call_arg_str, mcp_call_member_str> {
    static T make(mcp_str raw, std::string_view) { return T(view(raw)); }
};
template <> struct As<std::string_view> : Textual<std::string_view> {};
template <> struct As<std::string> : Textual<std::string> {};

template <> struct As<Json> : Plain<Json, mcp_str, mcp_call_arg_json, mcp_call_member_json> {
    static Json make(mcp_str raw, std::string_view) { return {view(raw)}; }
};

template <class T> struct As<std::optional<T>> : As<T> {
    static constexpr bool optional = true;
    static std::optional<T> make(typename As<T>::Raw raw, std::string_view name) { return As<T>::make(raw, name); }
};

/// A handler as the C interface wants it. Nothing that it throws gets past here.
template <class F> struct Handler {
    static_assert(std::is_invocable_v<const F &, Call &>,
                  "a handler is called with a mcp::Call &, by several threads at a time, so it cannot be mutable");

    static void serve(mcp_call *take_call, void *data) noexcept {
        Call call(take_call);
        const auto finally = [&](auto &&end) {
            // The call may have been finished or moved away before; and what fails here has nobody left to tell.
            try {
                if (call) end();
            } catch (...) {
            }
        };
        try {
            const F &handler = Boxed<F>::unbox(data);
            if constexpr (std::is_void_v<std::invoke_result_t<const F &, Call &>>)
                handler(call);
            else
                call.finish(handler(call));
        } catch (const InputRequired &) {
            finally([&] { call.suspend(); });
        } catch (const Error &error) {
            finally([&] { error.status() == MCP_ERR_MISSING_CAPABILITY ? call.suspend() : call.fail(error.what()); });
        } catch (const std::exception &error) {
            finally([&] { call.fail(error.what()); });
        } catch (...) {
            finally([&] { call.fail("the handler threw something that is no std::exception"); });
        }
    }
};

} // namespace detail

/// What a server is told before it starts. Functions can be chained.
class Config {
  public:
    Config(std::string_view name, std::string_view version) {
        mcp_config *config = nullptr;
        detail::must(mcp_config_new, detail::str(name), detail::str(version), &config);
        handle_.reset(config);
    }

    Config &&title(std::string_view title) { return set(mcp_config_set_title, detail::str(title)); }
    Config &&description(std::string_view text) { return set(mcp_config_set_description, detail::str(text)); }
    Config &&website_url(std::string_view url) { return set(mcp_config_set_website_url, detail::str(url)); }
    Config &&icons(std::string_view json) { return set(mcp_config_set_icons, detail::str(json)); }
    /// What a model should know to use the server.
    Config &&instructions(std::string_view text) { return set(mcp_config_set_instructions, detail::str(text)); }
    /// Adds an endpoint, at HOST:PORT; port 0 lets the system choose one.
    Config &&listen_http(std::string_view address, std::string_view path = "/mcp") {
        return set(mcp_config_listen_http, detail::str(address), detail::str(path));
    }
    Config &&allow_host(std::string_view host) { return set(mcp_config_allow_host, detail::str(host)); }
    Config &&allow_origin(std::string_view origin) { return set(mcp_config_allow_origin, detail::str(origin)); }
    Config &&network_threads(std::uint32_t threads) { return set(mcp_config_set_network_threads, threads); }
    /// The 32 bytes of the key that seals what clients carry between two runs of a handler.
    Config &&request_state_key(std::string_view key) {
        return set(mcp_config_set_request_state_key, reinterpret_cast<const std::uint8_t *>(key.data()), key.size());
    }
    Config &&list_cache(std::chrono::milliseconds ttl, bool is_public) {
        return set(mcp_config_set_list_cache, static_cast<std::uint64_t>(ttl.count()), is_public);
    }
    Config &&extension(std::string_view name, std::string_view settings = {}) {
        return set(mcp_config_add_extension, detail::str(name), detail::str(settings));
    }
    Config &&logging(bool enabled) { return set(mcp_config_set_logging, enabled); }
    /// Sets a limit by its name; docs/c.md has the table.
    Config &&limit(std::string_view name, std::uint64_t value) {
        return set(mcp_config_set_limit, detail::str(name), value);
    }
    std::uint64_t limit(std::string_view name) const {
        std::uint64_t value = 0;
        detail::must(mcp_config_limit, handle_.get(), detail::str(name), &value);
        return value;
    }

    /// Gives what the library logs to `function(mcp_severity, string_view target, string_view message, string_view
    /// fields)`.
    template <class F> Config &&log(F function) {
        using Box = detail::Boxed<F>;
        const mcp_log_fn run =
            [](mcp_severity severity, mcp_str target, mcp_str message, mcp_str fields, void *data) noexcept {
            Box::run(data, severity, detail::view(target), detail::view(message), detail::view(fields));
        };
        return set(mcp_config_set_log, run, Box::box(std::move(function)), mcp_drop_fn(Box::drop));
    }

    mcp_config *release() noexcept { return handle_.release(); }

  private:
    template <class Setter, class... Values> Config &&set(Setter setter, Values... values) {
        detail::must(setter, handle_.get(), values...);
        return std::move(*this);
    }

    detail::Handle<mcp_config, mcp_config_free> handle_;
};

namespace detail {

/// What tools, resources, prompts and completions have in common: a C handle that is built, then given to a server.
template <class Self, class T, auto free> class Definition {
  public:
    T *release() noexcept { return handle_.release(); }

  protected:
    template <class F, class New, class... Names> void make(New create, F handler, Names... names) {
        T *made = nullptr;
        must(create, names..., mcp_handler_fn(Handler<F>::serve), Boxed<F>::box(std::move(handler)),
             mcp_drop_fn(Boxed<F>::drop), &made);
        handle_.reset(made);
    }

    template <class Setter, class... Values> Self &&set(Setter setter, Values... values) {
        must(setter, handle_.get(), values...);
        return static_cast<Self &&>(*this);
    }

  private:
    Handle<T, free> handle_;
};

} // namespace detail

/// A tool, to be given to Server::add(). Functions can be chained. JSON members are given as text.
class Tool : public detail::Definition<Tool, mcp_tool, mcp_tool_free> {
  public:
    /// `description` tells the model what the tool does. `input_schema` is a JSON Schema for the arguments; `{}` (no
    /// text at all) takes anything.
    template <class F>
    Tool(std::string_view name, std::string_view description, std::string_view input_schema, F handler) {
        make(mcp_tool_new, std::move(handler), detail::str(name), detail::str(input_schema));
        set(mcp_tool_set_description, detail::str(description));
    }

    Tool &&title(std::string_view title) { return set(mcp_tool_set_title, detail::str(title)); }
    Tool &&output_schema(std::string_view json) { return set(mcp_tool_set_output_schema, detail::str(json)); }
    Tool &&annotations(std::string_view json) { return set(mcp_tool_set_annotations, detail::str(json)); }
    Tool &&icons(std::string_view json) { return set(mcp_tool_set_icons, detail::str(json)); }
    Tool &&meta(std::string_view json) { return set(mcp_tool_set_meta, detail::str(json)); }
    /// MCP_RUN_POOL (the default) or MCP_RUN_INLINE.
    Tool &&run(mcp_run where) { return set(mcp_tool_set_run, where); }
    Tool &&validation(bool input, bool output) { return set(mcp_tool_set_validation, input, output); }
};

/// A resource for Server::add(), or a template of resources for Server::add_template().
class Resource : public detail::Definition<Resource, mcp_resource, mcp_resource_free> {
  public:
    template <class F> Resource(std::string_view uri, std::string_view name, F handler) {
        make(mcp_resource_new, std::move(handler), detail::str(uri), detail::str(name));
    }

    Resource &&title(std::string_view title) { return set(mcp_resource_set_title, detail::str(title)); }
    Resource &&description(std::string_view text) { return set(mcp_resource_set_description, detail::str(text)); }
    Resource &&mime_type(std::string_view type) { return set(mcp_resource_set_mime_type, detail::str(type)); }
    Resource &&size(std::uint64_t bytes) { return set(mcp_resource_set_size, bytes); }
    Resource &&annotations(std::string_view json) { return set(mcp_resource_set_annotations, detail::str(json)); }
    Resource &&icons(std::string_view json) { return set(mcp_resource_set_icons, detail::str(json)); }
    Resource &&meta(std::string_view json) { return set(mcp_resource_set_meta, detail::str(json)); }
    Resource &&cache(std::chrono::milliseconds ttl, bool is_public) {
        return set(mcp_resource_set_cache, static_cast<std::uint64_t>(ttl.count()), is_public);
    }
    Resource &&run(mcp_run where) { return set(mcp_resource_set_run, where); }
};

/// A prompt for Server::add().
class Prompt : public detail::Definition<Prompt, mcp_prompt, mcp_prompt_free> {
  public:
    template <class F> Prompt(std::string_view name, std::string_view description, F handler) {
        make(mcp_prompt_new, std::move(handler), detail::str(name));
        set(mcp_prompt_set_description, detail::str(description));
    }

    Prompt &&title(std::string_view title) { return set(mcp_prompt_set_title, detail::str(title)); }
    Prompt &&argument(std::string_view name, std::string_view description, bool required = true,
                      std::string_view title = {}) {
        return set(mcp_prompt_add_argument, detail::str(name), detail::str(title), detail::str(description), required);
    }
    Prompt &&icons(std::string_view json) { return set(mcp_prompt_set_icons, detail::str(json)); }
    Prompt &&meta(std::string_view json) { return set(mcp_prompt_set_meta, detail::str(json)); }
    Prompt &&run(mcp_run where) { return set(mcp_prompt_set_run, where); }
};

/// Proposes values for the arguments of a prompt or the variables of a template; for Server::add(). Its handler looks
/// at Call::completing() and returns a std::vector<std::string>.
class Completion : public detail::Definition<Completion, mcp_completion, mcp_completion_free> {
  public:
    template <class F> static Completion of_prompt(std::string_view name, F handler) {
        return Completion(mcp_completion_new_prompt, name, std::move(handler));
    }
    template <class F> static Completion of_resource(std::string_view uri_template, F handler) {
        return Completion(mcp_completion_new_resource, uri_template, std::move(handler));
    }

    Completion &&run(mcp_run where) { return set(mcp_completion_set_run, where); }

  private:
    template <class New, class F> Completion(New create, std::string_view of, F handler) {
        make(create, std::move(handler), detail::str(of));
    }
};

/// A server. All functions may be used by any thread, also inside handlers. The last owner to go stops it.
/// A handler that needs the server takes a reference: with an owner of its own it would keep the server alive for good.
class Server {
  public:
    explicit Server(Config config) {
        mcp_server *server = nullptr;
        detail::must(mcp_server_new, config.release(), &server);
        handle_.reset(server);
    }

    /// One more owner of the same server.
    Server share() const { return Server(mcp_server_retain(handle_.get())); }
    mcp_server *get() const noexcept { return handle_.get(); }

    // ---- what it offers; also while it runs, and clients are told

    void add(Tool tool) { detail::must(mcp_server_add_tool, get(), tool.release()); }
    void add(Resource resource) { detail::must(mcp_server_add_resource, get(), resource.release()); }
    void add_template(Resource resource) { detail::must(mcp_server_add_resource_template, get(), resource.release()); }
    void add(Prompt prompt) { detail::must(mcp_server_add_prompt, get(), prompt.release()); }
    void add(Completion completion) { detail::must(mcp_server_add_completion, get(), completion.release()); }

    // Each tells whether there was one.
    bool remove_tool(std::string_view name) { return remove(mcp_server_remove_tool, name); }
    bool remove_resource(std::string_view uri) { return remove(mcp_server_remove_resource, uri); }
    bool remove_template(std::string_view uri) { return remove(mcp_server_remove_resource_template, uri); }
    bool remove_prompt(std::string_view name) { return remove(mcp_server_remove_prompt, name); }
    bool remove_prompt_completion(std::string_view name) { return remove(mcp_server_remove_prompt_completion, name); }
    bool remove_resource_completion(std::string_view uri) { return remove(mcp_server_remove_resource_completion, uri); }

    // ---- running

    void start() { detail::must(mcp_server_start, get()); }
    /// Stops by the deadline, and tells as JSON what would not stop.
    std::string stop(std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
        mcp_text *report = nullptr;
        detail::must(mcp_server_stop, get(), static_cast<std::uint64_t>(deadline.count()), &report);
        return detail::take(report);
    }
    void wait() { detail::must(mcp_server_wait, get()); }
    bool is_running() const { return mcp_server_is_running(get()); }
    std::string url(std::size_t index = 0) const {
        mcp_text *url = nullptr;
        detail::must(mcp_server_url, get(), index, &url);
        return detail::take(url);
    }
    std::uint16_t port(std::size_t index = 0) const {
        std::uint16_t port = 0;
        detail::must(mcp_server_port, get(), index, &port);
        return port;
    }
    /// The counters as a JSON object.
    std::string metrics_json() const {
        mcp_text *metrics = nullptr;
        detail::must(mcp_server_metrics_json, get(), &metrics);
        return detail::take(metrics);
    }

    // ---- clients; each of the functions that push returns at once

    /// Sends a notification to one client. `params` is a JSON object.
    void notify(mcp_client_id client, std::string_view method, std::string_view params = {}) {
        detail::must(mcp_server_notify_client, get(), client, detail::str(method), detail::str(params));
    }
    /// Sends a notification to all clients, and tells how many that were.
    std::size_t notify_all(std::string_view method, std::string_view params = {}) {
        return counted(mcp_server_notify_all, detail::str(method), detail::str(params));
    }
    /// MCP_LIST_TOOLS, _RESOURCES or _PROMPTS has changed.
    std::size_t list_changed(mcp_list list) { return counted(mcp_server_list_changed, list); }
    std::size_t resource_updated(std::string_view uri) {
        return counted(mcp_server_resource_updated, detail::str(uri));
    }
    void close_client(mcp_client_id client) { detail::must(mcp_server_close_client, get(), client); }
    std::string clients_json() const {
        mcp_text *clients = nullptr;
        detail::must(mcp_server_clients_json, get(), &clients);
        return detail::take(clients);
    }

    /// Runs `listener(mcp_client_id, mcp_client_kind, mcp_client_change)` when clients come and go; it must not block.
    template <class F> void on_client(F listener) {
        using Box = detail::Boxed<F>;
        const mcp_client_fn run = [](mcp_client_id client, mcp_client_kind kind, mcp_client_change change,
                                     void *data) noexcept { Box::run(data, client, kind, change); };
        detail::must(mcp_server_set_client_listener, get(), run, Box::box(std::move(listener)), mcp_drop_fn(Box::drop));
    }

  private:
    explicit Server(mcp_server *take_server) : handle_(take_server) {}

    bool remove(mcp_status (*function)(mcp_server *, mcp_str, mcp_error **), std::string_view name) {
        return detail::found(MCP_ERR_NOT_FOUND, function, get(), detail::str(name));
    }

    template <class Function, class... Arguments> std::size_t counted(Function function, Arguments... arguments) {
        std::size_t count = 0;
        detail::must(function, get(), arguments..., &count);
        return count;
    }

    detail::Handle<mcp_server, mcp_server_release> handle_;
};

} // namespace mcp

#endif
