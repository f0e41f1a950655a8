/* Configurations, the table of limits, the log, versions and errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "host.h"

static void limits_are_a_table(void) {
    mcp_config *config = host_config();
    uint64_t value = 0;
    CHECK(mcp_limit_count() > 20);
    for (size_t i = 0; i < mcp_limit_count(); i++) {
        mcp_str name = mcp_limit_name(i);
        CHECK(name.len > 0 && mcp_limit_about(i).len > 0);
        CHECK(mcp_limit_default(i) >= mcp_limit_min(i) && mcp_limit_min(i) > 0);
        CHECK_STATUS(mcp_config_limit(config, name, &value, NULL), MCP_OK);
        CHECK(value == mcp_limit_default(i));
        CHECK_STATUS(mcp_config_set_limit(config, name, mcp_limit_min(i) - 1, NULL), MCP_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(mcp_config_set_limit(config, name, mcp_limit_min(i), NULL), MCP_OK);
        CHECK_STATUS(mcp_config_limit(config, name, &value, NULL), MCP_OK);
        CHECK(value == mcp_limit_min(i));
    }
    CHECK_TEXT(mcp_limit_name(mcp_limit_count()), NULL);
    CHECK_TEXT(mcp_limit_about(SIZE_MAX), NULL);
    CHECK(mcp_limit_default(SIZE_MAX) == 0 && mcp_limit_min(SIZE_MAX) == 0);
    CHECK_STATUS(mcp_config_set_limit(config, MCP_STR("no_such"), 1, NULL), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(mcp_config_limit(config, MCP_STR("no_such"), &value, NULL), MCP_ERR_NOT_FOUND);
    mcp_config_free(config);
}

static void limits_hold(void) {
    mcp_config *config = host_config();
    host host = {NULL, 0};
    char *answer;
    CHECK_STATUS(mcp_config_set_limit(config, MCP_STR("body_bytes"), 300, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_new(config, &host.server, NULL), MCP_OK);
    host_start(&host);
    answer = modern_request(host.port, "tools/list", NULL, "");
    CHECK_HAS(answer, "HTTP/1.1 413");
    free(answer);
    host_end(&host);
}

static void everything_is_told_to_clients(void) {
    mcp_config *config = host_config();
    host host = {NULL, 0};
    uint8_t key[32] = {1};
    char *answer;
    CHECK_STATUS(mcp_config_set_title(config, MCP_STR("The title"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_description(config, MCP_STR("The description"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_website_url(config, MCP_STR("https://example.com"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_icons(config, MCP_STR("[{\"src\":\"https://example.com/i.png\"}]"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_icons(config, MCP_STR("nonsense"), NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_config_set_instructions(config, MCP_STR("Use it well"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_add_extension(config, MCP_STR("com.example/x"), MCP_STR("{\"deep\":1}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_add_extension(config, MCP_STR("com.example/y"), MCP_STR("7"), NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_config_set_list_cache(config, 60000, true, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_logging(config, false, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_allow_host(config, MCP_STR("example.com"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_allow_origin(config, MCP_STR("https://example.com"), NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_request_state_key(config, key, 31, NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_config_set_request_state_key(config, key, 32, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_listen_http(config, MCP_STR("nowhere"), MCP_NONE, NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_config_listen_http(config, MCP_STR("127.0.0.1:0"), MCP_STR("mcp"), NULL),
                 MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_server_new(config, &host.server, NULL), MCP_OK);
    host_start(&host);
    answer = modern_request(host.port, "server/discover", NULL, "");
    CHECK_HAS(answer, "\"title\":\"The title\"");
    CHECK_HAS(answer, "The description");
    CHECK_HAS(answer, "https://example.com/i.png");
    CHECK_HAS(answer, "Use it well");
    CHECK_HAS(answer, "\"com.example/x\":{\"deep\":1}");
    CHECK_LACKS(answer, "\"logging\"");
    free(answer);
    host_end(&host);
}

static void a_server_needs_a_name(void) {
    mcp_config *config = NULL;
    mcp_server *server = NULL;
    mcp_error *error = NULL;
    CHECK_STATUS(mcp_config_new(MCP_STR(""), MCP_STR(""), &config, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_new(config, &server, &error), MCP_ERR_INVALID_ARGUMENT);
    CHECK(server == NULL);
    CHECK(mcp_error_message(error).len > 0);
    mcp_error_free(error);
}

static void take_log(mcp_severity severity, mcp_str target, mcp_str message, mcp_str fields, void *user_data) {
    CHECK(severity >= MCP_SEVERITY_ERROR && severity <= MCP_SEVERITY_TRACE);
    CHECK(target.len >= 9 && memcmp(target.ptr, "mcpserver", 9) == 0);
    CHECK(message.ptr != NULL && fields.len >= 2 && fields.ptr[0] == '{');
    event_raise(user_data);
}

static void the_log_is_a_callback(void) {
    event logged = EVENT_INIT, others = EVENT_INIT;
    mcp_config *config = host_config(), *second = host_config();
    mcp_server *server = NULL, *other = NULL;
    CHECK_STATUS(mcp_config_set_log(config, take_log, &logged, NULL, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_log(second, take_log, &others, NULL, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_new(config, &server, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_new(second, &other, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_start(server, NULL), MCP_OK);
    CHECK(event_wait(&logged, 1));
    CHECK_STATUS(mcp_server_stop(server, 1000, NULL, NULL), MCP_OK);
    mcp_server_release(server);
    mcp_server_release(other);
    CHECK(event_count(&others) == 0);
}

static void versions_are_those_of_the_header(void) {
    CHECK(mcp_abi_version() == MCP_ABI_VERSION);
    CHECK_TEXT(mcp_version(), MCP_VERSION);
    CHECK(strlen(mcp_version().ptr) == mcp_version().len);
}

static void errors_speak(void) {
    mcp_config *config = NULL;
    mcp_error *error = NULL;
    CHECK_STATUS(mcp_config_new(MCP_NONE, MCP_STR("1"), &config, &error), MCP_ERR_NULL);
    CHECK_STATUS(mcp_error_status(error), MCP_ERR_NULL);
    CHECK_TEXT(mcp_error_message(error), "name is NULL");
    CHECK(mcp_error_message(error).ptr[mcp_error_message(error).len] == 0);
    mcp_error_free(error);
    CHECK_STATUS(mcp_error_status(NULL), MCP_OK);
    CHECK_TEXT(mcp_error_message(NULL), NULL);
    mcp_error_free(NULL);
    for (mcp_status status = MCP_OK; status <= MCP_ERR_INTERNAL; status++) {
        CHECK(strncmp(mcp_status_name(status).ptr, "MCP_", 4) == 0);
        CHECK(strlen(mcp_status_name(status).ptr) == mcp_status_name(status).len);
    }
    CHECK_TEXT(mcp_status_name(12345), "MCP_ERR_INTERNAL");
}

MAIN(TEST(limits_are_a_table), TEST(limits_hold), TEST(everything_is_told_to_clients), TEST(a_server_needs_a_name),
     TEST(the_log_is_a_callback), TEST(versions_are_those_of_the_header), TEST(errors_speak))
