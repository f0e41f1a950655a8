/* A server with one of everything that MCP has, to copy from.
 *
 *     everything --http 127.0.0.1:8000
 *
 * Most callbacks below are three lines: read an argument, do the work, finish the call. Look for the tool that is
 * nearest to yours. `main` at the end shows how a server is made, started and stopped. */

#define _POSIX_C_SOURCE 200809L

#include <mcpserver.h>

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "samples.h"

static mcp_server *server;

/* ---- helpers ---- */

static void pause_ms(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); }

/* Finishes a call with a text that is put together as printf does. */
static void finish(mcp_call *call, const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    size_t size = (size_t)vsnprintf(NULL, 0, format, values) + 1;
    char *text = malloc(size);
    if (text != NULL) vsnprintf(text, size, format, again);
    mcp_call_finish_text(call, mcp_str_from(text), NULL);
    free(text);
    va_end(again);
    va_end(values);
}

/* The end of a callback that cannot go on: the error's message tells the model what was wrong. */
static void fail(mcp_call *call, mcp_error *error) {
    mcp_call_fail(call, mcp_error_message(error), NULL);
    mcp_error_free(error);
}

/* Whether the client has answered. If not, the call is over for now: the callback runs again when the answer is
 * there, and a client that cannot be asked gets the error that the protocol has for that. */
static bool answered(mcp_call *call, mcp_status status) {
    if (status == MCP_OK) return true;
    if (status == MCP_ERR_CLIENT)
        mcp_call_fail(call, MCP_STR("The client could not answer"), NULL);
    else
        mcp_call_suspend(call, NULL);
    return false;
}

static const char *action_name(mcp_action action) {
    return action == MCP_ACTION_ACCEPT ? "accept" : action == MCP_ACTION_DECLINE ? "decline" : "cancel";
}

/* The text of a client's answer to mcp_call_sample(), or the answer as it is when it is no text. */
static mcp_str reply_text(mcp_call *call, mcp_str reply) {
    mcp_str content, text;
    if (mcp_call_member_json(call, reply, MCP_STR("content"), &content, NULL) == MCP_OK &&
        mcp_call_member_str(call, content, MCP_STR("text"), &text, NULL) == MCP_OK)
        return text;
    return reply;
}

/* ---- plain tools ---- */

#define MESSAGE "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"}},\"required\":[\"message\"]}"
#define NAME "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]}"

static void echo(mcp_call *call, void *unused) {
    mcp_str message;
    mcp_error *error;
    if (mcp_call_arg_str(call, MCP_STR("message"), &message, &error) != MCP_OK)
        fail(call, error);
    else
        mcp_call_finish_text(call, message, NULL);
}

static void greet(mcp_call *call, void *unused) {
    mcp_str name;
    mcp_error *error;
    if (mcp_call_arg_str(call, MCP_STR("name"), &name, &error) != MCP_OK)
        fail(call, error);
    else
        finish(call, "Hello, %.*s!", MCP_ARG(name));
}

#define ADD                                                                                          \
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"},\"b\":{\"type\":\"number\"}}," \
    "\"required\":[\"a\",\"b\"]}"
#define SUM "{\"type\":\"object\",\"properties\":{\"sum\":{\"type\":\"number\"}},\"required\":[\"sum\"]}"

static void add(mcp_call *call, void *unused) {
    double a, b;
    char json[64];
    mcp_error *error;
    if (mcp_call_arg_f64(call, MCP_STR("a"), &a, &error) != MCP_OK ||
        mcp_call_arg_f64(call, MCP_STR("b"), &b, &error) != MCP_OK) {
        fail(call, error);
        return;
    }
    snprintf(json, sizeof json, "{\"sum\":%.17g}", a + b);
    mcp_call_finish_structured(call, mcp_str_from(json), NULL);
}

static void simple_text(mcp_call *call, void *unused) {
    mcp_call_finish_text(call, MCP_STR("This is a simple text response for testing."), NULL);
}

static void image_content(mcp_call *call, void *unused) {
    mcp_content *content = mcp_content_new();
    mcp_content_add_image(content, RED_PNG, sizeof RED_PNG, MCP_STR("image/png"), NULL);
    mcp_call_finish_content(call, content, NULL);
}

static void audio_content(mcp_call *call, void *unused) {
    mcp_content *content = mcp_content_new();
    mcp_content_add_audio(content, SILENT_WAV, sizeof SILENT_WAV, MCP_STR("audio/wav"), NULL);
    mcp_call_finish_content(call, content, NULL);
}

