/* `drop` runs exactly once for each `user_data`, on every path. */
#include <stdlib.h>

#include "check.h"
#include "client.h"
#include "host.h"

static void answer_ok(mcp_call *call, void *user_data) {
    (void)user_data;
    mcp_call_finish_text(call, MCP_STR("ok"), NULL);
}

static void ignore_client(mcp_client_id client, mcp_client_kind kind, mcp_client_change change, void *user_data) {
    (void)client, (void)kind, (void)change, (void)user_data;
}

static void ignore_log(mcp_severity severity, mcp_str target, mcp_str message, mcp_str fields, void *user_data) {
    (void)severity, (void)target, (void)message, (void)fields, (void)user_data;
}

static void definitions_that_cannot_be_made_drop(void) {
    event dropped = EVENT_INIT;
    mcp_tool *tool = NULL;
    mcp_resource *resource = NULL;
    mcp_prompt *prompt = NULL;
    mcp_completion *completion = NULL;
    int wanted = 0;
    CHECK_STATUS(mcp_tool_new(MCP_STR("t"), MCP_NONE, NULL, &dropped, drop_raises, &tool, NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK_STATUS(mcp_tool_new(MCP_NONE, MCP_NONE, answer_ok, &dropped, drop_raises, &tool, NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK_STATUS(mcp_tool_new(MCP_STR("t"), MCP_STR("{"), answer_ok, &dropped, drop_raises, &tool, NULL),
                 MCP_ERR_INVALID_JSON);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK_STATUS(mcp_tool_new(MCP_STR("t"), MCP_NONE, answer_ok, &dropped, drop_raises, NULL, NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK_STATUS(mcp_resource_new(MCP_NONE, MCP_STR("n"), answer_ok, &dropped, drop_raises, &resource, NULL),
                 MCP_ERR_NULL);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK_STATUS(mcp_prompt_new(MCP_STR("\xff"), answer_ok, &dropped, drop_raises, &prompt, NULL),
                 MCP_ERR_INVALID_UTF8);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK_STATUS(mcp_completion_new_prompt(MCP_NONE, answer_ok, &dropped, drop_raises, &completion, NULL),
                 MCP_ERR_NULL);
    CHECK(event_count(&dropped) == ++wanted);
    CHECK(tool == NULL && resource == NULL && prompt == NULL && completion == NULL);
}

static void definitions_that_are_freed_drop(void) {
    event dropped = EVENT_INIT;
    mcp_tool *tool = NULL;
    mcp_resource *resource = NULL;
    mcp_prompt *prompt = NULL;
    mcp_completion *completion = NULL;
    CHECK_STATUS(mcp_tool_new(MCP_STR("t"), MCP_NONE, answer_ok, &dropped, drop_raises, &tool, NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_new(MCP_STR("a:b"), MCP_STR("n"), answer_ok, &dropped, drop_raises, &resource, NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_prompt_new(MCP_STR("p"), answer_ok, &dropped, drop_raises, &prompt, NULL), MCP_OK);
    CHECK_STATUS(
        mcp_completion_new_resource(MCP_STR("a:{b}"), answer_ok, &dropped, drop_raises, &completion, NULL), MCP_OK);
    CHECK(event_count(&dropped) == 0);
    mcp_tool_free(tool);
    CHECK(event_count(&dropped) == 1);
    mcp_resource_free(resource);
    CHECK(event_count(&dropped) == 2);
    mcp_prompt_free(prompt);
    CHECK(event_count(&dropped) == 3);
    mcp_completion_free(completion);
    CHECK(event_count(&dropped) == 4);
}

static mcp_tool *tool_of(const char *name, const char *schema, event *dropped) {
    mcp_tool *tool = NULL;
    CHECK_STATUS(mcp_tool_new(mcp_str_from(name), mcp_str_from(schema), answer_ok, dropped, drop_raises, &tool, NULL),
                 MCP_OK);
    return tool;
}

static void registering_that_fails_drops(void) {
    host host = host_new();
    event dropped = EVENT_INIT, kept = EVENT_INIT;
    CHECK_STATUS(mcp_server_add_tool(host.server, tool_of("t", NULL, &kept), NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_tool(host.server, tool_of("t", NULL, &dropped), NULL), MCP_ERR_ALREADY_EXISTS);
    CHECK(event_count(&dropped) == 1);
    CHECK_STATUS(mcp_server_add_tool(host.server, tool_of("", NULL, &dropped), NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK(event_count(&dropped) == 2);
    CHECK_STATUS(mcp_server_add_tool(host.server, tool_of("s", "{\"type\":\"object\",\"properties\":7}", &dropped), NULL),
                 MCP_ERR_INVALID_SCHEMA);
    CHECK(event_count(&dropped) == 3);
    CHECK_STATUS(mcp_server_add_tool(NULL, tool_of("s", NULL, &dropped), NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == 4);
    CHECK(event_count(&kept) == 0);
    mcp_server_release(host.server);
    CHECK(event_count(&kept) == 1);
}

static void removing_drops(void) {
    host host = host_new();
    event dropped = EVENT_INIT;
    char *answer;
    host_add(&host, "t", MCP_RUN_POOL, answer_ok, &dropped, drop_raises);
    host_start(&host);
    answer = modern_tool(host.port, "t", "{}");
    CHECK_HAS(answer, "\"text\":\"ok\"");
    free(answer);
    CHECK(event_count(&dropped) == 0);
    CHECK_STATUS(mcp_server_remove_tool(host.server, MCP_STR("t"), NULL), MCP_OK);
    CHECK(event_wait(&dropped, 1));
    CHECK_STATUS(mcp_server_remove_tool(host.server, MCP_STR("t"), NULL), MCP_ERR_NOT_FOUND);
    host_end(&host);
    CHECK(event_count(&dropped) == 1);
}

static void a_server_that_goes_drops_everything(void) {
    event dropped = EVENT_INIT;
    mcp_config *config = host_config();
    host host = {NULL, 0};
    mcp_resource *resource = NULL;
    mcp_prompt *prompt = NULL;
    mcp_completion *completion = NULL;
    char *answer;
    CHECK_STATUS(mcp_config_set_log(config, ignore_log, &dropped, drop_raises, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_new(config, &host.server, NULL), MCP_OK);
    host_add(&host, "t", MCP_RUN_INLINE, answer_ok, &dropped, drop_raises);
    CHECK_STATUS(mcp_resource_new(MCP_STR("a:b"), MCP_STR("n"), answer_ok, &dropped, drop_raises, &resource, NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_server_add_resource(host.server, resource, NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_new(MCP_STR("a:{b}"), MCP_STR("n"), answer_ok, &dropped, drop_raises, &resource, NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_server_add_resource_template(host.server, resource, NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_new(MCP_STR("p"), answer_ok, &dropped, drop_raises, &prompt, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_prompt(host.server, prompt, NULL), MCP_OK);
    CHECK_STATUS(mcp_completion_new_prompt(MCP_STR("p"), answer_ok, &dropped, drop_raises, &completion, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_completion(host.server, completion, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_set_client_listener(host.server, ignore_client, &dropped, drop_raises, NULL), MCP_OK);
    host_start(&host);
    answer = modern_tool(host.port, "t", "{}");
    free(answer);
    CHECK(event_count(&dropped) == 0);
    host_end(&host);
    CHECK(event_count(&dropped) == 7);
}

static void listeners_and_logs_are_dropped(void) {
    event dropped = EVENT_INIT;
    mcp_config *config = host_config();
    host host = host_new();
    CHECK_STATUS(mcp_config_set_log(config, ignore_log, &dropped, drop_raises, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_log(config, ignore_log, &dropped, drop_raises, NULL), MCP_OK);
    CHECK(event_count(&dropped) == 1);
    CHECK_STATUS(mcp_config_set_log(config, NULL, &dropped, drop_raises, NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == 2);
    mcp_config_free(config);
    CHECK(event_count(&dropped) == 3);
    CHECK_STATUS(mcp_server_set_client_listener(host.server, NULL, &dropped, drop_raises, NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == 4);
    CHECK_STATUS(mcp_server_set_client_listener(NULL, ignore_client, &dropped, drop_raises, NULL), MCP_ERR_NULL);
    CHECK(event_count(&dropped) == 5);
    CHECK_STATUS(mcp_server_set_client_listener(host.server, ignore_client, &dropped, drop_raises, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_set_client_listener(host.server, ignore_client, &dropped, drop_raises, NULL), MCP_OK);
    CHECK(event_count(&dropped) == 6);
    mcp_server_release(host.server);
    CHECK(event_count(&dropped) == 7);
}

static mcp_server *server_of_the_drop;
static event drops_that_use_the_server = EVENT_INIT;

/* A drop that uses the server that is dropping it. */
static void drop_uses_the_server(void *user_data) {
    (void)user_data;
    mcp_server_remove_tool(server_of_the_drop, MCP_STR("none"), NULL);
    event_raise(&drops_that_use_the_server);
}

static void a_drop_may_use_the_server(void) {
    host host = host_new();
    server_of_the_drop = host.server;
    host_add(&host, "t", MCP_RUN_INLINE, answer_ok, NULL, drop_uses_the_server);
    CHECK_STATUS(mcp_server_remove_tool(host.server, MCP_STR("t"), NULL), MCP_OK);
    CHECK(event_count(&drops_that_use_the_server) == 1);
    host_end(&host);
}

MAIN(TEST(definitions_that_cannot_be_made_drop), TEST(definitions_that_are_freed_drop),
     TEST(registering_that_fails_drops), TEST(removing_drops), TEST(a_server_that_goes_drops_everything),
     TEST(listeners_and_logs_are_dropped), TEST(a_drop_may_use_the_server))
