/* Clients that come and go, and what is pushed to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "host.h"

typedef struct seen {
    pthread_mutex_t mutex;
    event came;
    event went;
    mcp_client_id client;
    mcp_client_kind kind;
    mcp_client_change change;
} seen;

#define SEEN_INIT {PTHREAD_MUTEX_INITIALIZER, EVENT_INIT, EVENT_INIT, 0, 0, 0}

static void see(mcp_client_id client, mcp_client_kind kind, mcp_client_change change, void *user_data) {
    seen *seen = user_data;
    pthread_mutex_lock(&seen->mutex);
    seen->client = client;
    seen->kind = kind;
    seen->change = change;
    pthread_mutex_unlock(&seen->mutex);
    event_raise(change == MCP_CLIENT_CONNECTED ? &seen->came : &seen->went);
}

static void answer_ok(mcp_call *call, void *user_data) {
    (void)user_data;
    mcp_call_finish_text(call, MCP_STR("ok"), NULL);
}

static mcp_resource *resource_of(const char *uri) {
    mcp_resource *resource = NULL;
    CHECK_STATUS(mcp_resource_new(mcp_str_from(uri), MCP_STR("r"), answer_ok, NULL, NULL, &resource, NULL), MCP_OK);
    return resource;
}

static host pushing_host(seen *seen) {
    host host = host_new();
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    CHECK_STATUS(mcp_server_add_resource(host.server, resource_of("test:a"), NULL), MCP_OK);
    CHECK_STATUS(mcp_server_set_client_listener(host.server, see, seen, NULL, NULL), MCP_OK);
    host_start(&host);
    return host;
}

static void a_listen_stream_is_a_client(void) {
    seen seen = SEEN_INIT;
    host host = pushing_host(&seen);
    mcp_text *clients = NULL;
    size_t count = 99;
    char *text;
    int fd = modern_listen(host.port);
    free(read_until(fd, "acknowledged"));
    CHECK(event_wait(&seen.came, 1));
    CHECK(seen.client != 0 && seen.kind == MCP_CLIENT_LISTEN);
    CHECK_STATUS(mcp_server_clients_json(host.server, &clients, NULL), MCP_OK);
    CHECK_HAS(mcp_text_str(clients).ptr, "\"kind\":\"listen\"");
    CHECK_HAS(mcp_text_str(clients).ptr, "\"revision\":\"2026-07-28\"");
    CHECK_HAS(mcp_text_str(clients).ptr, "\"name\":\"test\"");
    mcp_text_free(clients);

    CHECK_STATUS(mcp_server_list_changed(host.server, MCP_LIST_TOOLS, &count, NULL), MCP_OK);
    CHECK(count == 1);
    CHECK_STATUS(mcp_server_list_changed(host.server, 0, &count, NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_server_resource_updated(host.server, MCP_STR("test:a"), &count, NULL), MCP_OK);
    CHECK(count == 1);
    CHECK_STATUS(mcp_server_resource_updated(host.server, MCP_STR("test:b"), &count, NULL), MCP_OK);
    CHECK(count == 0);
    text = read_until(fd, "\"uri\":\"test:a\"");
    CHECK_HAS(text, "notifications/tools/list_changed");
    free(text);

    CHECK_STATUS(mcp_server_close_client(host.server, seen.client, NULL), MCP_OK);
    CHECK(event_wait(&seen.went, 1));
    CHECK(seen.change == MCP_CLIENT_CLOSED_BY_HOST);
    CHECK_STATUS(mcp_server_close_client(host.server, seen.client, NULL), MCP_ERR_NO_SUCH_CLIENT);
    hang_up(fd);
    host_end(&host);
}

static void a_session_is_a_client(void) {
    seen seen = SEEN_INIT;
    host host = pushing_host(&seen);
    session session = session_open(host.port, "2025-06-18");
    size_t count = 99;
    char *text;
    int fd;
    CHECK(event_wait(&seen.came, 1));
    CHECK(seen.kind == MCP_CLIENT_SESSION);
    CHECK_STATUS(mcp_server_notify_client(host.server, seen.client, MCP_STR("notifications/test"), MCP_NONE, NULL),
                 MCP_ERR_NO_STREAM);
    fd = session_stream(&session);
    free(read_until(fd, "\r\n\r\n"));
    CHECK_STATUS(mcp_server_notify_client(host.server, seen.client, MCP_STR("notifications/test"),
                                          MCP_STR("{\"to\":\"one\"}"), NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_server_notify_all(host.server, MCP_STR("notifications/test"), MCP_STR("{\"to\":\"all\"}"), &count,
                                       NULL),
                 MCP_OK);
    CHECK(count == 1);
    text = read_until(fd, "\"to\":\"all\"");
    CHECK_HAS(text, "\"to\":\"one\"");
    free(text);
    CHECK_STATUS(mcp_server_notify_client(host.server, seen.client, MCP_STR("notifications/resources/updated"),
                                          MCP_STR("{\"uri\":\"test:a\"}"), NULL),
                 MCP_ERR_NOT_SUBSCRIBED);
    CHECK_STATUS(mcp_server_notify_client(host.server, 123456, MCP_STR("m"), MCP_NONE, NULL), MCP_ERR_NO_SUCH_CLIENT);
    CHECK_STATUS(mcp_server_notify_client(host.server, seen.client, MCP_STR("m"), MCP_STR("[1]"), NULL),
                 MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_server_notify_all(host.server, MCP_STR(""), MCP_NONE, NULL, NULL), MCP_ERR_INVALID_ARGUMENT);
    hang_up(fd);
    CHECK_STATUS(mcp_server_stop(host.server, 2000, NULL, NULL), MCP_OK);
    CHECK(event_wait(&seen.went, 1));
    CHECK(seen.change == MCP_CLIENT_STOPPING);
    mcp_server_release(host.server);
}

typedef struct pusher {
    mcp_server *server;
    event stop;
    int sent;
} pusher;

static void *push_on(void *argument) {
    pusher *pusher = argument;
    while (event_count(&pusher->stop) == 0) {
        size_t count = 0;
        CHECK_STATUS(mcp_server_notify_all(pusher->server, MCP_STR("notifications/test"), MCP_NONE, &count, NULL),
                     MCP_OK);
        pusher->sent++;
        sleep_ms(1);
    }
    return NULL;
}

static void any_thread_may_push_while_clients_come_and_go(void) {
    seen seen = SEEN_INIT;
    host host = pushing_host(&seen);
    pthread_t threads[2];
    pusher pushers[2] = {{host.server, EVENT_INIT, 0}, {host.server, EVENT_INIT, 0}};
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, push_on, &pushers[i]);
    for (int i = 0; i < 20; i++) {
        session session = session_open(host.port, "2025-06-18");
        int stream = session_stream(&session);
        char *text = read_until(stream, "notifications/test");
        CHECK(text != NULL);
        free(text);
        CHECK_STATUS(mcp_server_add_resource(host.server, resource_of("test:new"), NULL), MCP_OK);
        CHECK_STATUS(mcp_server_remove_resource(host.server, MCP_STR("test:new"), NULL), MCP_OK);
        reset(stream);
    }
    CHECK_STATUS(mcp_server_stop(host.server, 3000, NULL, NULL), MCP_OK);
    for (int i = 0; i < 2; i++) {
        event_raise(&pushers[i].stop);
        pthread_join(threads[i], NULL);
        CHECK(pushers[i].sent > 0);
    }
    mcp_server_release(host.server);
}

static event closed_inside = EVENT_INIT;

/* A listener that pushes to and closes the client it is told of. */
static void close_at_once(mcp_client_id client, mcp_client_kind kind, mcp_client_change change, void *user_data) {
    mcp_server **server = user_data;
    (void)kind;
    if (change != MCP_CLIENT_CONNECTED) return;
    mcp_server_notify_client(*server, client, MCP_STR("notifications/test"), MCP_NONE, NULL);
    CHECK_STATUS(mcp_server_wait(*server, NULL), MCP_ERR_DEADLOCK);
    CHECK_STATUS(mcp_server_close_client(*server, client, NULL), MCP_OK);
    event_raise(&closed_inside);
}

static void a_listener_may_use_the_server(void) {
    host host = host_new();
    int fd;
    CHECK_STATUS(mcp_server_set_client_listener(host.server, close_at_once, &host.server, NULL, NULL), MCP_OK);
    host_add(&host, "ok", MCP_RUN_POOL, answer_ok, NULL, NULL);
    host_start(&host);
    fd = modern_listen(host.port);
    CHECK(event_wait(&closed_inside, 1));
    hang_up(fd);
    host_end(&host);
}

MAIN(TEST(a_listen_stream_is_a_client), TEST(a_session_is_a_client),
     TEST(any_thread_may_push_while_clients_come_and_go), TEST(a_listener_may_use_the_server))
