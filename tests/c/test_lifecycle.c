/* Starting, stopping and waiting, in every place where a host may do so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "client.h"
#include "host.h"

static void answer_ok(mcp_call *call, void *user_data) {
    (void)user_data;
    mcp_call_finish_text(call, MCP_STR("ok"), NULL);
}

static void endpoints_are_told(void) {
    host host = host_new();
    mcp_text *url = NULL;
    uint16_t port = 7;
    char wanted[64];
    CHECK(!mcp_server_is_running(host.server));
    CHECK_STATUS(mcp_server_port(host.server, 0, &port, NULL), MCP_ERR_NOT_FOUND);
    CHECK(port == 7);
    host_start(&host);
    CHECK(mcp_server_is_running(host.server));
    CHECK(host.port != 0);
    CHECK_STATUS(mcp_server_port(host.server, 1, &port, NULL), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(mcp_server_url(host.server, 1, &url, NULL), MCP_ERR_NOT_FOUND);
    CHECK(url == NULL);
    CHECK_STATUS(mcp_server_url(host.server, 0, &url, NULL), MCP_OK);
    snprintf(wanted, sizeof wanted, "http://127.0.0.1:%u/mcp", host.port);
    CHECK_TEXT(mcp_text_str(url), wanted);
    mcp_text_free(url);
    host_end(&host);
}

static void states_are_kept(void) {
    host host = host_new();
    mcp_error *error = NULL;
    mcp_text *report = NULL;
    CHECK_STATUS(mcp_server_stop(host.server, 100, &report, &error), MCP_ERR_WRONG_STATE);
    CHECK(report == NULL);
    mcp_error_free(error);
    CHECK_STATUS(mcp_server_wait(host.server, NULL), MCP_OK);
    host_start(&host);
    CHECK_STATUS(mcp_server_start(host.server, NULL), MCP_ERR_WRONG_STATE);
    CHECK_STATUS(mcp_server_stop(host.server, UINT64_MAX, &report, NULL), MCP_OK);
    CHECK_TEXT(mcp_text_str(report), "{\"cancelled\":0,\"running\":[]}");
    mcp_text_free(report);
    CHECK(!mcp_server_is_running(host.server));
    CHECK_STATUS(mcp_server_stop(host.server, 0, NULL, NULL), MCP_ERR_WRONG_STATE);
    mcp_server_release(host.server);
}

static void a_port_in_use_is_an_error(void) {
    host first = host_new();
    mcp_config *config = NULL;
    mcp_server *second = NULL;
    mcp_error *error = NULL;
    char address[32];
    host_start(&first);
    snprintf(address, sizeof address, "127.0.0.1:%u", first.port);
    CHECK_STATUS(mcp_config_new(MCP_STR("second"), MCP_STR("1"), &config, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_listen_http(config, mcp_str_from(address), MCP_NONE, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_new(config, &second, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_start(second, &error), MCP_ERR_IO);
    CHECK_HAS(mcp_error_message(error).ptr, address);
    mcp_error_free(error);
    CHECK(!mcp_server_is_running(second));
    mcp_server_release(second);
    host_end(&first);
}

static void stop_inside(mcp_call *call, void *user_data) {
    host *host = user_data;
    CHECK_STATUS(mcp_server_wait(host->server, NULL), MCP_ERR_DEADLOCK);
    CHECK_STATUS(mcp_server_stop(host->server, 2000, NULL, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_wait(host->server, NULL), MCP_ERR_DEADLOCK);
    mcp_call_finish_text(call, MCP_STR("stopping"), NULL);
}

static void a_callback_may_stop(void) {
    static const mcp_run runs[] = {MCP_RUN_POOL, MCP_RUN_INLINE};
    for (int i = 0; i < 2; i++) {
        host host = host_new();
        char *answer;
        host_add(&host, "stop", runs[i], stop_inside, &host, NULL);
        host_start(&host);
        answer = modern_tool(host.port, "stop", "{}");
        CHECK_HAS(answer, "\"text\":\"stopping\"");
        free(answer);
        CHECK_STATUS(mcp_server_wait(host.server, NULL), MCP_OK);
        CHECK(!mcp_server_is_running(host.server));
        mcp_server_release(host.server);
    }
}

typedef struct stuck {
    event running;
    event release;
    event returned;
} stuck;

static void hang(mcp_call *call, void *user_data) {
    stuck *stuck = user_data;
    event_raise(&stuck->running);
    event_wait(&stuck->release, 1);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("late"), NULL), MCP_ERR_CANCELLED);
    event_raise(&stuck->returned);
}

static void a_stop_names_what_does_not_stop(void) {
    host host = host_new();
    stuck stuck = {EVENT_INIT, EVENT_INIT, EVENT_INIT};
    mcp_text *report = NULL;
    double begun;
    int client;
    host_add(&host, "hang", MCP_RUN_POOL, hang, &stuck, NULL);
    host_start(&host);
    client = modern_tool_begin(host.port, "hang", "{}");
    CHECK(event_wait(&stuck.running, 1));
    begun = now_ms();
    CHECK_STATUS(mcp_server_stop(host.server, 400, &report, NULL), MCP_OK);
    CHECK(now_ms() - begun < 1000 * slowness());
    CHECK_HAS(mcp_text_str(report).ptr, "\"kind\":\"tool\",\"name\":\"hang\"");
    mcp_text_free(report);
    mcp_server_release(host.server);
    event_raise(&stuck.release);
    CHECK(event_wait(&stuck.returned, 1));
    hang_up(client);
}

static void count(mcp_call *call, void *user_data) {
    event_raise(user_data);
    mcp_call_finish_text(call, mcp_call_name(call), NULL);
}

static void two_servers_live_side_by_side(void) {
    host first = host_new(), second = host_new();
    event first_calls = EVENT_INIT, second_calls = EVENT_INIT;
    char *answer;
    host_add(&first, "a", MCP_RUN_INLINE, count, &first_calls, NULL);
    host_add(&second, "b", MCP_RUN_POOL, count, &second_calls, NULL);
    host_start(&first);
    host_start(&second);
    CHECK(first.port != second.port);
    answer = modern_tool(first.port, "b", "{}");
    CHECK_HAS(answer, "-32602");
    free(answer);
    answer = modern_tool(first.port, "a", "{}");
    CHECK_HAS(answer, "\"text\":\"a\"");
    free(answer);
    host_end(&first);
    answer = modern_tool(second.port, "b", "{}");
    CHECK_HAS(answer, "\"text\":\"b\"");
    free(answer);
    host_end(&second);
    CHECK(event_count(&first_calls) == 1 && event_count(&second_calls) == 1);
}

static long resident_kib(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    if (file) fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void start_and_stop(void) {
    host host = host_new();
    char *answer;
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    host_start(&host);
    answer = modern_tool(host.port, "ok", "{}");
    CHECK_HAS(answer, "\"text\":\"ok\"");
    free(answer);
    CHECK_STATUS(mcp_server_stop(host.server, 5000, NULL, NULL), MCP_OK);
    mcp_server_release(host.server);
}

static void a_hundred_servers_leave_nothing(void) {
    long before;
    for (int i = 0; i < 20; i++) start_and_stop();
    before = resident_kib();
    for (int i = 0; i < 100; i++) start_and_stop();
    /* A leak of one server each time would be megabytes; the sanitizers keep what was freed for a while. */
    if (slowness() == 1) CHECK(resident_kib() - before < 1024);
}

