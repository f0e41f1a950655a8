/* A small MCP client over plain sockets. Answers are whole HTTP responses as C strings, which the caller frees. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdint.h>

/* A request of 2026-07-28. `params` are members of the parameters beside `_meta`, such as "\"name\":\"x\"", or "".
 * `name` is that of the tool or prompt, or the URI, or NULL. The client declares every capability. */
char *modern_request(uint16_t port, const char *method, const char *name, const char *params);

/* tools/call with these arguments, a JSON object. */
char *modern_tool(uint16_t port, const char *tool, const char *arguments);

/* The same, without waiting for the answer: gives the socket. */
int modern_tool_begin(uint16_t port, const char *tool, const char *arguments);

/* A subscriptions/listen stream for everything; gives the socket. */
int modern_listen(uint16_t port);

/* A session of an older revision. */
typedef struct session {
    uint16_t port;
    char id[128];
    const char *revision;
} session;

/* Opens a session, initialized. The client declares every capability of that revision. */
session session_open(uint16_t port, const char *revision);
/* Sends a message and gives the answer. */
char *session_post(const session *session, const char *message);
int session_post_begin(const session *session, const char *message);
/* The GET stream; gives the socket. */
int session_stream(const session *session);
char *session_tool(const session *session, const char *tool, const char *arguments);

/* Reads until the text was seen; gives all that was read, or NULL when it does not come. */
char *read_until(int socket, const char *text);
/* Reads until the server closes the connection or the answer is complete. */
char *read_answer(int socket);
void hang_up(int socket);
/* Hangs up so that the server's next write fails at once. */
void reset(int socket);

/* The text of a member of a JSON answer, with its escapes, or NULL; the caller frees it. */
char *member_text(const char *answer, const char *name);

#endif
