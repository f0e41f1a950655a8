/*
 * mcpserver.h - libmcpserver, an MCP (Model Context Protocol) server that any program can embed.
 *
 * Generated from the source of bindings/c; do not edit. Version 0.1.0.
 *
 * A program makes a configuration and a server, registers tools, resources and prompts as callbacks, and starts
 * the server, which brings its own threads. Every revision of the protocol is served, over the same callbacks:
 *
 *     #include <mcpserver.h>
 *     #include <stdio.h>
 *
 *     static void greet(mcp_call *call, void *user_data) {
 *         mcp_str name = MCP_STR("world");
 *         (void)user_data;
 *         mcp_call_arg_str(call, MCP_STR("name"), &name, NULL);
 *         mcp_call_finish_text(call, name, NULL);
 *     }
 *
 *     int main(void) {
 *         mcp_config *config = NULL;
 *         mcp_server *server = NULL;
 *         mcp_tool *tool = NULL;
 *         mcp_error *error = NULL;
 *         mcp_config_new(MCP_STR("greeter"), MCP_STR("1.0"), &config, NULL);
 *         mcp_config_listen_http(config, MCP_STR("127.0.0.1:8000"), MCP_STR("/mcp"), NULL);
 *         mcp_server_new(config, &server, NULL);
 *         mcp_tool_new(MCP_STR("greet"), MCP_NONE, greet, NULL, NULL, &tool, NULL);
 *         mcp_server_add_tool(server, tool, NULL);
 *         if (mcp_server_start(server, &error) != MCP_OK) {
 *             fprintf(stderr, MCP_FMT "\n", MCP_ARG(mcp_error_message(error)));
 *             mcp_error_free(error);
 *             return 1;
 *         }
 *         mcp_server_wait(server, NULL);
 *         mcp_server_release(server);
 *         return 0;
 *     }
 *
 * cc greet.c $(pkg-config --cflags --libs mcpserver)
 *
 * Rules that hold for all functions:
 *
 * - Nothing that is passed does harm: NULL, text that is not UTF-8, JSON that is none, a call that has ended. It is
 *   answered with a status. A handle that was freed is the exception: it must not be used.
 * - Handles made here may be NULL wherever a function takes one, so statuses may be checked once at the end, as
 *   in the example: what failed before makes what follows return MCP_ERR_NULL.
 * - The library installs no signal handler, no allocator and no logger, writes nothing to stdout, and to stderr
 *   only the report of a fault of its own. No SIGPIPE comes from it. It cannot be used in the child of a fork():
 *   MCP_ERR_FORKED. Once loaded, it is not unloaded. A process may exit without stopping its servers.
 * - The interface only grows: no value, structure or function that is here will change as long as
 *   MCP_ABI_VERSION is the same.
 */

#ifndef MCPSERVER_H
#define MCPSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that this header belongs to. */
#define MCP_VERSION "0.1.0"

/*
 * Strings
 * =======
 *
 * Text goes in and out as pointer and length, in UTF-8. It needs no NUL at its end. What goes in is copied,
 * unless a function says otherwise. What comes out is borrowed, for as long as its function says.
 */

// A text. `ptr` NULL with `len` 0 is no text at all (`MCP_NONE`), which is how an optional text is left out;
// an empty text has a `ptr`.
typedef struct {
  // The first byte.
  const char *ptr;
  // The number of bytes.
  size_t len;
} mcp_str;

/* A string literal as mcp_str. */
#ifdef __cplusplus
#define MCP_STR(literal) (mcp_str{"" literal, sizeof(literal) - 1})
#else
#define MCP_STR(literal) ((mcp_str){"" literal, sizeof(literal) - 1})
#endif

/* No text at all. */
#ifdef __cplusplus
#define MCP_NONE (mcp_str{NULL, 0})
#else
#define MCP_NONE ((mcp_str){NULL, 0})
#endif

/* For printf: printf("hello " MCP_FMT "\n", MCP_ARG(name)). */
#define MCP_FMT "%.*s"
#define MCP_ARG(text) (int)(text).len, (text).ptr

/* A text that ends with a NUL as mcp_str; MCP_NONE for NULL. It is borrowed, not copied. */
static inline mcp_str mcp_str_from(const char *text) {
    mcp_str result = {text, text ? strlen(text) : 0};
    return result;
}