static void embedded_resource(mcp_call *call, void *unused) {
    mcp_content *content = mcp_content_new();
    mcp_content_add_resource_text(content, MCP_STR("test://embedded-resource"), MCP_STR("text/plain"),
                                  MCP_STR("This is an embedded resource content."), NULL);
    mcp_call_finish_content(call, content, NULL);
}

static void mixed_content(mcp_call *call, void *unused) {
    mcp_content *content = mcp_content_new();
    mcp_content_add_text(content, MCP_STR("Multiple content types test:"), NULL);
    mcp_content_add_image(content, RED_PNG, sizeof RED_PNG, MCP_STR("image/png"), NULL);
    mcp_content_add_resource_text(content, MCP_STR("test://mixed-content-resource"), MCP_STR("application/json"),
                                  MCP_STR("{\"test\":\"data\",\"value\":123}"), NULL);
    mcp_call_finish_content(call, content, NULL);
}

static void error_handling(mcp_call *call, void *unused) {
    mcp_call_fail(call, MCP_STR("This tool intentionally returns an error for testing"), NULL);
}

static void accept_anything(mcp_call *call, void *unused) {
    finish(call, "Called with %.*s", MCP_ARG(mcp_call_arguments(call)));
}

/* ---- tools that say something before they answer, or react to what happens meanwhile ---- */

static void tool_with_progress(mcp_call *call, void *unused) {
    for (int done = 0; done <= 100; done += 50) {
        mcp_call_progress(call, done, 100, MCP_NONE, NULL);
        pause_ms(50);
    }
    mcp_call_finish_text(call, MCP_STR("Done"), NULL);
}

#define COUNT "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":0}},\"required\":[\"n\"]}"

static void progress(mcp_call *call, void *unused) {
    int64_t n;
    mcp_error *error;
    if (mcp_call_arg_i64(call, MCP_STR("n"), &n, &error) != MCP_OK) {
        fail(call, error);
        return;
    }
    for (int64_t i = 1; i <= n && mcp_call_is_cancelled(call) == MCP_CANCEL_NONE; i++)
        mcp_call_progress(call, (double)i, (double)n, MCP_NONE, NULL);
    finish(call, "Reported progress %lld times", (long long)n);
}

static void tool_with_logging(mcp_call *call, void *unused) {
    mcp_call_log(call, MCP_LEVEL_INFO, MCP_NONE, MCP_STR("Tool execution started"), NULL);
    pause_ms(50);
    mcp_call_log(call, MCP_LEVEL_INFO, MCP_NONE, MCP_STR("Tool processing data"), NULL);
    pause_ms(50);
    mcp_call_log(call, MCP_LEVEL_INFO, MCP_NONE, MCP_STR("Tool execution completed"), NULL);
    mcp_call_finish_text(call, MCP_STR("Logged three messages"), NULL);
}

#define MS "{\"type\":\"object\",\"properties\":{\"ms\":{\"type\":\"integer\",\"minimum\":0}},\"required\":[\"ms\"]}"

/* Sleeps until its time is over or the call is cancelled, whichever comes first. The callback and its cancellation
 * run on two threads, and each may be the last to let go. */
struct nap {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool cancelled;
    int owners;
};

static void nap_release(void *data) {
    struct nap *nap = data;
    pthread_mutex_lock(&nap->lock);
    bool last = --nap->owners == 0;
    pthread_mutex_unlock(&nap->lock);
    if (!last) return;
    pthread_cond_destroy(&nap->over);
    pthread_mutex_destroy(&nap->lock);
    free(nap);
}

static void nap_cancel(mcp_cancel_reason reason, void *data) {
    struct nap *nap = data;
    pthread_mutex_lock(&nap->lock);
    nap->cancelled = true;
    pthread_cond_signal(&nap->over);
    pthread_mutex_unlock(&nap->lock);
}

static void sleep_until_cancelled(mcp_call *call, void *unused) {
    int64_t ms;
    mcp_error *error;
    struct timespec end;
    struct nap *nap;
    if (mcp_call_arg_i64(call, MCP_STR("ms"), &ms, &error) != MCP_OK) {
        fail(call, error);
        return;
    }
    if ((nap = malloc(sizeof *nap)) == NULL) {
        mcp_call_fail(call, MCP_STR("Out of memory"), NULL);
        return;
    }
    *nap = (struct nap){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 2};
    mcp_call_on_cancel(call, nap_cancel, nap, nap_release, NULL);

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += ms % 1000 * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&nap->lock);
    while (!nap->cancelled && pthread_cond_timedwait(&nap->over, &nap->lock, &end) == 0) {
    }
    pthread_mutex_unlock(&nap->lock);
    nap_release(nap);
    finish(call, "Slept for %lld ms", (long long)ms);
}

