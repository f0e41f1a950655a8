/* A string literal as mcp_str. */
#ifdef __cplusplus
#define MCP_STR(literal) (mcp_str{"" literal, sizeof(literal) - 1})
#else
#define MCP_STR(literal) ((mcp_str){"" literal, sizeof(literal) - 1})
#endif

/* No text at all. */
#ifdef __cplusplus
#define MCP_NONE (mcp_str{NULL, 0})
#else
#define MCP_NONE ((mcp_str){NULL, 0})
#endif

/* For printf: printf("hello " MCP_FMT "\n", MCP_ARG(name)). */
#define MCP_FMT "%.*s"
#define MCP_ARG(text) (int)(text).len, (text).ptr

/* A text that ends with a NUL as mcp_str; MCP_NONE for NULL. It is borrowed, not copied. */
static inline mcp_str mcp_str_from(const char *text) {
    mcp_str result = {text, text ? strlen(text) : 0};
    return result;
}

/* Whether two texts are the same. */
static inline bool mcp_str_equal(mcp_str a, mcp_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
