/* The process around the library: fork, exit, signals. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "client.h"
#include "host.h"

static void answer_ok(mcp_call *call, void *user_data) {
    (void)user_data;
    mcp_call_finish_text(call, MCP_STR("ok"), NULL);
}

/* Waits for a child, kills one that hangs, and gives its exit status: 128 and more for a signal. */
static int child_status(pid_t child) {
    int status = 0;
    for (int tries = 0; tries < 500 * slowness(); tries++) {
        pid_t done = waitpid(child, &status, WNOHANG);
        if (done == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        sleep_ms(20);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return 255;
}

static mcp_call *held;
static event holding = EVENT_INIT;

static void hold(mcp_call *call, void *user_data) {
    (void)user_data;
    held = call;
    event_raise(&holding);
}

/* In the child: the first thing that is not answered with MCP_ERR_FORKED, or 0. */
static int use_all(mcp_server *server) {
    mcp_config *config = NULL;
    mcp_server *made = NULL;
    mcp_tool *tool = NULL;
    mcp_text *text = NULL;
    size_t sent;
    uint16_t port;
    if (mcp_server_start(server, NULL) != MCP_ERR_FORKED) return 1;
    if (mcp_server_stop(server, 1000, NULL, NULL) != MCP_ERR_FORKED) return 2;
    if (mcp_server_wait(server, NULL) != MCP_ERR_FORKED) return 3;
    if (mcp_server_notify_client(server, 1, MCP_STR("m"), MCP_NONE, NULL) != MCP_ERR_FORKED) return 4;
    if (mcp_server_notify_all(server, MCP_STR("m"), MCP_NONE, &sent, NULL) != MCP_ERR_FORKED) return 5;
    if (mcp_server_list_changed(server, MCP_LIST_TOOLS, NULL, NULL) != MCP_ERR_FORKED) return 6;
    if (mcp_server_resource_updated(server, MCP_STR("a:b"), NULL, NULL) != MCP_ERR_FORKED) return 7;
    if (mcp_server_clients_json(server, &text, NULL) != MCP_ERR_FORKED) return 8;
    if (mcp_server_metrics_json(server, &text, NULL) != MCP_ERR_FORKED) return 9;
    if (mcp_server_port(server, 0, &port, NULL) != MCP_ERR_FORKED) return 10;
    if (mcp_server_close_client(server, 1, NULL) != MCP_ERR_FORKED) return 11;
    if (mcp_tool_new(MCP_STR("t"), MCP_NONE, answer_ok, NULL, NULL, &tool, NULL) != MCP_OK) return 12;
    if (mcp_server_add_tool(server, tool, NULL) != MCP_ERR_FORKED) return 13;
    if (mcp_call_finish_text(held, MCP_STR("from the child"), NULL) != MCP_ERR_FORKED) return 14;
    if (mcp_call_is_cancelled(held) != MCP_CANCEL_ENDED) return 15;
    if (mcp_config_new(MCP_STR("c"), MCP_STR("1"), &config, NULL) != MCP_OK) return 16;
    if (mcp_server_new(config, &made, NULL) != MCP_ERR_FORKED) return 17;
    if (mcp_server_is_running(server)) return 18;
    mcp_call_drop(held);
    mcp_server_release(server);
    return 0;
}

static void a_forked_child_has_no_server(void) {
    host host = host_new();
    char *answer;
    int client, report[2];
    uint8_t found = 255;
    pid_t child;
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    host_add(&host, "hold", MCP_RUN_INLINE, hold, NULL, NULL);
    host_start(&host);
    client = modern_tool_begin(host.port, "hold", "{}");
    CHECK(event_wait(&holding, 1));
    CHECK(pipe(report) == 0);
    child = fork();
    if (child == 0) {
        /* Told through a pipe: under valgrind the status of a forked child speaks of what the parent's threads left. */
        uint8_t found = (uint8_t)use_all(host.server);
        _exit(write(report[1], &found, 1) == 1 ? 0 : 1);
    }
    child_status(child);
    close(report[1]);
    CHECK(read(report[0], &found, 1) == 1);
    if (!CHECK(found == 0)) printf("# step %d of use_all()\n", found);
    close(report[0]);
    answer = modern_tool(host.port, "ok", "{}");
    CHECK_HAS(answer, "\"text\":\"ok\"");
    free(answer);
    CHECK_STATUS(mcp_call_finish_text(held, MCP_STR("from the parent"), NULL), MCP_OK);
    answer = read_answer(client);
    CHECK_HAS(answer, "from the parent");
    free(answer);
    hang_up(client);
    host_end(&host);
}

static const char *program;

/* What a program does that never stops its server: started anew, as a child of threads cannot use one. */
static void run_self(const char *role, int wanted) {
    pid_t child = fork();
    if (child == 0) {
        setenv("TEST_ROLE", role, 1);
        execl(program, program, (char *)NULL);
        _exit(99);
    }
    int status = child_status(child);
    if (!CHECK(status == wanted)) printf("# %s ended with %d, not %d\n", role, status, wanted);
}

static void a_process_exits_without_stopping(void) {
    run_self("exit", 7);
    run_self("return", 8);
    run_self("exit inside", 9);
}

static void a_client_that_hangs_up_kills_nobody(void) { run_self("sigpipe", 0); }

static void exit_inside(mcp_call *call, void *user_data) {
    (void)call, (void)user_data;
    exit(9);
}

static event flooding = EVENT_INIT;

/* Writes for as long as anybody may listen. */
static void flood(mcp_call *call, void *user_data) {
    static char text[20000];
    (void)user_data;
    memset(text, 'x', sizeof text - 1);
    event_raise(&flooding);
    for (int i = 0; i < 20000 && mcp_call_is_cancelled(call) == MCP_CANCEL_NONE; i++) {
        mcp_call_log(call, MCP_LEVEL_INFO, MCP_NONE, mcp_str_from(text), NULL);
    }
    mcp_call_finish_text(call, MCP_STR("flooded"), NULL);
}

/* Hangs up on streams of every kind in the middle of them, with SIGPIPE as it is for most programs. */
static int survive_sigpipe(void) {
    host host = host_new();
    session session;
    char *answer;
    int fd, alive;
    signal(SIGPIPE, SIG_DFL);
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    host_add(&host, "flood", MCP_RUN_POOL, flood, NULL, NULL);
    host_start(&host);
    for (int i = 1; i <= 10; i++) {
        fd = modern_tool_begin(host.port, "flood", "{}");
        event_wait(&flooding, i);
        sleep_ms(i);
        if (i % 2) {
            reset(fd);
        } else {
            hang_up(fd);
        }
    }
    session = session_open(host.port, "2025-06-18");
    fd = session_stream(&session);
    free(read_until(fd, "\r\n\r\n"));
    reset(fd);
    for (int i = 0; i < 200; i++) {
        mcp_server_notify_all(host.server, MCP_STR("notifications/test"), MCP_STR("{\"x\":\"yyyyyyyyyyyy\"}"), NULL,
                              NULL);
    }
    fd = modern_listen(host.port);
    free(read_until(fd, "acknowledged"));
    reset(fd);
    for (int i = 0; i < 200; i++) {
        mcp_server_list_changed(host.server, MCP_LIST_TOOLS, NULL, NULL);
        sleep_ms(1);
    }
    answer = modern_tool(host.port, "ok", "{}");
    alive = answer != NULL && strstr(answer, "\"text\":\"ok\"") != NULL;
    free(answer);
    host_end(&host);
    return alive ? 0 : 1;
}

static int play(const char *role) {
    static host host;
    if (strcmp(role, "sigpipe") == 0) return survive_sigpipe();
    host = host_new();
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    host_add(&host, "exit", MCP_RUN_POOL, exit_inside, NULL, NULL);
    host_start(&host);
    free(modern_tool(host.port, "ok", "{}"));
    if (strcmp(role, "exit") == 0) exit(7);
    if (strcmp(role, "return") == 0) return 8;
    free(modern_tool(host.port, "exit", "{}"));
    return 1;
}

static void signals_are_left_alone(void) {
    host host = host_new();
    struct sigaction before[32], after;
    for (int number = 1; number < 32; number++) sigaction(number, NULL, &before[number]);
    host_start(&host);
    free(modern_tool(host.port, "none", "{}"));
    for (int number = 1; number < 32; number++) {
        sigaction(number, NULL, &after);
        CHECK(after.sa_handler == before[number].sa_handler && after.sa_flags == before[number].sa_flags);
    }
    host_end(&host);
}

static const test tests[] = {TEST(a_forked_child_has_no_server), TEST(a_process_exits_without_stopping),
                             TEST(a_client_that_hangs_up_kills_nobody), TEST(signals_are_left_alone)};

int main(int count, char **arguments) {
    const char *role = getenv("TEST_ROLE");
    (void)count;
    program = arguments[0];
    return role ? play(role) : run_tests(tests, sizeof tests / sizeof *tests);
}