static void reconnection(mcp_call *call, void *unused) {
    mcp_call_close_stream(call, 300, NULL, NULL);
    pause_ms(100);
    mcp_call_finish_text(call, MCP_STR("The result came after the stream was closed"), NULL);
}

/* ---- tools that ask the client; each reads as if the answer was always there ---- */

#define USER                                                                                                 \
    "{\"type\":\"object\",\"properties\":{\"username\":{\"type\":\"string\",\"description\":\"Your name\"}," \
    "\"email\":{\"type\":\"string\",\"description\":\"Your email address\"}},\"required\":[\"username\",\"email\"]}"

static void elicitation(mcp_call *call, void *unused) {
    mcp_str message, form;
    mcp_action action;
    mcp_error *error;
    if (mcp_call_arg_str(call, MCP_STR("message"), &message, &error) != MCP_OK)
        fail(call, error);
    else if (answered(call, mcp_call_elicit(call, MCP_STR("user"), message, MCP_STR(USER), &action, &form, NULL)))
        finish(call, "User response: action=%s, content=%.*s", action_name(action), MCP_ARG(form));
}

#define DEFAULTS                                                                                              \
    "{\"type\":\"object\",\"properties\":{"                                                                   \
    "\"name\":{\"type\":\"string\",\"default\":\"John Doe\"},"                                                \
    "\"age\":{\"type\":\"integer\",\"default\":30},"                                                          \
    "\"score\":{\"type\":\"number\",\"default\":95.5},"                                                       \
    "\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\",\"pending\"],\"default\":\"active\"}," \
    "\"verified\":{\"type\":\"boolean\",\"default\":true}}}"

#define ENUMS                                                                                                    \
    "{\"type\":\"object\",\"properties\":{"                                                                      \
    "\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]},"                   \
    "\"titledSingle\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"value1\",\"title\":\"First\"},"               \
    "{\"const\":\"value2\",\"title\":\"Second\"},{\"const\":\"value3\",\"title\":\"Third\"}]},"                  \
    "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],"                                 \
    "\"enumNames\":[\"Option One\",\"Option Two\",\"Option Three\"]},"                                           \
    "\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\"]}}," \
    "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"value1\",\"title\":\"First\"},"      \
    "{\"const\":\"value2\",\"title\":\"Second\"}]}}}}"

/* `schema` is the user data it was registered with. */
static void elicitation_with(mcp_call *call, void *schema) {
    mcp_str form;
    mcp_action action;
    if (answered(call, mcp_call_elicit(call, MCP_STR("form"), MCP_STR("Please review this form"), mcp_str_from(schema),
                                       &action, &form, NULL)))
        finish(call, "Elicitation completed: action=%s, content=%.*s", action_name(action), MCP_ARG(form));
}

static void streaming_elicitation(mcp_call *call, void *unused) {
    mcp_call_progress(call, 1, 2, MCP_STR("Asking"), NULL);
    elicitation_with(call, USER);
}

/* Sends what it is given as a message of the user; `prompt` is a JSON string. */
static mcp_status sample(mcp_call *call, mcp_str prompt, mcp_str *out) {
    const char *format =
        "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":%.*s}}],\"maxTokens\":100}";
    size_t size = strlen(format) + prompt.len;
    char *params = malloc(size);
    if (params != NULL) snprintf(params, size, format, MCP_ARG(prompt));
    mcp_status status = mcp_call_sample(call, MCP_STR("reply"), mcp_str_from(params), out, NULL);
    free(params);
    return status;
}

#define PROMPT "{\"type\":\"object\",\"properties\":{\"prompt\":{\"type\":\"string\"}},\"required\":[\"prompt\"]}"

static void sampling(mcp_call *call, void *unused) {
    mcp_str prompt, reply;
    mcp_error *error;
    if (mcp_call_arg_json(call, MCP_STR("prompt"), &prompt, &error) != MCP_OK)
        fail(call, error);
    else if (answered(call, sample(call, prompt, &reply)))
        finish(call, "LLM response: %.*s", MCP_ARG(reply_text(call, reply)));
}