/* Whether two texts are the same. */
static inline bool mcp_str_equal(mcp_str a, mcp_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/*
 * Handles
 * =======
 *
 * All objects are opaque. A parameter named `take_...` is consumed: it must not be used afterwards, also when
 * the function failed. Every other handle stays with its owner.
 */

// A call of a callback. It is no address but a number that the library looks up, so that a call used after its
// end, or never made, is answered with MCP_ERR_FINISHED or MCP_ERR_INVALID_ARGUMENT and does no harm.
typedef struct mcp_call mcp_call;

// The completion of arguments before it is registered. Consumed by mcp_server_add_completion(), or freed by
// mcp_completion_free().
typedef struct mcp_completion mcp_completion;

// What a server is told before it starts. Consumed by mcp_server_new(), or freed by mcp_config_free().
typedef struct mcp_config mcp_config;

// Content under construction. Consumed by mcp_call_finish_content(), or freed by mcp_content_free().
typedef struct mcp_content mcp_content;

// Why a function failed. Freed by mcp_error_free().
typedef struct mcp_error mcp_error;

// A prompt before it is registered. Consumed by mcp_server_add_prompt(), or freed by mcp_prompt_free().
typedef struct mcp_prompt mcp_prompt;

// A resource or a template of resources before it is registered. Consumed by mcp_server_add_resource() or
// mcp_server_add_resource_template(), or freed by mcp_resource_free().
typedef struct mcp_resource mcp_resource;

// A server. Counted: mcp_server_retain(), mcp_server_release().
typedef struct mcp_server mcp_server;

// A text that the caller owns. Freed by mcp_text_free().
typedef struct mcp_text mcp_text;

// A tool before it is registered. Consumed by mcp_server_add_tool(), or freed by mcp_tool_free().
typedef struct mcp_tool mcp_tool;

// The number of a client, which is no object; 0 is no client.
typedef uint64_t mcp_client_id;

// Frees a text. NULL is allowed. Any thread.
void mcp_text_free(mcp_text *take_text);

// The text, with a NUL at its end; MCP_NONE for NULL. Lives as long as `text`. Any thread.
mcp_str mcp_text_str(const mcp_text *text);

/*
 * Errors
 * ======
 *
 * Every function that can fail returns a `mcp_status` and takes a `mcp_error **` as its last parameter. It may
 * be NULL. When the function fails and it is not NULL, it is set to an error that says what was wrong and what
 * to do, which the caller frees with mcp_error_free(). Otherwise it is left alone, as are all outputs of a
 * function that fails. Any function may return MCP_ERR_NULL, MCP_ERR_INVALID_UTF8, MCP_ERR_FORKED,
 * MCP_ERR_PANIC and MCP_ERR_INTERNAL; the other errors are named where they can occur.
 */

// What became of a function call. Values are never changed or reused; there may be more in a later version.
typedef int32_t mcp_status;

// It was done.
#define MCP_OK 0

// No error: the client has to answer first. Suspend the call and return; see "Asking the client".
#define MCP_INPUT_REQUIRED 1

// A handle, a pointer or a text that must be there is NULL.
#define MCP_ERR_NULL 2

// An argument is outside what the function takes.
#define MCP_ERR_INVALID_ARGUMENT 3

// Text is not UTF-8.
#define MCP_ERR_INVALID_UTF8 4

// Text that must be JSON is not, or is not the kind of JSON value asked for.
#define MCP_ERR_INVALID_JSON 5

// A JSON Schema is not valid, not supported, or past its bounds.
#define MCP_ERR_INVALID_SCHEMA 6

// Something of that name is registered already.
#define MCP_ERR_ALREADY_EXISTS 7

// There is nothing of that name or number.
#define MCP_ERR_NOT_FOUND 8

// A limit of the configuration is reached.
#define MCP_ERR_LIMIT_EXCEEDED 9

// The server is not in the state that the function needs (running, stopped).
#define MCP_ERR_WRONG_STATE 10

// The operating system refused: a port in use, no permission, no descriptors left.
#define MCP_ERR_IO 11

// Waiting here could never end: the caller runs inside a callback of a server.
#define MCP_ERR_DEADLOCK 12

// The process was forked after the library was used; the child has no server.
#define MCP_ERR_FORKED 13

// The call was cancelled; its answer is not wanted any more.
#define MCP_ERR_CANCELLED 14

// The call was finished, suspended or dropped before.
#define MCP_ERR_FINISHED 15

// The client did not declare the capability that this needs.
#define MCP_ERR_MISSING_CAPABILITY 16

// The client answered with a JSON-RPC error.
#define MCP_ERR_CLIENT 17

// No client has that number, or it is gone.
#define MCP_ERR_NO_SUCH_CLIENT 18

// The client has not finished `initialize` yet.
#define MCP_ERR_NOT_INITIALIZED 19

// The client has no stream open to push on.
#define MCP_ERR_NO_STREAM 20

// The client did not subscribe to this.
#define MCP_ERR_NOT_SUBSCRIBED 21

// The client does not keep up: its outbox is full.
#define MCP_ERR_OUTBOX_FULL 22

// The deadline passed first.
#define MCP_ERR_TIMEOUT 23

// A panic was caught at the boundary of the library. This is a fault of the library; the process is unharmed.
#define MCP_ERR_PANIC 24

// Another fault of the library.
#define MCP_ERR_INTERNAL 25

// The name of a status, such as "MCP_ERR_NULL", with a NUL at its end; "MCP_ERR_INTERNAL" for a number that is
// no status. Lives forever. Any thread.
mcp_str mcp_status_name(mcp_status status);

// The status that the function returned; MCP_OK for NULL. Any thread.
mcp_status mcp_error_status(const mcp_error *error);

// What was wrong, for people: one line with a NUL at its end; MCP_NONE for NULL. Lives as long as the error.
// Any thread.
mcp_str mcp_error_message(const mcp_error *error);

// Frees an error. NULL is allowed. Any thread.
void mcp_error_free(mcp_error *take_error);

/*
 * Callbacks
 * =========
 *
 * A callback is a function, a `user_data` that it is called with, and a function that drops the `user_data`
 * (NULL when there is nothing to drop). `drop` runs exactly once, when the callback cannot run any more: also
 * when the function that was given the callback fails. Callbacks and `drop` run on threads of the library, more
 * than one at a time: `user_data` has to bear that. A C++ exception must not leave a callback. A callback and
 * `drop` may call every function of this header, except that mcp_server_wait() returns MCP_ERR_DEADLOCK there,
 * and that the callback of the log calls none.
 */

// Where a callback runs.
typedef int32_t mcp_run;

// Drops the `user_data` of a callback.
typedef void (*mcp_drop_fn)(void *user_data);

// Serves one call. The callback owns the call and ends it exactly once with one of the functions that take it:
// before it returns, or later from any thread. A client waits until then.
typedef void (*mcp_handler_fn)(mcp_call *take_call, void *user_data);

// On a thread of the server's pool; it may block. The default.
#define MCP_RUN_POOL 1

// On the network thread: only for callbacks that hand the call on, or take microseconds. It must not block.
#define MCP_RUN_INLINE 2

/*
 * Configuration
 * =============
 *
 * Everything a server is told before it starts. A configuration is used by one thread at a time. Every text is
 * copied. What is not set has a default.
 */

// Makes a configuration with every default, for a server of that name and version. The caller owns `*out`.
mcp_status mcp_config_new(mcp_str name, mcp_str version, mcp_config **out, mcp_error **error);

// Frees a configuration that was not given to mcp_server_new(). NULL is allowed.
void mcp_config_free(mcp_config *take_config);

// Sets the name of the server for people; MCP_NONE for none.
mcp_status mcp_config_set_title(mcp_config *config, mcp_str title, mcp_error **error);

// Says what the server is for; MCP_NONE for none.
mcp_status mcp_config_set_description(mcp_config *config, mcp_str description, mcp_error **error);

// Says where to read about the server; MCP_NONE for none.
mcp_status mcp_config_set_website_url(mcp_config *config, mcp_str website_url, mcp_error **error);

// Sets the icons of the server: a JSON array of `Icon`; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_config_set_icons(mcp_config *config, mcp_str icons, mcp_error **error);

// Says what a model should know to use the server; MCP_NONE for nothing.
mcp_status mcp_config_set_instructions(mcp_config *config, mcp_str instructions, mcp_error **error);

// Adds an HTTP endpoint. `address` is HOST:PORT with a numeric host or `localhost`; port 0 lets the system choose
// one, which mcp_server_port() tells. `path` is that of the endpoint; MCP_NONE for /mcp.
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_config_listen_http(mcp_config *config,
                                  mcp_str address,
                                  mcp_str path,
                                  mcp_error **error);

// Serves requests with that `Host` too, beside those for a loopback address. "*" serves all, which gives up the
// protection against DNS rebinding.
mcp_status mcp_config_allow_host(mcp_config *config,
                                 mcp_str host,
                                 mcp_error **error);

// Serves requests of web pages with that `Origin` too, beside those of a loopback address. "*" serves all.
mcp_status mcp_config_allow_origin(mcp_config *config, mcp_str origin, mcp_error **error);

// Sets the number of network threads; 0, the default, chooses: the cores of the machine, at most 4.
mcp_status mcp_config_set_network_threads(mcp_config *config, uint32_t threads, mcp_error **error);

// Sets the 32 bytes of the key that seals what clients carry between two runs of a callback; random by default.
// Nodes that serve the same clients share it.
// Errors: MCP_ERR_INVALID_ARGUMENT for any other length.
mcp_status mcp_config_set_request_state_key(mcp_config *config,
                                            const uint8_t *key,
                                            size_t len,
                                            mcp_error **error);

// Lets clients keep lists (tools, resources, prompts) for that long; 0, the default, for not at all. `is_public`:
// the lists are the same for every caller, so that caches may share them.
mcp_status mcp_config_set_list_cache(mcp_config *config,
                                     uint64_t ttl_ms,
                                     bool is_public,
                                     mcp_error **error);

// Advertises an extension of the protocol with its settings, a JSON object; MCP_NONE for an empty one.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_config_add_extension(mcp_config *config, mcp_str name, mcp_str settings, mcp_error **error);

// Says whether clients are told that calls may log to them; true by default.
mcp_status mcp_config_set_logging(mcp_config *config, bool enabled, mcp_error **error);

// Sets a limit by its name; the table of limits is below.
// Errors: MCP_ERR_NOT_FOUND for an unknown name, MCP_ERR_INVALID_ARGUMENT below the smallest value it takes.
mcp_status mcp_config_set_limit(mcp_config *config, mcp_str name, uint64_t value, mcp_error **error);

// Gives the value of a limit by its name.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_config_limit(const mcp_config *config, mcp_str name, uint64_t *out, mcp_error **error);

// The number of limits there are. This and the next four: any thread.
size_t mcp_limit_count(void);

// The name of the limit at `index`; MCP_NONE past the end. Lives forever.
mcp_str mcp_limit_name(size_t index);

// What the limit at `index` bounds, with the unit; MCP_NONE past the end. Lives forever.
mcp_str mcp_limit_about(size_t index);

// The value of the limit at `index` when nobody sets it; 0 past the end.
uint64_t mcp_limit_default(size_t index);

// The smallest value that the limit at `index` takes; 0 past the end.
uint64_t mcp_limit_min(size_t index);

/*
 * Server
 * ======
 *
 * The server as a host sees it: make, register, start, push, stop. All of these functions may be used by any
 * thread at any time, also inside callbacks.
 */

// Makes a server. Nothing runs before mcp_server_start(). The caller owns `*out`, with a count of one.
// Errors: MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON, MCP_ERR_IO.
mcp_status mcp_server_new(mcp_config *take_config, mcp_server **out, mcp_error **error);

// Counts one more owner and returns `server`. NULL is allowed.
mcp_server *mcp_server_retain(mcp_server *server);

// Counts one owner less. The last release stops the server and waits for callbacks that run, at most 5 seconds;
// use mcp_server_stop() first for another deadline. Inside a callback it does not wait. NULL is allowed.
void mcp_server_release(mcp_server *take_server);

// Starts to listen and to serve, and returns.
// Errors: MCP_ERR_IO when it cannot listen, MCP_ERR_WRONG_STATE when it is running.
mcp_status mcp_server_start(mcp_server *server, mcp_error **error);

// Whether the server is started and not stopped. False for NULL.
bool mcp_server_is_running(mcp_server *server);

// Gives the port of an endpoint of a running server; 0 is the endpoint added first.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_port(mcp_server *server, size_t index, uint16_t *out, mcp_error **error);

// Gives the URL of an endpoint of a running server, such as http://127.0.0.1:8000/mcp. The caller owns `*out`.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_url(mcp_server *server,
                          size_t index,
                          mcp_text **out,
                          mcp_error **error);