static void a_server_starts_again(void) {
    host host = host_new();
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    for (int i = 0; i < 100; i++) {
        char *answer;
        host_start(&host);
        answer = modern_tool(host.port, "ok", "{}");
        CHECK_HAS(answer, "\"text\":\"ok\"");
        free(answer);
        CHECK_STATUS(mcp_server_stop(host.server, 5000, NULL, NULL), MCP_OK);
    }
    CHECK_STATUS(mcp_server_wait(host.server, NULL), MCP_OK);
    mcp_server_release(host.server);
}

static void release_stops(void) {
    host host = host_new();
    mcp_server *second;
    host_start(&host);
    second = mcp_server_retain(host.server);
    CHECK(second == host.server);
    mcp_server_release(host.server);
    CHECK(mcp_server_is_running(second));
    mcp_server_release(second);
    CHECK(modern_tool(host.port, "x", "{}") == NULL);
}

typedef struct owner {
    mcp_server *server;
    event released;
} owner;

static void release_last(mcp_call *call, void *user_data) {
    owner *owner = user_data;
    mcp_call_finish_text(call, MCP_STR("gone"), NULL);
    mcp_server_release(owner->server);
    event_raise(&owner->released);
}

static void a_callback_may_release_the_last(void) {
    static const mcp_run runs[] = {MCP_RUN_POOL, MCP_RUN_INLINE};
    for (int i = 0; i < 2; i++) {
        host host = host_new();
        owner owner = {host.server, EVENT_INIT};
        char *answer;
        host_add(&host, "release", runs[i], release_last, &owner, NULL);
        host_start(&host);
        answer = modern_tool(host.port, "release", "{}");
        if (answer) CHECK_HAS(answer, "\"text\":\"gone\"");
        free(answer);
        CHECK(event_wait(&owner.released, 1));
        /* Until it is gone: the callback's data lives on the stack of this test. */
        for (int tries = 0; tries < 500 && (answer = modern_tool(host.port, "x", "{}")) != NULL; tries++) {
            free(answer);
            sleep_ms(20);
        }
    }
}

static void *wait_for_the_end(void *server) {
    CHECK_STATUS(mcp_server_wait(server, NULL), MCP_OK);
    return NULL;
}

static void other_threads_wait(void) {
    host host = host_new();
    pthread_t threads[3];
    host_start(&host);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, wait_for_the_end, host.server);
    sleep_ms(50);
    CHECK_STATUS(mcp_server_stop(host.server, 5000, NULL, NULL), MCP_OK);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    mcp_server_release(host.server);
}

MAIN(TEST(endpoints_are_told), TEST(states_are_kept), TEST(a_port_in_use_is_an_error), TEST(a_callback_may_stop),
     TEST(a_stop_names_what_does_not_stop), TEST(two_servers_live_side_by_side), TEST(a_hundred_servers_leave_nothing),
     TEST(a_server_starts_again), TEST(release_stops), TEST(a_callback_may_release_the_last), TEST(other_threads_wait))