static void capital_of_france(mcp_call *call, void *unused) {
    mcp_str reply;
    if (answered(call, sample(call, MCP_STR("\"What is the capital of France?\""), &reply)))
        finish(call, "LLM response: %.*s", MCP_ARG(reply_text(call, reply)));
}

static void list_roots(mcp_call *call, void *unused) {
    mcp_str roots;
    if (answered(call, mcp_call_list_roots(call, MCP_STR("roots"), &roots, NULL)))
        finish(call, "Client roots: %.*s", MCP_ARG(roots));
}

static void ask_name(mcp_call *call, void *unused) {
    mcp_str form, name;
    mcp_action action;
    if (!answered(call, mcp_call_elicit(call, MCP_STR("user_name"), MCP_STR("What is your name?"), MCP_STR(NAME),
                                        &action, &form, NULL)))
        return;
    if (mcp_call_member_str(call, form, MCP_STR("name"), &name, NULL) == MCP_OK)
        finish(call, "Hello, %.*s!", MCP_ARG(name));
    else
        finish(call, "Hello, whoever you are!");
}

#define OK_FORM "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}"

static void confirm(mcp_call *call, void *unused) {
    mcp_str form;
    mcp_action action;
    bool ok;
    if (!answered(call,
                  mcp_call_elicit(call, MCP_STR("confirm"), MCP_STR("Go on?"), MCP_STR(OK_FORM), &action, &form, NULL)))
        return;
    if (mcp_call_member_bool(call, form, MCP_STR("ok"), &ok, NULL) != MCP_OK) ok = false;
    finish(call, "The state came back (state-ok); confirmed: %s", ok ? "yes" : "no");
}