// Stops the server: it takes no more requests, streams end in good order, calls get three quarters of the time to
// end and are then cancelled. Waits until all is done, at most until the deadline. Inside a callback it begins to
// stop and returns at once, with an empty report. The server can be started again.
//
// `out_report` may be NULL. Otherwise the caller owns `*out_report`, a JSON object: `cancelled`, the number of calls that
// did not end in time, and `running`, the callbacks that had not returned at the deadline, each with `kind`,
// `name` and `running_ms`.
// Errors: MCP_ERR_WRONG_STATE when it does not run, MCP_ERR_IO.
mcp_status mcp_server_stop(mcp_server *server,
                           uint64_t deadline_ms,
                           mcp_text **out_report,
                           mcp_error **error);

// Waits until the server has stopped.
// Errors: MCP_ERR_DEADLOCK inside a callback of a server.
mcp_status mcp_server_wait(mcp_server *server, mcp_error **error);

// Gives the counters of the server as a JSON object of numbers. The caller owns `*out`. `calls_held` counts the
// calls, of all servers of the process, that callbacks have taken and not ended.
mcp_status mcp_server_metrics_json(mcp_server *server,
                                   mcp_text **out,
                                   mcp_error **error);

/*
 * Tools
 * =====
 *
 * A tool is built by one thread, then given to a server, before or after it starts. Every text is copied.
 */

// Makes a tool. `name`: 1 to 128 characters, best of A-Z a-z 0-9 _ - and the full stop. `input_schema`: a JSON
// Schema for the arguments, an object schema; MCP_NONE for a tool that takes anything. The caller owns `*out`.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_tool_new(mcp_str name,
                        mcp_str input_schema,
                        mcp_handler_fn handler,
                        void *user_data,
                        mcp_drop_fn drop,
                        mcp_tool **out,
                        mcp_error **error);

// Frees a tool that was not given to a server. NULL is allowed.
void mcp_tool_free(mcp_tool *take_tool);

// Sets the name for people; MCP_NONE for none.
mcp_status mcp_tool_set_title(mcp_tool *tool, mcp_str title, mcp_error **error);

// Says what the tool does, for the model; MCP_NONE for nothing.
mcp_status mcp_tool_set_description(mcp_tool *tool, mcp_str description, mcp_error **error);

