#include <mcpserver.h>
#include <stdio.h>

static void greet(mcp_call *call, void *user_data) {
    mcp_str name = MCP_STR("world");
    (void)user_data;
    mcp_call_arg_str(call, MCP_STR("name"), &name, NULL);
    mcp_call_finish_text(call, name, NULL);
}

int main(void) {
    mcp_config *config = NULL;
    mcp_server *server = NULL;
    mcp_tool *tool = NULL;
    mcp_error *error = NULL;
    mcp_config_new(MCP_STR("greeter"), MCP_STR("1.0"), &config, NULL);
    mcp_config_listen_http(config, MCP_STR("127.0.0.1:8000"), MCP_STR("/mcp"), NULL);
    mcp_server_new(config, &server, NULL);
    mcp_tool_new(MCP_STR("greet"), MCP_NONE, greet, NULL, NULL, &tool, NULL);
    mcp_server_add_tool(server, tool, NULL);
    if (mcp_server_start(server, &error) != MCP_OK) {
        fprintf(stderr, MCP_FMT "\n", MCP_ARG(mcp_error_message(error)));
        mcp_error_free(error);
        return 1;
    }
    mcp_server_wait(server, NULL);
    mcp_server_release(server);
    return 0;
}