/* Three questions in one round: all are asked before the first is waited for. */
static void multiple_inputs(mcp_call *call, void *unused) {
    mcp_str form, reply, roots;
    mcp_action action;
    mcp_status asked[] = {
        mcp_call_elicit(call, MCP_STR("user_name"), MCP_STR("What is your name?"), MCP_STR(NAME), &action, &form, NULL),
        sample(call, MCP_STR("\"Write a greeting\""), &reply),
        mcp_call_list_roots(call, MCP_STR("roots"), &roots, NULL),
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        if (!answered(call, asked[i])) return;
    finish(call, "Name: %.*s, greeting: %.*s, roots: %.*s", MCP_ARG(form), MCP_ARG(reply_text(call, reply)),
           MCP_ARG(roots));
}

#define COLOR "{\"type\":\"object\",\"properties\":{\"color\":{\"type\":\"string\"}},\"required\":[\"color\"]}"

/* Two questions in two rounds: the second needs the answer to the first. */
static void multi_round(mcp_call *call, void *unused) {
    mcp_str form, name, color, question = MCP_STR("What is your favorite color?");
    mcp_action action;
    if (!answered(call, mcp_call_elicit(call, MCP_STR("step1"), MCP_STR("What is your name?"), MCP_STR(NAME), &action,
                                        &form, NULL)))
        return;
    if (mcp_call_member_str(call, form, MCP_STR("name"), &name, NULL) != MCP_OK) name = MCP_STR("somebody");
    if (!answered(call, mcp_call_elicit(call, MCP_STR("step2"), question, MCP_STR(COLOR), &action, &form, NULL)))
        return;
    if (mcp_call_member_str(call, form, MCP_STR("color"), &color, NULL) != MCP_OK) color = MCP_STR("no color");
    finish(call, "%.*s likes %.*s", MCP_ARG(name), MCP_ARG(color));
}

/* Asks only what this client can answer. */
static void capabilities(mcp_call *call, void *unused) {
    mcp_str declared = mcp_call_client_capabilities(call), of_kind, form, reply;
    mcp_action action;
    if (mcp_call_member_json(call, declared, MCP_STR("elicitation"), &of_kind, NULL) == MCP_OK) {
        if (answered(call, mcp_call_elicit(call, MCP_STR("user_name"), MCP_STR("What is your name?"), MCP_STR(NAME),
                                           &action, &form, NULL)))
            finish(call, "The user answered: action=%s, content=%.*s", action_name(action), MCP_ARG(form));
    } else if (answered(call, sample(call, MCP_STR("\"What is your name?\""), &reply))) {
        finish(call, "The model answered: %.*s", MCP_ARG(reply_text(call, reply)));
    }
}

/* ---- tools that push to other clients ---- */

static void broadcast(mcp_call *call, void *unused) {
    size_t count = 0;
    mcp_server_list_changed(server, MCP_LIST_TOOLS, &count, NULL);
    finish(call, "%zu", count);
}

#define WATCHED "test://watched-resource"

static void trigger_resource_update(mcp_call *call, void *unused) {
    size_t count = 0;
    mcp_server_resource_updated(server, MCP_STR(WATCHED), &count, NULL);
    finish(call, "%zu", count);
}

/* Adding and removing while the server runs is all it takes: clients are told by the library. */
static void trigger_tool_change(mcp_call *call, void *unused) {
    mcp_tool *tool;
    if (mcp_server_remove_tool(server, MCP_STR("test_dynamic_tool"), NULL) != MCP_OK &&
        mcp_tool_new(MCP_STR("test_dynamic_tool"), MCP_NONE, accept_anything, NULL, NULL, &tool, NULL) == MCP_OK) {
        mcp_tool_set_description(tool, MCP_STR("Comes and goes"), NULL);
        mcp_server_add_tool(server, tool, NULL);
    }
    mcp_call_finish_text(call, MCP_STR("The list of tools has changed"), NULL);
}

static void simple_prompt(mcp_call *call, void *unused);

static void trigger_prompt_change(mcp_call *call, void *unused) {
    mcp_prompt *prompt;
    if (mcp_server_remove_prompt(server, MCP_STR("test_dynamic_prompt"), NULL) != MCP_OK &&
        mcp_prompt_new(MCP_STR("test_dynamic_prompt"), simple_prompt, NULL, NULL, &prompt, NULL) == MCP_OK) {
        mcp_prompt_set_description(prompt, MCP_STR("Comes and goes"), NULL);
        mcp_server_add_prompt(server, prompt, NULL);
    }
    mcp_call_finish_text(call, MCP_STR("The list of prompts has changed"), NULL);
}

static void runtime_metrics(mcp_call *call, void *unused) {
    mcp_text *metrics;
    mcp_error *error;
    if (mcp_server_metrics_json(server, &metrics, &error) != MCP_OK) {
        fail(call, error);
        return;
    }
    mcp_call_finish_structured(call, mcp_text_str(metrics), NULL);
    mcp_text_free(metrics);
}

/* ---- resources ---- */

/* `text` is the user data it was registered with. */
static void read_text(mcp_call *call, void *text) { mcp_call_finish_text(call, mcp_str_from(text), NULL); }

static void read_template(mcp_call *call, void *unused) {
    finish(call, "This is the data of %.*s", MCP_ARG(mcp_call_variable(call, MCP_STR("id"))));
}

/* ---- prompts ---- */

static void simple_prompt(mcp_call *call, void *unused) {
    mcp_call_finish_text(call, MCP_STR("This is a simple prompt for testing."), NULL);
}

static void prompt_with_arguments(mcp_call *call, void *unused) {
    mcp_str arg1, arg2;
    mcp_error *error;
    if (mcp_call_arg_str(call, MCP_STR("arg1"), &arg1, &error) != MCP_OK ||
        mcp_call_arg_str(call, MCP_STR("arg2"), &arg2, &error) != MCP_OK)
        fail(call, error);
    else
        finish(call, "Prompt with arguments: arg1='%.*s', arg2='%.*s'", MCP_ARG(arg1), MCP_ARG(arg2));
}

static void prompt_with_resource(mcp_call *call, void *unused) {
    mcp_str uri;
    mcp_error *error;
    if (mcp_call_arg_str(call, MCP_STR("resourceUri"), &uri, &error) != MCP_OK) {
        fail(call, error);
        return;
    }
    mcp_content *content = mcp_content_new();
    mcp_content_add_resource_text(content, uri, MCP_STR("text/plain"), MCP_STR("Embedded resource content"), NULL);
    mcp_content_add_text(content, MCP_STR("Please process the embedded resource above."), NULL);
    mcp_call_finish_content(call, content, NULL);
}

static void prompt_with_image(mcp_call *call, void *unused) {
    mcp_content *content = mcp_content_new();
    mcp_content_add_image(content, RED_PNG, sizeof RED_PNG, MCP_STR("image/png"), NULL);
    mcp_content_add_text(content, MCP_STR("Please analyze the image above."), NULL);
    mcp_call_finish_content(call, content, NULL);
}

#define CONTEXT "{\"type\":\"object\",\"properties\":{\"context\":{\"type\":\"string\"}},\"required\":[\"context\"]}"

static void prompt_that_asks(mcp_call *call, void *unused) {
    mcp_str form, context, question = MCP_STR("What context should the prompt use?");
    mcp_action action;
    if (!answered(call,
                  mcp_call_elicit(call, MCP_STR("user_context"), question, MCP_STR(CONTEXT), &action, &form, NULL)))
        return;
    if (mcp_call_member_str(call, form, MCP_STR("context"), &context, NULL) != MCP_OK) context = MCP_STR("none");
    finish(call, "Use this context: %.*s", MCP_ARG(context));
}

/* Proposes the words that begin with what the user has typed. */
static void complete_argument(mcp_call *call, void *unused) {
    const mcp_str words[] = {MCP_STR("test"), MCP_STR("testing"), MCP_STR("text"), MCP_STR("value")};
    mcp_str argument, typed, found[4];
    size_t count = 0;
    if (mcp_call_arg_json(call, MCP_STR("argument"), &argument, NULL) != MCP_OK ||
        mcp_call_member_str(call, argument, MCP_STR("value"), &typed, NULL) != MCP_OK)
        typed = MCP_STR("");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].len >= typed.len && memcmp(words[i].ptr, typed.ptr, typed.len) == 0) found[count++] = words[i];
    mcp_call_finish_completion(call, found, count, (int64_t)count, false, NULL);
}