// Sets the JSON Schema of the structured content; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_tool_set_output_schema(mcp_tool *tool, mcp_str output_schema, mcp_error **error);

// Sets the `ToolAnnotations` (readOnlyHint, ...), a JSON object; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_tool_set_annotations(mcp_tool *tool, mcp_str annotations, mcp_error **error);

// Sets the icons, a JSON array of `Icon`; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_tool_set_icons(mcp_tool *tool, mcp_str icons, mcp_error **error);

// Sets the `_meta`, a JSON object; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_tool_set_meta(mcp_tool *tool, mcp_str meta, mcp_error **error);

// Sets where the callback runs; MCP_RUN_POOL by default.
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_tool_set_run(mcp_tool *tool, mcp_run run, mcp_error **error);

// Says whether arguments are checked against the input schema before the callback sees them, and structured
// content against the output schema before it is sent. Both are, by default.
mcp_status mcp_tool_set_validation(mcp_tool *tool, bool input, bool output, mcp_error **error);

// Registers a tool. Clients that listen are told. Any thread.
// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_SCHEMA, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
mcp_status mcp_server_add_tool(mcp_server *server, mcp_tool *take_tool, mcp_error **error);

// Removes a tool. Calls of it that run already go on. Any thread.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_remove_tool(mcp_server *server, mcp_str name, mcp_error **error);

/*
 * Calls
 * =====
 *
 * What a callback is called with. A call may move to any thread, and is used by one thread at a time. Texts that
 * come out of it live until it ends. After its end, and for a pointer that is no call, the functions here give
 * 0 or MCP_NONE.
 */

// What a call is a call of.
typedef int32_t mcp_kind;

// Why a call is not wanted any more. There may be more in a later version.
typedef int32_t mcp_cancel_reason;

// `tools/call`.
#define MCP_KIND_TOOL 1

// `resources/read`.
#define MCP_KIND_RESOURCE 2

// `prompts/get`.
#define MCP_KIND_PROMPT 3

// `completion/complete`.
#define MCP_KIND_COMPLETION 4

// It is wanted.
#define MCP_CANCEL_NONE 0

// It has ended, or never was a call.
#define MCP_CANCEL_ENDED 1

// The client sent `notifications/cancelled`.
#define MCP_CANCEL_CLIENT 2

// The client closed its connection or its stream.
#define MCP_CANCEL_DISCONNECTED 3

// The client's session ended.
#define MCP_CANCEL_SESSION_ENDED 4

// The server stops.
#define MCP_CANCEL_STOPPING 5

// What is called; 0 when there is no such call.
mcp_kind mcp_call_kind(mcp_call *call);

// The name of the tool or the prompt, or the URI or URI template that the resource was registered with.
mcp_str mcp_call_name(mcp_call *call);

// The arguments, a JSON object: {} when the client sent none. For a completion, the whole parameters. The next
// section reads single arguments.
mcp_str mcp_call_arguments(mcp_call *call);

// The URI that is read (resources only).
mcp_str mcp_call_uri(mcp_call *call);

// The value of a variable of the URI template, percent-decoded (resources of a template only).
mcp_str mcp_call_variable(mcp_call *call, mcp_str name);

// The request's `_meta`, a JSON object, where it has one.
mcp_str mcp_call_meta(mcp_call *call);

// The revision of the protocol that the client speaks, such as "2026-07-28".
mcp_str mcp_call_revision(mcp_call *call);

// The client to notify outside of this call; 0 for a request of 2026-07-28, whose listen streams are clients of
// their own.
mcp_client_id mcp_call_client(mcp_call *call);

// The client's `Implementation`, a JSON object, where it gave one. It is what the client says: for display only.
mcp_str mcp_call_client_info(mcp_call *call);

// The client's declared capabilities, a JSON object.
mcp_str mcp_call_client_capabilities(mcp_call *call);

// Who is calling, where the server checks that.
mcp_str mcp_call_principal(mcp_call *call);

// Why the call is not wanted any more; MCP_CANCEL_NONE while it is. A callback that runs for long looks at this
// now and then. Any thread.
mcp_cancel_reason mcp_call_is_cancelled(mcp_call *call);

/*
 * Arguments
 * =========
 *
 * Reads single arguments, so that an ordinary callback parses no JSON. `out` is set only when the argument is
 * there and fits.
 * Errors: MCP_ERR_NOT_FOUND when it is absent or null; MCP_ERR_INVALID_ARGUMENT when it is of another type, with
 * a message that names it and can be shown to the model.
 */

// Gives an argument that is a string. It lives until the call ends.
mcp_status mcp_call_arg_str(mcp_call *call, mcp_str name, mcp_str *out, mcp_error **error);

// Gives an argument that is an integer; 3.0 is one too.
mcp_status mcp_call_arg_i64(mcp_call *call, mcp_str name, int64_t *out, mcp_error **error);

// Gives an argument that is a number.
mcp_status mcp_call_arg_f64(mcp_call *call, mcp_str name, double *out, mcp_error **error);

// Gives an argument that is true or false.
mcp_status mcp_call_arg_bool(mcp_call *call, mcp_str name, bool *out, mcp_error **error);

// Gives an argument of any type as JSON text. It lives until the call ends.
mcp_status mcp_call_arg_json(mcp_call *call, mcp_str name, mcp_str *out, mcp_error **error);

// Gives a member of `object` that is a string. `object` is the JSON text of an object: an argument that is one,
// what the user filled in, `_meta`. The string lives until the call ends, and no longer than `object`.
// Errors of all five: as for arguments, and MCP_ERR_INVALID_JSON when `object` is none.
mcp_status mcp_call_member_str(mcp_call *call,
                               mcp_str object,
                               mcp_str name,
                               mcp_str *out,
                               mcp_error **error);

// Gives a member of `object` that is an integer.
mcp_status mcp_call_member_i64(mcp_call *call, mcp_str object, mcp_str name, int64_t *out, mcp_error **error);

// Gives a member of `object` that is a number.
mcp_status mcp_call_member_f64(mcp_call *call, mcp_str object, mcp_str name, double *out, mcp_error **error);

// Gives a member of `object` that is true or false.
mcp_status mcp_call_member_bool(mcp_call *call, mcp_str object, mcp_str name, bool *out, mcp_error **error);

// Gives a member of `object` as JSON text. It lives as long as `object`.
mcp_status mcp_call_member_json(mcp_call *call,
                                mcp_str object,
                                mcp_str name,
                                mcp_str *out,
                                mcp_error **error);

