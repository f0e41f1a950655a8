/* A program outside of the checkout: serves, says where, and ends. */
#include <mcpserver.h>
#include <stdio.h>

static void hello(mcp_call *call, void *user_data) {
    (void)user_data;
    mcp_call_finish_text(call, MCP_STR("Hello!"), NULL);
}

int main(void) {
    mcp_config *config = NULL;
    mcp_server *server = NULL;
    mcp_tool *tool = NULL;
    mcp_text *url = NULL;
    mcp_status status;
    if (!mcp_str_equal(mcp_version(), MCP_STR(MCP_VERSION)) || mcp_abi_version() != MCP_ABI_VERSION) return 1;
    mcp_config_new(MCP_STR("hello"), MCP_STR("1.0"), &config, NULL);
    mcp_config_listen_http(config, MCP_STR("127.0.0.1:0"), MCP_NONE, NULL);
    mcp_server_new(config, &server, NULL);
    mcp_tool_new(MCP_STR("hello"), MCP_NONE, hello, NULL, NULL, &tool, NULL);
    mcp_server_add_tool(server, tool, NULL);
    status = mcp_server_start(server, NULL);
    if (status == MCP_OK) status = mcp_server_url(server, 0, &url, NULL);
    if (status == MCP_OK) printf("serving " MCP_FMT "\n", MCP_ARG(mcp_text_str(url)));
    mcp_text_free(url);
    mcp_server_release(server);
    return status == MCP_OK ? 0 : 1;
}