/* ---- what the server offers ---- */

#define REGION                                                                                            \
    "{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"}}," \
    "\"required\":[\"region\"]}"

#define CONTACT                                                                                           \
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","                  \
    "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{"             \
    "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"                                 \
    "\"properties\":{\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"          \
    "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"                             \
    "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},"                                   \
    "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"                    \
    "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},\"required\":[\"contactMethod\"]}," \
    "\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},\"additionalProperties\":false}"

static const struct {
    const char *name, *description, *input_schema, *output_schema;
    mcp_handler_fn handler;
    mcp_run run;
    const char *user_data;
} TOOLS[] = {
    {"echo", "Says the message back, on the network thread", MESSAGE, NULL, echo, MCP_RUN_INLINE, NULL},
    {"echo_pool", "Says the message back, on a thread of the pool", MESSAGE, NULL, echo, MCP_RUN_POOL, NULL},
    {"greet", "Greets somebody", NAME, NULL, greet, MCP_RUN_POOL, NULL},
    {"add", "Adds two numbers", ADD, SUM, add, MCP_RUN_POOL, NULL},
    {"sleep", "Sleeps, unless the call is cancelled", MS, NULL, sleep_until_cancelled, MCP_RUN_POOL, NULL},
    {"progress", "Reports progress n times", COUNT, NULL, progress, MCP_RUN_POOL, NULL},
    {"broadcast", "Tells all clients that the tools have changed", NULL, NULL, broadcast, MCP_RUN_POOL, NULL},
    {"runtime_metrics", "The counters of the server", NULL, NULL, runtime_metrics, MCP_RUN_POOL, NULL},
    {"test_simple_text", "Answers with a text", NULL, NULL, simple_text, MCP_RUN_POOL, NULL},
    {"test_image_content", "Answers with an image", NULL, NULL, image_content, MCP_RUN_POOL, NULL},
    {"test_audio_content", "Answers with a sound", NULL, NULL, audio_content, MCP_RUN_POOL, NULL},
    {"test_embedded_resource", "Answers with a resource", NULL, NULL, embedded_resource, MCP_RUN_POOL, NULL},
    {"test_multiple_content_types", "Answers with a bit of each", NULL, NULL, mixed_content, MCP_RUN_POOL, NULL},
    {"test_error_handling", "Always fails", NULL, NULL, error_handling, MCP_RUN_POOL, NULL},
    {"test_tool_with_progress", "Reports its progress", NULL, NULL, tool_with_progress, MCP_RUN_POOL, NULL},
    {"test_tool_with_logging", "Logs to the client", NULL, NULL, tool_with_logging, MCP_RUN_POOL, NULL},
    {"test_logging_tool", "Logs to a client that wants it", NULL, NULL, tool_with_logging, MCP_RUN_POOL, NULL},
    {"test_reconnection", "Closes its stream before it answers", NULL, NULL, reconnection, MCP_RUN_POOL, NULL},
    {"test_x_mcp_header", "Has a parameter that is repeated in a header", REGION, NULL, accept_anything, MCP_RUN_POOL,
     NULL},
    {"json_schema_2020_12_tool", "Has a schema with all that JSON Schema can", CONTACT, NULL, accept_anything,
     MCP_RUN_POOL, NULL},
    {"test_sampling", "Asks the client's model", PROMPT, NULL, sampling, MCP_RUN_POOL, NULL},
    {"test_elicitation", "Asks the user", MESSAGE, NULL, elicitation, MCP_RUN_POOL, NULL},
    {"test_elicitation_sep1034_defaults", "Asks with defaults", NULL, NULL, elicitation_with, MCP_RUN_POOL, DEFAULTS},
    {"test_elicitation_sep1330_enums", "Asks with choices", NULL, NULL, elicitation_with, MCP_RUN_POOL, ENUMS},
    {"test_streaming_elicitation", "Reports progress, then asks", NULL, NULL, streaming_elicitation, MCP_RUN_POOL,
     NULL},
    {"test_missing_capability", "Needs a client with a model", NULL, NULL, capital_of_france, MCP_RUN_POOL, NULL},
    {"test_input_required_result_elicitation", "Asks for a name", NULL, NULL, ask_name, MCP_RUN_POOL, NULL},
    {"test_input_required_result_sampling", "Asks the model", NULL, NULL, capital_of_france, MCP_RUN_POOL, NULL},
    {"test_input_required_result_list_roots", "Asks for the roots", NULL, NULL, list_roots, MCP_RUN_POOL, NULL},
    {"test_input_required_result_request_state", "Asks for a yes or no", NULL, NULL, confirm, MCP_RUN_POOL, NULL},
    {"test_input_required_result_tampered_state", "Asks for a yes or no", NULL, NULL, confirm, MCP_RUN_POOL, NULL},
    {"test_input_required_result_multiple_inputs", "Asks three things at once", NULL, NULL, multiple_inputs,
     MCP_RUN_POOL, NULL},
    {"test_input_required_result_multi_round", "Asks one thing after the other", NULL, NULL, multi_round, MCP_RUN_POOL,
     NULL},
    {"test_input_required_result_capabilities", "Asks what the client can answer", NULL, NULL, capabilities,
     MCP_RUN_POOL, NULL},
    {"test_trigger_resource_update", "Changes the watched resource", NULL, NULL, trigger_resource_update, MCP_RUN_POOL,
     NULL},
    {"test_trigger_tool_change", "Adds or removes a tool", NULL, NULL, trigger_tool_change, MCP_RUN_POOL, NULL},
    {"test_trigger_prompt_change", "Adds or removes a prompt", NULL, NULL, trigger_prompt_change, MCP_RUN_POOL, NULL},
};