/*
 * Ending a call
 * =============
 *
 * Each call is ended exactly once, by one of these functions or by mcp_call_suspend(), from any thread. What it
 * gave out is not valid afterwards, but may be passed to the function that ends it. The call has ended also when
 * the function fails: what the client gets then is an error that says what was wrong. Until it is ended, a call
 * keeps its memory and its client waits; mcp_server_metrics_json() counts such calls.
 * Errors of all: MCP_ERR_FINISHED when it has ended before; MCP_ERR_INVALID_ARGUMENT for a pointer that is no
 * call; MCP_ERR_CANCELLED when the answer is not wanted any more, which needs no action.
 */

// Finishes with one text: the content of a tool, the contents of a resource, a message of the user for a prompt.
// Errors: MCP_ERR_INVALID_ARGUMENT for a completion, or a tool with an output schema.
mcp_status mcp_call_finish_text(mcp_call *take_call,
                                mcp_str text,
                                mcp_error **error);

// Finishes with content that was built. `take_content` is consumed too.
// Errors: MCP_ERR_INVALID_ARGUMENT for a completion, or when the structured content does not fit the output schema.
mcp_status mcp_call_finish_content(mcp_call *take_call,
                                   mcp_content *take_content,
                                   mcp_error **error);

// Finishes a tool with structured content, any JSON. Its text goes along for clients that read only text.
// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT when it does not fit the output schema.
mcp_status mcp_call_finish_structured(mcp_call *take_call, mcp_str json, mcp_error **error);

// Finishes with a whole result of the protocol (`CallToolResult`, `ReadResourceResult`, ...), a JSON object.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_call_finish_result(mcp_call *take_call, mcp_str json, mcp_error **error);

// Finishes a completion with `count` values, of which at most 100 are sent. `total` is the number of all that
// there are, or less than 0 when it is not known. `values` may be NULL when `count` is 0.
// Errors: MCP_ERR_INVALID_ARGUMENT for another kind of call.
mcp_status mcp_call_finish_completion(mcp_call *take_call,
                                      const mcp_str *values,
                                      size_t count,
                                      int64_t total,
                                      bool has_more,
                                      mcp_error **error);

// Finishes with a failure that the model should see: a tool result with `isError`. For other kinds of calls, an
// internal error with that message.
mcp_status mcp_call_fail(mcp_call *take_call,
                         mcp_str message,
                         mcp_error **error);

// Finishes with a JSON-RPC error. `data` is any JSON or MCP_NONE. Codes that the client's revision does not have
// are sent as what took their place.
// Errors: MCP_ERR_INVALID_JSON when `data` is not JSON; the error is sent without it.
mcp_status mcp_call_error(mcp_call *take_call,
                          int64_t code,
                          mcp_str message,
                          mcp_str data,
                          mcp_error **error);

// Finishes the read of a resource that does not exist, with the error that the client's revision has for it.
mcp_status mcp_call_not_found(mcp_call *take_call, mcp_error **error);

// Gives a call back without an answer; the client gets an internal error. Never fails: a call that has ended, or
// never was one, is left alone.
void mcp_call_drop(mcp_call *take_call);

/*
 * Content
 * =======
 *
 * Content with more than one text: the blocks of a tool's result, the messages of a prompt, the contents of a
 * resource. It is built by one thread at a time, and consumed by mcp_call_finish_content(). All is copied.
 */

// Who says a message of a prompt.
typedef int32_t mcp_role;

// The user. The default.
#define MCP_ROLE_USER 1

// The model.
#define MCP_ROLE_ASSISTANT 2

// Makes content without a block. The caller owns it.
mcp_content *mcp_content_new(void);

// Frees content that was not consumed. NULL is allowed.
void mcp_content_free(mcp_content *take_content);

// Adds a text.
mcp_status mcp_content_add_text(mcp_content *content, mcp_str text, mcp_error **error);

// Adds an image, by its bytes and their MIME type.
mcp_status mcp_content_add_image(mcp_content *content,
                                 const uint8_t *data,
                                 size_t len,
                                 mcp_str mime_type,
                                 mcp_error **error);

// Adds a sound, by its bytes and their MIME type.
mcp_status mcp_content_add_audio(mcp_content *content,
                                 const uint8_t *data,
                                 size_t len,
                                 mcp_str mime_type,
                                 mcp_error **error);

// Adds a resource of text. `mime_type` may be MCP_NONE.
mcp_status mcp_content_add_resource_text(mcp_content *content,
                                         mcp_str uri,
                                         mcp_str mime_type,
                                         mcp_str text,
                                         mcp_error **error);

// Adds a resource of bytes. `mime_type` may be MCP_NONE.
mcp_status mcp_content_add_resource_bytes(mcp_content *content,
                                          mcp_str uri,
                                          mcp_str mime_type,
                                          const uint8_t *data,
                                          size_t len,
                                          mcp_error **error);

// Adds a link to a resource. `mime_type` may be MCP_NONE.
mcp_status mcp_content_add_resource_link(mcp_content *content,
                                         mcp_str uri,
                                         mcp_str name,
                                         mcp_str mime_type,
                                         mcp_error **error);

// Adds a block given as JSON: a `ContentBlock` of the protocol.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_content_add_block(mcp_content *content, mcp_str block, mcp_error **error);

// Annotates the block added last: a JSON object with `audience`, `priority`, `lastModified`.
// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT when there is none or it was given as JSON.
mcp_status mcp_content_annotate(mcp_content *content, mcp_str annotations, mcp_error **error);

// Says whose messages follow (prompts only).
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_content_set_role(mcp_content *content, mcp_role role, mcp_error **error);

// Sets the structured content of a tool's result, any JSON. Without another block, its text is sent along for
// clients that read only text.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_content_set_structured(mcp_content *content, mcp_str structured, mcp_error **error);

// Sets the description of a prompt's result.
mcp_status mcp_content_set_description(mcp_content *content, mcp_str description, mcp_error **error);

// Sets the `_meta` of the result, a JSON object.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_content_set_meta(mcp_content *content, mcp_str meta, mcp_error **error);

// Says whether a tool's result is a failure that the model should see (`isError`).
mcp_status mcp_content_set_error(mcp_content *content, bool is_error, mcp_error **error);

/*
 * While a call runs
 * =================
 *
 * What a callback can tell its client before the answer, and hear from it. Any thread, as long as the call has
 * not ended.
 * Errors: MCP_ERR_FINISHED after the end of the call; MCP_ERR_CANCELLED when it is not wanted any more;
 * MCP_ERR_OUTBOX_FULL when the client does not keep up; MCP_ERR_INVALID_ARGUMENT; MCP_ERR_INVALID_JSON.
 */

