/* Cancellation: how a callback learns of it, and what becomes of its answer. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "client.h"
#include "host.h"

typedef struct watch {
    event running;
    event told;
    event dropped;
    event ended;
    mcp_cancel_reason reason;
} watch;

#define WATCH_INIT {EVENT_INIT, EVENT_INIT, EVENT_INIT, EVENT_INIT, 0}

static void told(mcp_cancel_reason reason, void *user_data) {
    watch *watch = user_data;
    watch->reason = reason;
    event_raise(&watch->told);
}

static void drop_watch(void *user_data) { event_raise(&((watch *)user_data)->dropped); }

static void wait_for_cancel(mcp_call *call, void *user_data) {
    watch *watch = user_data;
    CHECK_STATUS(mcp_call_on_cancel(call, told, watch, drop_watch, NULL), MCP_OK);
    event_raise(&watch->running);
    CHECK(event_wait(&watch->told, 1));
    CHECK(mcp_call_is_cancelled(call) == watch->reason);
    CHECK_STATUS(mcp_call_progress(call, 1, 0, MCP_NONE, NULL), MCP_ERR_CANCELLED);
    CHECK_STATUS(mcp_call_notify(call, MCP_STR("m"), MCP_NONE, NULL), MCP_ERR_CANCELLED);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("too late"), NULL), MCP_ERR_CANCELLED);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("even later"), NULL), MCP_ERR_FINISHED);
    event_raise(&watch->ended);
}

static void a_disconnect_cancels(void) {
    host host = host_new();
    watch watch = WATCH_INIT;
    int client;
    host_add(&host, "wait", MCP_RUN_POOL, wait_for_cancel, &watch, NULL);
    host_start(&host);
    client = modern_tool_begin(host.port, "wait", "{}");
    CHECK(event_wait(&watch.running, 1));
    hang_up(client);
    CHECK(event_wait(&watch.ended, 1));
    CHECK(watch.reason == MCP_CANCEL_DISCONNECTED);
    CHECK(event_wait(&watch.dropped, 1));
    host_end(&host);
    CHECK(event_count(&watch.dropped) == 1);
    CHECK(event_count(&watch.told) == 1);
}

static void a_client_cancels(void) {
    host host = host_new();
    watch watch = WATCH_INIT;
    session session;
    int client;
    host_add(&host, "wait", MCP_RUN_POOL, wait_for_cancel, &watch, NULL);
    host_start(&host);
    session = session_open(host.port, "2025-06-18");
    client = session_post_begin(&session, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":"
                                          "{\"name\":\"wait\",\"arguments\":{}}}");
    CHECK(event_wait(&watch.running, 1));
    free(session_post(&session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
                                "{\"requestId\":7}}"));
    CHECK(event_wait(&watch.ended, 1));
    CHECK(watch.reason == MCP_CANCEL_CLIENT);
    hang_up(client);
    host_end(&host);
    CHECK(event_count(&watch.dropped) == 1);
}

static void a_stop_cancels(void) {
    host host = host_new();
    watch watch = WATCH_INIT;
    mcp_text *report = NULL;
    int client;
    host_add(&host, "wait", MCP_RUN_POOL, wait_for_cancel, &watch, NULL);
    host_start(&host);
    client = modern_tool_begin(host.port, "wait", "{}");
    CHECK(event_wait(&watch.running, 1));
    CHECK_STATUS(mcp_server_stop(host.server, 800, &report, NULL), MCP_OK);
    CHECK_HAS(mcp_text_str(report).ptr, "\"cancelled\":1");
    CHECK(event_wait(&watch.ended, 1));
    CHECK(watch.reason == MCP_CANCEL_STOPPING);
    mcp_text_free(report);
    hang_up(client);
    mcp_server_release(host.server);
    CHECK(event_count(&watch.dropped) == 1);
}

typedef struct replaced {
    event told[2];
    event dropped[2];
} replaced;

static void told_first(mcp_cancel_reason reason, void *user_data) {
    (void)reason;
    event_raise(&((replaced *)user_data)->told[0]);
}

static void drop_first(void *user_data) { event_raise(&((replaced *)user_data)->dropped[0]); }

static void told_second(mcp_cancel_reason reason, void *user_data) {
    (void)reason;
    event_raise(&((replaced *)user_data)->told[1]);
}

static void drop_second(void *user_data) { event_raise(&((replaced *)user_data)->dropped[1]); }

static void set_twice(mcp_call *call, void *user_data) {
    replaced *replaced = user_data;
    CHECK_STATUS(mcp_call_on_cancel(call, told_first, replaced, drop_first, NULL), MCP_OK);
    CHECK_STATUS(mcp_call_on_cancel(call, told_second, replaced, drop_second, NULL), MCP_OK);
    CHECK(event_count(&replaced->dropped[0]) == 1);
    CHECK(event_count(&replaced->dropped[1]) == 0);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("done"), NULL), MCP_OK);
    /* The end of the call is the end of its callback, at once. */
    CHECK(event_count(&replaced->dropped[1]) == 1);
    CHECK_STATUS(mcp_call_on_cancel(call, told_first, replaced, drop_first, NULL), MCP_ERR_FINISHED);
    CHECK(event_count(&replaced->dropped[0]) == 2);
    CHECK_STATUS(mcp_call_on_cancel(NULL, NULL, replaced, drop_first, NULL), MCP_ERR_NULL);
    CHECK(event_count(&replaced->dropped[0]) == 3);
}

