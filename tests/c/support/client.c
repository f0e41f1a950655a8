#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

#define CAPABILITIES "{\"elicitation\":{\"form\":{},\"url\":{}},\"sampling\":{\"tools\":{}},\"roots\":{}}"
#define META                                                                                                           \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                                           \
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"test\",\"version\":\"1\"},"                                    \
    "\"io.modelcontextprotocol/logLevel\":\"debug\",\"progressToken\":\"p\","                                          \
    "\"io.modelcontextprotocol/clientCapabilities\":" CAPABILITIES "}"

static int dial(uint16_t port) {
    struct sockaddr_in address;
    struct timeval patience = {10L * slowness(), 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void send_all(int fd, const char *text, size_t len) {
    while (fd >= 0 && len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent <= 0) return;
        text += sent;
        len -= (size_t)sent;
    }
}

/* Sends one HTTP request on a connection of its own. */
static int begin(uint16_t port, const char *verb, const char *headers, const char *body) {
    size_t room = strlen(headers) + strlen(body) + 256;
    char *text = malloc(room);
    int fd = dial(port);
    int len = snprintf(text, room,
                       "%s /mcp HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: application/json, text/event-stream\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
                       verb, port, strlen(body), headers, body);
    send_all(fd, text, (size_t)len);
    free(text);
    return fd;
}

static int begin_modern(uint16_t port, const char *method, const char *name, const char *params) {
    size_t room = strlen(params) + sizeof META + 256;
    char headers[512];
    char *body = malloc(room);
    int fd;
    snprintf(body, room, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s" META "}}", method, params,
             *params ? "," : "");
    if (name) {
        snprintf(headers, sizeof headers, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: %s\r\nMcp-Name: %s\r\n",
                 method, name);
    } else {
        snprintf(headers, sizeof headers, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: %s\r\n", method);
    }
    fd = begin(port, "POST", headers, body);
    free(body);
    return fd;
}

static char *finish(int fd) {
    char *answer;
    if (fd < 0) return NULL;
    answer = read_answer(fd);
    close(fd);
    return answer;
}

char *modern_request(uint16_t port, const char *method, const char *name, const char *params) {
    return finish(begin_modern(port, method, name, params));
}

int modern_tool_begin(uint16_t port, const char *tool, const char *arguments) {
    size_t room = strlen(tool) + strlen(arguments) + 64;
    char *params = malloc(room);
    int fd;
    snprintf(params, room, "\"name\":\"%s\",\"arguments\":%s", tool, arguments);
    fd = begin_modern(port, "tools/call", tool, params);
    free(params);
    return fd;
}

char *modern_tool(uint16_t port, const char *tool, const char *arguments) {
    return finish(modern_tool_begin(port, tool, arguments));
}

int modern_listen(uint16_t port) {
    return begin_modern(port, "subscriptions/listen", NULL,
                        "\"notifications\":{\"toolsListChanged\":true,\"promptsListChanged\":true,"
                        "\"resourcesListChanged\":true,\"resourceSubscriptions\":[\"test:a\"]}");
}

session session_open(uint16_t port, const char *revision) {
    session opened = {port, "", revision};
    char body[512];
    char *answer;
    const char *id;
    snprintf(body, sizeof body,
             "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"%s\","
             "\"capabilities\":" CAPABILITIES ",\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}",
             revision);
    answer = finish(begin(port, "POST", "", body));
    id = answer ? strstr(answer, "mcp-session-id: ") : NULL;
    if (id) {
        id += strlen("mcp-session-id: ");
        snprintf(opened.id, sizeof opened.id, "%.*s", (int)strcspn(id, "\r\n"), id);
    }
    free(answer);
    free(session_post(&opened, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
    return opened;
}

static int begin_in_session(const session *session, const char *verb, const char *body) {
    char headers[256];
    snprintf(headers, sizeof headers, "Mcp-Session-Id: %s\r\nMCP-Protocol-Version: %s\r\n", session->id,
             session->revision);
    return begin(session->port, verb, headers, body);
}

int session_post_begin(const session *session, const char *message) {
    return begin_in_session(session, "POST", message);
}

char *session_post(const session *session, const char *message) { return finish(session_post_begin(session, message)); }

int session_stream(const session *session) { return begin_in_session(session, "GET", ""); }

char *session_tool(const session *session, const char *tool, const char *arguments) {
    size_t room = strlen(tool) + strlen(arguments) + 256;
    char *body = malloc(room);
    char *answer;
    snprintf(body, room,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\",\"arguments\":%s,"
             "\"_meta\":{\"progressToken\":\"p\"}}}",
             tool, arguments);
    answer = session_post(session, body);
    free(body);
    return answer;
}

/* Whether a whole HTTP response is there: by its length, or by the end of its chunks. */
static bool complete(const char *text) {
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "content-length: ");
    if (!body) return false;
    if (length && length < body) return strlen(body + 4) >= (size_t)atol(length + 16);
    if (strncmp(text + 9, "202", 3) == 0 || strncmp(text + 9, "204", 3) == 0) return true;
    return strstr(body, "\r\n0\r\n\r\n") != NULL;
}

static char *read_while(int fd, const char *until) {
    size_t room = 4096, len = 0;
    char *text = malloc(room);
    text[0] = 0;
    while (until ? strstr(text, until) == NULL : !complete(text)) {
        ssize_t got;
        if (room - len < 2048) text = realloc(text, room *= 2);
        do {
            got = recv(fd, text + len, room - len - 1, 0);
        } while (got < 0 && errno == EINTR);
        if (got <= 0) {
            if (until == NULL && len > 0) return text;
            free(text);
            return NULL;
        }
        len += (size_t)got;
        text[len] = 0;
    }
    return text;
}

char *read_until(int fd, const char *text) { return fd < 0 ? NULL : read_while(fd, text); }
char *read_answer(int fd) { return fd < 0 ? NULL : read_while(fd, NULL); }
void hang_up(int fd) { close(fd); }

void reset(int fd) {
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

char *member_text(const char *answer, const char *name) {
    char key[64];
    const char *start;
    size_t len;
    char *text;
    snprintf(key, sizeof key, "\"%s\":\"", name);
    start = answer ? strstr(answer, key) : NULL;
    if (!start) return NULL;
    start += strlen(key);
    len = strcspn(start, "\"");
    text = malloc(len + 1);
    memcpy(text, start, len);
    text[len] = 0;
    return text;
}