// Is told that a call is not wanted any more. It runs on the thread that brought the news and must not block.
typedef void (*mcp_cancel_fn)(mcp_cancel_reason reason, void *user_data);

// How severe a log message to a client is.
typedef int32_t mcp_level;

// Detail for debugging.
#define MCP_LEVEL_DEBUG 0

// What goes on.
#define MCP_LEVEL_INFO 1

// Normal, yet worth a note.
#define MCP_LEVEL_NOTICE 2

// Something may be wrong.
#define MCP_LEVEL_WARNING 3

// An operation failed.
#define MCP_LEVEL_ERROR 4

// A component failed.
#define MCP_LEVEL_CRITICAL 5

// Somebody has to act at once.
#define MCP_LEVEL_ALERT 6

// The system is unusable.
#define MCP_LEVEL_EMERGENCY 7

// Sets the callback that is told when the call is cancelled: at once if it was already, never once the call has
// ended. It takes the place of one set before.
mcp_status mcp_call_on_cancel(mcp_call *call,
                              mcp_cancel_fn callback,
                              void *user_data,
                              mcp_drop_fn drop,
                              mcp_error **error);

// Reports progress, if the client asked for it. `total` is 0 when it is not known; `message` may be MCP_NONE.
// Progress that is not more than what was reported before is not sent.
mcp_status mcp_call_progress(mcp_call *call,
                             double progress,
                             double total,
                             mcp_str message,
                             mcp_error **error);

// Sends a log message to the client, if it wants that level. `logger` says who speaks and may be MCP_NONE.
mcp_status mcp_call_log(mcp_call *call, mcp_level level, mcp_str logger, mcp_str text, mcp_error **error);

// Sends a log message that is any JSON. `logger` may be MCP_NONE.
mcp_status mcp_call_log_json(mcp_call *call,
                             mcp_level level,
                             mcp_str logger,
                             mcp_str data,
                             mcp_error **error);

// Sends a notification on the stream of this call. `params` is a JSON object or MCP_NONE.
mcp_status mcp_call_notify(mcp_call *call, mcp_str method, mcp_str params, mcp_error **error);

// Closes the connection of this call while it goes on: the client comes back after `retry_ms` and takes the rest
// then (2025-11-25). `out_closed` may be NULL; otherwise it tells whether that was done. With clients of other
// revisions the connection stays.
mcp_status mcp_call_close_stream(mcp_call *call,
                                 uint64_t retry_ms,
                                 bool *out_closed,
                                 mcp_error **error);

/*
 * Asking the client
 * =================
 *
 * Elicitation, sampling and roots work alike for clients of every revision: when the answer is not there yet, the
 * callback ends, and when it has come, the callback runs again from the start, with every question answered
 * before. `key` names a question within its call.
 *
 *     mcp_status status = mcp_call_elicit(call, MCP_STR("city"), message, schema, &action, &form, NULL);
 *     if (status == MCP_INPUT_REQUIRED) { mcp_call_suspend(call, NULL); return; }
 *
 * Ask all that is needed before suspending, and the client is asked all of it at once. Answers live until the call
 * ends.
 * MCP_INPUT_REQUIRED: suspend the call and return. Errors: MCP_ERR_MISSING_CAPABILITY when this client cannot be
 * asked that (finish in another way, or suspend the call to answer the error that the protocol has for it);
 * MCP_ERR_CLIENT when the client answered with an error; MCP_ERR_LIMIT_EXCEEDED; MCP_ERR_INVALID_ARGUMENT;
 * MCP_ERR_INVALID_JSON; MCP_ERR_FINISHED.
 */

// What the user did with a form or a URL.
typedef int32_t mcp_action;

// Agreed; a form is filled in.
#define MCP_ACTION_ACCEPT 1

// Said no.
#define MCP_ACTION_DECLINE 2

// Closed it without an answer.
#define MCP_ACTION_CANCEL 3

// Asks the client. `method` is elicitation/create, sampling/createMessage or roots/list, `params` a JSON object
// or MCP_NONE. `*out` is the client's result, a JSON object.
mcp_status mcp_call_ask(mcp_call *call,
                        mcp_str key,
                        mcp_str method,
                        mcp_str params,
                        mcp_str *out,
                        mcp_error **error);

// Asks the user to fill in a form. `schema` is a JSON Schema of an object with plain members. `*out_content` is
// what was filled in, a JSON object for mcp_call_member_str() and the like; MCP_NONE unless the user accepted.
mcp_status mcp_call_elicit(mcp_call *call,
                           mcp_str key,
                           mcp_str message,
                           mcp_str schema,
                           mcp_action *out_action,
                           mcp_str *out_content,
                           mcp_error **error);

// Asks the user to visit a URL. MCP_ACTION_ACCEPT says that the user agreed to, not that it is done.
mcp_status mcp_call_elicit_url(mcp_call *call,
                               mcp_str key,
                               mcp_str message,
                               mcp_str url,
                               mcp_action *out_action,
                               mcp_error **error);

// Asks the client's model. `params` are those of sampling/createMessage, a JSON object. `*out` is the client's
// result, a JSON object with `role` and `content`.
mcp_status mcp_call_sample(mcp_call *call,
                           mcp_str key,
                           mcp_str params,
                           mcp_str *out,
                           mcp_error **error);

// Asks for the client's roots. `*out` is the client's result, a JSON object with `roots`.
mcp_status mcp_call_list_roots(mcp_call *call, mcp_str key, mcp_str *out, mcp_error **error);

// Gives what mcp_call_remember() kept under that key in an earlier run of this call's callback, JSON.
// Errors: MCP_ERR_NOT_FOUND when there is nothing, MCP_ERR_FINISHED.
mcp_status mcp_call_recall(mcp_call *call, mcp_str key, mcp_str *out, mcp_error **error);

// Keeps a result, any JSON, for later runs of this call's callback: for work that must not be done twice.
// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_FINISHED.
mcp_status mcp_call_remember(mcp_call *call, mcp_str key, mcp_str json, mcp_error **error);

// Ends this run of the callback: the client is asked what has no answer yet, and the callback runs again when the
// answers are there. After MCP_ERR_MISSING_CAPABILITY, answers the error that the protocol has for that.
// Errors: MCP_ERR_WRONG_STATE when nothing was asked, MCP_ERR_CANCELLED, MCP_ERR_FINISHED,
// MCP_ERR_LIMIT_EXCEEDED.
mcp_status mcp_call_suspend(mcp_call *take_call,
                            mcp_error **error);

