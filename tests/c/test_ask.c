/* Asking the client in the middle of a call, in both eras, with the same callback. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "host.h"

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}"

static event work = EVENT_INIT;

/* Asks for a city, and does a piece of work once however often it runs. */
static void ask_city(mcp_call *call, void *user_data) {
    mcp_action action = 0;
    mcp_str form = MCP_NONE, city = MCP_NONE, done = MCP_NONE;
    mcp_status status;
    (void)user_data;
    if (mcp_call_recall(call, MCP_STR("work"), &done, NULL) == MCP_ERR_NOT_FOUND) {
        event_raise(&work);
        CHECK_STATUS(mcp_call_remember(call, MCP_STR("work"), MCP_STR("nonsense"), NULL), MCP_ERR_INVALID_JSON);
        CHECK_STATUS(mcp_call_remember(call, MCP_STR("work"), MCP_STR("{\"n\":41}"), NULL), MCP_OK);
        CHECK_STATUS(mcp_call_recall(call, MCP_STR("work"), &done, NULL), MCP_OK);
        CHECK_STATUS(mcp_call_remember(call, MCP_STR("work"), MCP_STR("{\"n\":42}"), NULL), MCP_OK);
        CHECK_TEXT(done, "{\"n\":41}");
    } else {
        CHECK_TEXT(done, "{\"n\":42}");
    }
    status = mcp_call_elicit(call, MCP_STR("city"), MCP_STR("Which \"city\"?"), MCP_STR(SCHEMA), &action, &form, NULL);
    if (status == MCP_INPUT_REQUIRED) {
        CHECK(action == 0 && form.ptr == NULL);
        CHECK_STATUS(mcp_call_suspend(call, NULL), MCP_OK);
        CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("x"), NULL), MCP_ERR_FINISHED);
        return;
    }
    CHECK_STATUS(status, MCP_OK);
    if (action != MCP_ACTION_ACCEPT) {
        CHECK_TEXT(form, NULL);
        mcp_call_finish_text(call, action == MCP_ACTION_DECLINE ? MCP_STR("declined") : MCP_STR("cancelled"), NULL);
        return;
    }
    CHECK_STATUS(mcp_call_member_str(call, form, MCP_STR("city"), &city, NULL), MCP_OK);
    CHECK_STATUS(mcp_call_finish_text(call, city, NULL), MCP_OK);
}

/* The second round of a call of 2026-07-28. */
static char *modern_retry(uint16_t port, const char *tool, const char *first, const char *key, const char *reply) {
    char *state = member_text(first, "requestState");
    char params[8192];
    snprintf(params, sizeof params,
             "\"name\":\"%s\",\"arguments\":{},\"inputResponses\":{\"%s\":%s},\"requestState\":\"%s\"", tool, key,
             reply, state ? state : "");
    free(state);
    return modern_request(port, "tools/call", tool, params);
}

static void modern_clients_are_asked(void) {
    static const char *rounds[][2] = {
        {"{\"action\":\"accept\",\"content\":{\"city\":\"Li\\u00e8ge\"}}", "\"text\":\"Li\xc3\xa8ge\""},
        {"{\"action\":\"decline\"}", "\"text\":\"declined\""},
        {"{\"action\":\"cancel\"}", "\"text\":\"cancelled\""},
    };
    host host = host_new();
    int before = event_count(&work);
    host_add(&host, "ask", MCP_RUN_POOL, ask_city, NULL, NULL);
    host_start(&host);
    for (int i = 0; i < 3; i++) {
        char *first = modern_tool(host.port, "ask", "{}");
        char *second;
        CHECK_HAS(first, "\"resultType\":\"input_required\"");
        CHECK_HAS(first, "\"city\":{\"method\":\"elicitation/create\"");
        CHECK_HAS(first, "Which \\\"city\\\"?");
        second = modern_retry(host.port, "ask", first, "city", rounds[i][0]);
        CHECK_HAS(second, rounds[i][1]);
        free(first);
        free(second);
    }
    CHECK(event_count(&work) - before == 3);
    CHECK(host_metric(&host, "calls_held") == 0);
    host_end(&host);
}

static void sessions_are_asked(void) {
    host host = host_new();
    session session;
    char *seen;
    char reply[512];
    char *id;
    int fd, before = event_count(&work);
    host_add(&host, "ask", MCP_RUN_POOL, ask_city, NULL, NULL);
    host_start(&host);
    session = session_open(host.port, "2025-11-25");
    fd = session_post_begin(&session, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":"
                                      "{\"name\":\"ask\",\"arguments\":{}}}");
    seen = read_until(fd, "requestedSchema");
    CHECK_HAS(seen, "elicitation/create");
    id = seen ? strstr(seen, "\"id\":") : NULL;
    if (CHECK(id != NULL)) {
        id += strlen("\"id\":");
        snprintf(reply, sizeof reply,
                 "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"action\":\"accept\",\"content\":{\"city\":\"Bern\"}}}",
                 (int)strcspn(id, ",}"), id);
        free(session_post(&session, reply));
        free(seen);
        seen = read_until(fd, "\"text\":\"Bern\"");
        CHECK(seen != NULL);
    }
    free(seen);
    hang_up(fd);
    CHECK(event_count(&work) - before == 1);
    host_end(&host);
}

