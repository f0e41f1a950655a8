/* A server for a test: made, filled with tools, started on a port of its own, and stopped. */
#ifndef HOST_H
#define HOST_H

#include <mcpserver.h>
#include <stdint.h>

typedef struct host {
    mcp_server *server;
    uint16_t port;
} host;

/* A configuration with an endpoint on a free port of the loopback address. */
mcp_config *host_config(void);
/* A server that is not started. */
host host_new(void);
void host_add(host *host, const char *tool, mcp_run run, mcp_handler_fn handler, void *user_data, mcp_drop_fn drop);
void host_start(host *host);
/* Stops and releases. */
void host_end(host *host);
/* A counter out of the server's metrics. */
long long host_metric(const host *host, const char *name);

#endif