/*
 * Resources
 * =========
 *
 * A resource, or a template of resources, is built by one thread, then given to a server, before or after it
 * starts. Its callback finds the URI that is read with mcp_call_uri(), and the variables of a template with
 * mcp_call_variable(). Every text is copied.
 */

// Makes a resource of that URI, or a template with a URI template (RFC 6570), such as "file:///{path}". `name` is
// for programs. The caller owns `*out`.
mcp_status mcp_resource_new(mcp_str uri,
                            mcp_str name,
                            mcp_handler_fn handler,
                            void *user_data,
                            mcp_drop_fn drop,
                            mcp_resource **out,
                            mcp_error **error);

// Frees a resource that was not given to a server. NULL is allowed.
void mcp_resource_free(mcp_resource *take_resource);

// Sets the name for people; MCP_NONE for none.
mcp_status mcp_resource_set_title(mcp_resource *resource, mcp_str title, mcp_error **error);

// Says what it is, for the model; MCP_NONE for nothing.
mcp_status mcp_resource_set_description(mcp_resource *resource, mcp_str description, mcp_error **error);

// Sets the MIME type of the contents; MCP_NONE for none.
mcp_status mcp_resource_set_mime_type(mcp_resource *resource, mcp_str mime_type, mcp_error **error);

// Sets the number of bytes of the contents. Templates have none.
mcp_status mcp_resource_set_size(mcp_resource *resource, uint64_t size, mcp_error **error);

// Sets the `Annotations` (audience, priority, ...), a JSON object; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_resource_set_annotations(mcp_resource *resource, mcp_str annotations, mcp_error **error);

// Sets the icons, a JSON array of `Icon`; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_resource_set_icons(mcp_resource *resource, mcp_str icons, mcp_error **error);

// Sets the `_meta`, a JSON object; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_resource_set_meta(mcp_resource *resource, mcp_str meta, mcp_error **error);

// Lets clients keep what they read for that long; 0, the default, for not at all. `is_public`: the contents are
// the same for every caller.
mcp_status mcp_resource_set_cache(mcp_resource *resource,
                                  uint64_t ttl_ms,
                                  bool is_public,
                                  mcp_error **error);

// Sets where the callback runs; MCP_RUN_POOL by default.
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_resource_set_run(mcp_resource *resource, mcp_run run, mcp_error **error);

// Registers a resource. Clients that listen are told. Any thread.
// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
mcp_status mcp_server_add_resource(mcp_server *server, mcp_resource *take_resource, mcp_error **error);

// Removes a resource. Reads that run already go on. Any thread.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_remove_resource(mcp_server *server, mcp_str uri, mcp_error **error);

// Registers a template of resources. Clients that listen are told. Any thread.
// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
mcp_status mcp_server_add_resource_template(mcp_server *server,
                                            mcp_resource *take_resource,
                                            mcp_error **error);

// Removes a template of resources. Reads that run already go on. Any thread.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_remove_resource_template(mcp_server *server, mcp_str uri_template, mcp_error **error);

/*
 * Prompts
 * =======
 *
 * A prompt is built by one thread, then given to a server, before or after it starts. Its callback reads the
 * arguments as a tool does. Every text is copied.
 */

// Makes a prompt without arguments. The caller owns `*out`.
mcp_status mcp_prompt_new(mcp_str name,
                          mcp_handler_fn handler,
                          void *user_data,
                          mcp_drop_fn drop,
                          mcp_prompt **out,
                          mcp_error **error);

// Frees a prompt that was not given to a server. NULL is allowed.
void mcp_prompt_free(mcp_prompt *take_prompt);

// Sets the name for people; MCP_NONE for none.
mcp_status mcp_prompt_set_title(mcp_prompt *prompt, mcp_str title, mcp_error **error);

// Says what it is, for the user; MCP_NONE for nothing.
mcp_status mcp_prompt_set_description(mcp_prompt *prompt, mcp_str description, mcp_error **error);

// Adds an argument. `title` and `description` may be MCP_NONE.
mcp_status mcp_prompt_add_argument(mcp_prompt *prompt,
                                   mcp_str name,
                                   mcp_str title,
                                   mcp_str description,
                                   bool required,
                                   mcp_error **error);

// Sets the icons, a JSON array of `Icon`; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_prompt_set_icons(mcp_prompt *prompt, mcp_str icons, mcp_error **error);

// Sets the `_meta`, a JSON object; MCP_NONE for none.
// Errors: MCP_ERR_INVALID_JSON.
mcp_status mcp_prompt_set_meta(mcp_prompt *prompt, mcp_str meta, mcp_error **error);

// Sets where the callback runs; MCP_RUN_POOL by default.
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_prompt_set_run(mcp_prompt *prompt, mcp_run run, mcp_error **error);

// Registers a prompt. Clients that listen are told. Any thread.
// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
mcp_status mcp_server_add_prompt(mcp_server *server, mcp_prompt *take_prompt, mcp_error **error);

// Removes a prompt. Calls of it that run already go on. Any thread.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_remove_prompt(mcp_server *server, mcp_str name, mcp_error **error);

/*
 * Completions
 * ===========
 *
 * Proposes values for an argument of a prompt, or for a variable of a template of resources. The callback reads
 * `argument` (an object with `name` and `value`) and `context` with mcp_call_arg_json() and mcp_call_member_str(),
 * and ends with mcp_call_finish_completion(). Every text is copied.
 */

// Makes the completion for the prompt of that name. The caller owns `*out`.
mcp_status mcp_completion_new_prompt(mcp_str name,
                                     mcp_handler_fn handler,
                                     void *user_data,
                                     mcp_drop_fn drop,
                                     mcp_completion **out,
                                     mcp_error **error);

// Makes the completion for the template of resources with that URI template. The caller owns `*out`.
mcp_status mcp_completion_new_resource(mcp_str uri_template,
                                       mcp_handler_fn handler,
                                       void *user_data,
                                       mcp_drop_fn drop,
                                       mcp_completion **out,
                                       mcp_error **error);

// Frees a completion that was not given to a server. NULL is allowed.
void mcp_completion_free(mcp_completion *take_completion);

// Sets where the callback runs; MCP_RUN_POOL by default.
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_completion_set_run(mcp_completion *completion, mcp_run run, mcp_error **error);