/* Asks three things at once, then says what it got. */
static void ask_all(mcp_call *call, void *user_data) {
    mcp_action action = 0;
    mcp_str roots = MCP_NONE, sample = MCP_NONE, uri = MCP_NONE;
    mcp_status statuses[3];
    (void)user_data;
    statuses[0] = mcp_call_list_roots(call, MCP_STR("roots"), &roots, NULL);
    statuses[1] = mcp_call_sample(call, MCP_STR("sample"), MCP_STR("{\"messages\":[],\"maxTokens\":5}"), &sample, NULL);
    statuses[2] = mcp_call_elicit_url(call, MCP_STR("url"), MCP_STR("Go"), MCP_STR("https://example.com/"), &action, NULL);
    if (statuses[0] == MCP_INPUT_REQUIRED) {
        CHECK(statuses[1] == MCP_INPUT_REQUIRED && statuses[2] == MCP_INPUT_REQUIRED);
        CHECK_STATUS(mcp_call_suspend(call, NULL), MCP_OK);
        return;
    }
    CHECK(statuses[0] == MCP_OK && statuses[1] == MCP_OK && statuses[2] == MCP_OK);
    CHECK(action == MCP_ACTION_ACCEPT);
    CHECK_HAS(roots.ptr, "file:///home");
    CHECK_HAS(sample.ptr, "assistant");
    CHECK_STATUS(mcp_call_member_json(call, roots, MCP_STR("roots"), &uri, NULL), MCP_OK);
    CHECK_TEXT(uri, "[{\"uri\":\"file:///home\"}]");
    mcp_call_finish_text(call, MCP_STR("all"), NULL);
}

static void several_questions_make_one_round(void) {
    host host = host_new();
    char *first, *second, *state;
    char params[8192];
    host_add(&host, "all", MCP_RUN_POOL, ask_all, NULL, NULL);
    host_start(&host);
    first = modern_tool(host.port, "all", "{}");
    CHECK_HAS(first, "\"roots\":{\"method\":\"roots/list\"");
    CHECK_HAS(first, "\"sample\":{\"method\":\"sampling/createMessage\"");
    CHECK_HAS(first, "\"url\":\"https://example.com/\"");
    state = member_text(first, "requestState");
    snprintf(params, sizeof params,
             "\"name\":\"all\",\"arguments\":{},\"requestState\":\"%s\",\"inputResponses\":{"
             "\"roots\":{\"roots\":[{\"uri\":\"file:///home\"}]},\"url\":{\"action\":\"accept\"},"
             "\"sample\":{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"t\"},\"model\":\"m\"}}",
             state ? state : "");
    second = modern_request(host.port, "tools/call", "all", params);
    CHECK_HAS(second, "\"text\":\"all\"");
    free(state);
    free(first);
    free(second);
    host_end(&host);
}

static void ask_badly(mcp_call *call, void *user_data) {
    mcp_str out = MCP_STR("unchanged");
    mcp_action action = 77;
    (void)user_data;
    CHECK_STATUS(mcp_call_ask(call, MCP_STR("k"), MCP_STR("tools/list"), MCP_NONE, &out, NULL),
                 MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_call_ask(call, MCP_STR(""), MCP_STR("roots/list"), MCP_NONE, &out, NULL),
                 MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_call_ask(call, MCP_STR("k"), MCP_STR("roots/list"), MCP_STR("[]"), &out, NULL),
                 MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_call_sample(call, MCP_STR("k"), MCP_STR("{"), &out, NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_call_elicit(call, MCP_STR("k"), MCP_STR("m"), MCP_STR("nonsense"), &action, &out, NULL),
                 MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_call_recall(call, MCP_STR("k"), &out, NULL), MCP_ERR_NOT_FOUND);
    CHECK_TEXT(out, "unchanged");
    CHECK(action == 77);
    mcp_call_finish_text(call, MCP_STR("refused"), NULL);
}

static void bad_questions_are_refused(void) {
    host host = host_new();
    char *answer;
    host_add(&host, "bad", MCP_RUN_POOL, ask_badly, NULL, NULL);
    host_start(&host);
    answer = modern_tool(host.port, "bad", "{}");
    CHECK_HAS(answer, "\"text\":\"refused\"");
    free(answer);
    host_end(&host);
}

/* Clients of 2025-03-26 know no elicitation. */
static void ask_who_cannot(mcp_call *call, void *user_data) {
    mcp_action action = 0;
    mcp_str form = MCP_NONE;
    mcp_error *error = NULL;
    (void)user_data;
    CHECK_STATUS(mcp_call_elicit(call, MCP_STR("k"), MCP_STR("m"), MCP_STR(SCHEMA), &action, &form, &error),
                 MCP_ERR_MISSING_CAPABILITY);
    CHECK_STATUS(mcp_error_status(error), MCP_ERR_MISSING_CAPABILITY);
    mcp_error_free(error);
    CHECK_STATUS(mcp_call_suspend(call, NULL), MCP_OK);
}

static void a_client_that_cannot_is_told(void) {
    host host = host_new();
    session session;
    char *answer;
    host_add(&host, "ask", MCP_RUN_POOL, ask_who_cannot, NULL, NULL);
    host_start(&host);
    session = session_open(host.port, "2025-03-26");
    answer = session_tool(&session, "ask", "{}");
    CHECK_HAS(answer, "\"isError\":true");
    CHECK_HAS(answer, "elicitation");
    free(answer);
    host_end(&host);
}

MAIN(TEST(modern_clients_are_asked), TEST(sessions_are_asked), TEST(several_questions_make_one_round),
     TEST(bad_questions_are_refused), TEST(a_client_that_cannot_is_told))
