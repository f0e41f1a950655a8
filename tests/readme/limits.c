/* Prints the table of limits as docs/c.md has it. */
#include <inttypes.h>
#include <mcpserver.h>
#include <stdio.h>

int main(void) {
    for (size_t i = 0; i < mcp_limit_count(); i++)
        printf("| `" MCP_FMT "` | %" PRIu64 " | %" PRIu64 " | " MCP_FMT " |\n", MCP_ARG(mcp_limit_name(i)),
               mcp_limit_default(i), mcp_limit_min(i), MCP_ARG(mcp_limit_about(i)));
    return 0;
}