// Registers a completion. Any thread.
// Errors: MCP_ERR_ALREADY_EXISTS.
mcp_status mcp_server_add_completion(mcp_server *server, mcp_completion *take_completion, mcp_error **error);

// Removes the completion for a prompt. Any thread.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_remove_prompt_completion(mcp_server *server, mcp_str name, mcp_error **error);

// Removes the completion for a template of resources. Any thread.
// Errors: MCP_ERR_NOT_FOUND.
mcp_status mcp_server_remove_resource_completion(mcp_server *server, mcp_str uri_template, mcp_error **error);

/*
 * Clients
 * =======
 *
 * A client is whatever can be pushed to: a session (revisions up to 2025-11-25), or a `subscriptions/listen` stream
 * (2026-07-28). Each has a number that is never used again. All of these functions may be used by any thread, also
 * inside callbacks, and return at once.
 */

// What kind a client is of.
typedef int32_t mcp_client_kind;

// What happened to a client. There may be more in a later version.
typedef int32_t mcp_client_change;

// Is told that a client came or went. It runs on network threads and must not block.
typedef void (*mcp_client_fn)(mcp_client_id client,
                              mcp_client_kind kind,
                              mcp_client_change change,
                              void *user_data);

// A list whose entries changed.
typedef int32_t mcp_list;

// A session of a revision up to 2025-11-25.
#define MCP_CLIENT_SESSION 1

// A `subscriptions/listen` stream of 2026-07-28.
#define MCP_CLIENT_LISTEN 2

// It can be pushed to from now on.
#define MCP_CLIENT_CONNECTED 1

// It is gone: it ended its session or closed its stream.
#define MCP_CLIENT_CLOSED 2

// It is gone: its session was idle for too long.
#define MCP_CLIENT_IDLE 3

// It is gone: it made room for another at the limit of sessions.
#define MCP_CLIENT_EVICTED 4

// It is gone: it did not keep up with what was sent.
#define MCP_CLIENT_TOO_SLOW 5

// It is gone: the host closed it.
#define MCP_CLIENT_CLOSED_BY_HOST 6

// It is gone: the server stops.
#define MCP_CLIENT_STOPPING 7

// The tools.
#define MCP_LIST_TOOLS 1

// The resources and the templates of resources.
#define MCP_LIST_RESOURCES 2

// The prompts.
#define MCP_LIST_PROMPTS 3

// Sets the callback that is told of clients that come and go. It takes the place of one set before.
mcp_status mcp_server_set_client_listener(mcp_server *server,
                                          mcp_client_fn listener,
                                          void *user_data,
                                          mcp_drop_fn drop,
                                          mcp_error **error);

// Sends a notification to one client. `params` is a JSON object or MCP_NONE. A client that is slow is never waited
// for: what waits for it is bounded.
// Errors: MCP_ERR_NO_SUCH_CLIENT, MCP_ERR_NOT_INITIALIZED, MCP_ERR_NO_STREAM, MCP_ERR_NOT_SUBSCRIBED,
// MCP_ERR_OUTBOX_FULL, MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_server_notify_client(mcp_server *server,
                                    mcp_client_id client,
                                    mcp_str method,
                                    mcp_str params,
                                    mcp_error **error);

// Sends a notification to all clients that may get it. `params` is a JSON object or MCP_NONE. `out_count` may be
// NULL; otherwise it is set to the number of clients that it was queued for.
// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_server_notify_all(mcp_server *server,
                                 mcp_str method,
                                 mcp_str params,
                                 size_t *out_count,
                                 mcp_error **error);

// Tells clients that a list changed, where the library cannot know; it says so itself when something is added or
// removed. `out_count` may be NULL; otherwise it is set to the number of clients that it was queued for.
// Errors: MCP_ERR_INVALID_ARGUMENT.
mcp_status mcp_server_list_changed(mcp_server *server,
                                   mcp_list list,
                                   size_t *out_count,
                                   mcp_error **error);

// Tells the clients that subscribed to a resource that its contents changed. `out_count` may be NULL; otherwise it
// is set to the number of clients that it was queued for.
mcp_status mcp_server_resource_updated(mcp_server *server,
                                       mcp_str uri,
                                       size_t *out_count,
                                       mcp_error **error);

// Gives the clients as a JSON array, in the order in which they came. Each is an object with `client` (the number),
// `kind` ("session" or "listen"), `revision`, `info` (the client's `Implementation`, or null) and `principal` (or
// null). The caller owns `*out`.
mcp_status mcp_server_clients_json(mcp_server *server,
                                   mcp_text **out,
                                   mcp_error **error);

// Ends the session or the stream of a client.
// Errors: MCP_ERR_NO_SUCH_CLIENT.
mcp_status mcp_server_close_client(mcp_server *server, mcp_client_id client, mcp_error **error);

/*
 * The server's own log
 * ====================
 *
 * What the library has to say about itself goes to a callback, or nowhere. Nothing is installed for the whole
 * process.
 */

// How severe a record of the log is.
typedef int32_t mcp_severity;

// Takes a record of the log: the part of the library that it comes from, such as "mcpserver::transport", one line
// of text, and the values that belong to it, a JSON object. The texts live until the callback returns. It runs on
// threads of the server, must not block for long, and must not call functions of this header.
typedef void (*mcp_log_fn)(mcp_severity severity,
                           mcp_str target,
                           mcp_str message,
                           mcp_str fields,
                           void *user_data);

// Something failed that somebody should look at.
#define MCP_SEVERITY_ERROR 1

// Something that may be wrong.
#define MCP_SEVERITY_WARN 2

// What goes on.
#define MCP_SEVERITY_INFO 3

// Detail.
#define MCP_SEVERITY_DEBUG 4

// Every step.
#define MCP_SEVERITY_TRACE 5

// Sets the callback that takes the log of the server. The configuration is used by one thread at a time.
mcp_status mcp_config_set_log(mcp_config *config,
                              mcp_log_fn log,
                              void *user_data,
                              mcp_drop_fn drop,
                              mcp_error **error);

/*
 * Version
 * =======
 */

// The version of the binary interface that this header describes. It is the number in the name of the shared
// library (libmcpserver.so.0) and grows only when a program would have to be compiled again.
#define MCP_ABI_VERSION 0

// The version of the binary interface of the library that is loaded. Any thread.
uint32_t mcp_abi_version(void);

// The version of the library that is loaded, such as "0.1.0", with a NUL at its end. Lives forever. Any thread.
mcp_str mcp_version(void);

#ifdef __cplusplus
}
#endif

#endif /* MCPSERVER_H */