static mcp_error *error_of_must;

/* Setting up either works or ends the program. */
static void must(mcp_status status) {
    if (status == MCP_OK) return;
    fprintf(stderr, "everything: %s\n", mcp_error_message(error_of_must).ptr);
    exit(1);
}
#define ERROR &error_of_must

static void add_tools(void) {
    for (size_t i = 0; i < sizeof TOOLS / sizeof *TOOLS; i++) {
        mcp_tool *tool;
        must(mcp_tool_new(mcp_str_from(TOOLS[i].name), mcp_str_from(TOOLS[i].input_schema), TOOLS[i].handler,
                          (void *)TOOLS[i].user_data, NULL, &tool, ERROR));
        must(mcp_tool_set_description(tool, mcp_str_from(TOOLS[i].description), ERROR));
        must(mcp_tool_set_output_schema(tool, mcp_str_from(TOOLS[i].output_schema), ERROR));
        must(mcp_tool_set_run(tool, TOOLS[i].run, ERROR));
        must(mcp_server_add_tool(server, tool, ERROR));
    }
}

static mcp_resource *resource(const char *uri, const char *name, const char *mime_type, mcp_handler_fn handler,
                              char *data) {
    mcp_resource *resource;
    must(mcp_resource_new(mcp_str_from(uri), mcp_str_from(name), handler, data, NULL, &resource, ERROR));
    must(mcp_resource_set_mime_type(resource, mcp_str_from(mime_type), ERROR));
    return resource;
}

