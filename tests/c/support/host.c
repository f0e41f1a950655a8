#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

mcp_config *host_config(void) {
    mcp_config *config = NULL;
    CHECK_STATUS(mcp_config_new(MCP_STR("test"), MCP_STR("1.0"), &config, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_listen_http(config, MCP_STR("127.0.0.1:0"), MCP_NONE, NULL), MCP_OK);
    CHECK_STATUS(mcp_config_set_network_threads(config, 2, NULL), MCP_OK);
    return config;
}

host host_new(void) {
    host made = {NULL, 0};
    CHECK_STATUS(mcp_server_new(host_config(), &made.server, NULL), MCP_OK);
    return made;
}

void host_add(host *host, const char *name, mcp_run run, mcp_handler_fn handler, void *user_data, mcp_drop_fn drop) {
    mcp_tool *tool = NULL;
    CHECK_STATUS(mcp_tool_new(mcp_str_from(name), MCP_NONE, handler, user_data, drop, &tool, NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_run(tool, run, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_tool(host->server, tool, NULL), MCP_OK);
}

void host_start(host *host) {
    CHECK_STATUS(mcp_server_start(host->server, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_port(host->server, 0, &host->port, NULL), MCP_OK);
}

void host_end(host *host) {
    mcp_server_stop(host->server, 5000, NULL, NULL);
    mcp_server_release(host->server);
    host->server = NULL;
}

long long host_metric(const host *host, const char *name) {
    mcp_text *text = NULL;
    char key[64];
    const char *found;
    long long value = -1;
    CHECK_STATUS(mcp_server_metrics_json(host->server, &text, NULL), MCP_OK);
    snprintf(key, sizeof key, "\"%s\":", name);
    found = text ? strstr(mcp_text_str(text).ptr, key) : NULL;
    if (CHECK(found != NULL)) value = atoll(found + strlen(key));
    mcp_text_free(text);
    return value;
}