static void callbacks_of_cancellation_are_dropped_once(void) {
    host host = host_new();
    replaced replaced = {{EVENT_INIT, EVENT_INIT}, {EVENT_INIT, EVENT_INIT}};
    char *answer;
    host_add(&host, "set", MCP_RUN_POOL, set_twice, &replaced, NULL);
    host_start(&host);
    answer = modern_tool(host.port, "set", "{}");
    CHECK_HAS(answer, "\"text\":\"done\"");
    free(answer);
    host_end(&host);
    CHECK(event_count(&replaced.told[0]) == 0 && event_count(&replaced.told[1]) == 0);
}

typedef struct reentrant {
    event running;
    event done;
    mcp_server *server;
    mcp_call *call;
} reentrant;

/* Uses the call and the server from inside the callback of the cancellation. */
static void end_from_cancel(mcp_cancel_reason reason, void *user_data) {
    reentrant *reentrant = user_data;
    (void)reason;
    CHECK_TEXT(mcp_call_name(reentrant->call), "again");
    CHECK_STATUS(mcp_call_finish_text(reentrant->call, MCP_STR("x"), NULL), MCP_ERR_CANCELLED);
    CHECK_STATUS(mcp_server_wait(reentrant->server, NULL), MCP_ERR_DEADLOCK);
    event_raise(&reentrant->done);
}

static void keep_for_cancel(mcp_call *call, void *user_data) {
    reentrant *reentrant = user_data;
    reentrant->call = call;
    CHECK_STATUS(mcp_call_on_cancel(call, end_from_cancel, reentrant, NULL, NULL), MCP_OK);
    event_raise(&reentrant->running);
}

static void a_call_may_end_inside_its_cancellation(void) {
    host host = host_new();
    reentrant reentrant = {EVENT_INIT, EVENT_INIT, host.server, NULL};
    int client;
    host_add(&host, "again", MCP_RUN_INLINE, keep_for_cancel, &reentrant, NULL);
    host_start(&host);
    client = modern_tool_begin(host.port, "again", "{}");
    CHECK(event_wait(&reentrant.running, 1));
    hang_up(client);
    CHECK(event_wait(&reentrant.done, 1));
    CHECK(host_metric(&host, "calls_held") == 0);
    host_end(&host);
}

MAIN(TEST(a_disconnect_cancels), TEST(a_client_cancels), TEST(a_stop_cancels),
     TEST(callbacks_of_cancellation_are_dropped_once), TEST(a_call_may_end_inside_its_cancellation))