static void add_resources(void) {
    must(mcp_server_add_resource(server,
                                 resource("test://static-text", "Static text", "text/plain", read_text,
                                          "This is the content of the static text resource."),
                                 ERROR));
    must(mcp_server_add_resource(
        server, resource("test://static-binary", "Static image", "image/png", image_content, NULL), ERROR));
    must(mcp_server_add_resource(server, resource(WATCHED, "Watched", "text/plain", read_text, "Watch me change"),
                                 ERROR));
    must(mcp_server_add_resource_template(
        server, resource("test://template/{id}/data", "Data by number", "text/plain", read_template, NULL), ERROR));
}

static mcp_prompt *prompt(const char *name, const char *description, mcp_handler_fn handler) {
    mcp_prompt *prompt;
    must(mcp_prompt_new(mcp_str_from(name), handler, NULL, NULL, &prompt, ERROR));
    must(mcp_prompt_set_description(prompt, mcp_str_from(description), ERROR));
    return prompt;
}

static void add_prompts(void) {
    must(mcp_server_add_prompt(server, prompt("test_simple_prompt", "A prompt without arguments", simple_prompt),
                               ERROR));
    must(mcp_server_add_prompt(server, prompt("test_prompt_with_image", "A prompt with an image", prompt_with_image),
                               ERROR));
    must(mcp_server_add_prompt(
        server, prompt("test_input_required_result_prompt", "A prompt that asks the user", prompt_that_asks), ERROR));

    mcp_prompt *with_arguments =
        prompt("test_prompt_with_arguments", "A prompt with two arguments", prompt_with_arguments);
    must(mcp_prompt_add_argument(with_arguments, MCP_STR("arg1"), MCP_NONE, MCP_STR("The first"), true, ERROR));
    must(mcp_prompt_add_argument(with_arguments, MCP_STR("arg2"), MCP_NONE, MCP_STR("The second"), true, ERROR));
    must(mcp_server_add_prompt(server, with_arguments, ERROR));

    mcp_prompt *embedded =
        prompt("test_prompt_with_embedded_resource", "A prompt with a resource", prompt_with_resource);
    must(mcp_prompt_add_argument(embedded, MCP_STR("resourceUri"), MCP_NONE, MCP_STR("Of the resource"), true, ERROR));
    must(mcp_server_add_prompt(server, embedded, ERROR));

    mcp_completion *completion;
    must(mcp_completion_new_prompt(MCP_STR("test_prompt_with_arguments"), complete_argument, NULL, NULL, &completion,
                                   ERROR));
    must(mcp_server_add_completion(server, completion, ERROR));
}

/* Lets the server have as many clients as the process may have descriptors. */
static void raise_limits(mcp_config *config) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    must(mcp_config_set_limit(config, MCP_STR("connections"), files.rlim_cur, ERROR));
    must(mcp_config_set_limit(config, MCP_STR("clients"), files.rlim_cur, ERROR));
    must(mcp_config_set_limit(config, MCP_STR("sessions"), files.rlim_cur, ERROR));
}

static void log_to_stderr(mcp_severity severity, mcp_str target, mcp_str message, mcp_str fields, void *unused) {
    if (severity <= MCP_SEVERITY_INFO)
        fprintf(stderr, "%.*s: %.*s %.*s\n", MCP_ARG(target), MCP_ARG(message), MCP_ARG(fields));
}

int main(int argc, char **argv) {
    if (argc != 3 || strcmp(argv[1], "--http") != 0) {
        fprintf(stderr, "usage: everything --http ADDRESS:PORT\n");
        return 2;
    }
    /* Blocked before the server starts its threads, so that only sigwait() below sees them. */
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);

    mcp_config *config;
    must(mcp_config_new(MCP_STR("everything"), mcp_version(), &config, ERROR));
    must(mcp_config_set_instructions(config, MCP_STR("Call any tool to see what MCP can do."), ERROR));
    must(mcp_config_listen_http(config, mcp_str_from(argv[2]), MCP_STR("/mcp"), ERROR));
    must(mcp_config_set_log(config, log_to_stderr, NULL, NULL, ERROR));
    raise_limits(config);
    must(mcp_server_new(config, &server, ERROR));
    add_tools();
    add_resources();
    add_prompts();
    must(mcp_server_start(server, ERROR));

    mcp_text *url;
    must(mcp_server_url(server, 0, &url, ERROR));
    printf("listening on %s\n", mcp_text_str(url).ptr);
    fflush(stdout);
    mcp_text_free(url);

    int signal;
    sigwait(&stop_signals, &signal);
    must(mcp_server_stop(server, 5000, NULL, ERROR));
    mcp_server_release(server);
    return 0;
}
