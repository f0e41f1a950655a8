/* Everything that can be registered, and content of every kind, as a client sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "host.h"

static void show_tool(mcp_call *call, void *user_data) {
    static const uint8_t bytes[] = {0, 1, 2, 255};
    mcp_content *content = mcp_content_new();
    (void)user_data;
    CHECK_STATUS(mcp_content_annotate(content, MCP_STR("{}"), NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_content_add_text(content, MCP_STR("one"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_annotate(content, MCP_STR("{\"priority\":1}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_image(content, bytes, 4, MCP_STR("image/png"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_audio(content, bytes, 4, MCP_STR("audio/wav"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_resource_text(content, MCP_STR("a:b"), MCP_NONE, MCP_STR("inside"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_resource_bytes(content, MCP_STR("a:c"), MCP_STR("x/y"), bytes, 4, NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_resource_link(content, MCP_STR("a:d"), MCP_STR("link"), MCP_NONE, NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_block(content, MCP_STR("{\"type\":\"text\",\"text\":\"raw\"}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_block(content, MCP_STR("[]"), NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_content_set_structured(content, MCP_STR("{\"n\":1}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_set_meta(content, MCP_STR("{\"m\":2}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_set_role(content, 9, NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_content_set_error(content, true, NULL), MCP_OK);
    CHECK_STATUS(mcp_call_finish_content(call, content, NULL), MCP_OK);
}

static void tools_show_everything(void) {
    host host = host_new();
    mcp_tool *tool = NULL;
    char *answer;
    CHECK_STATUS(mcp_tool_new(MCP_STR("show"), MCP_STR("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}"),
                              show_tool, NULL, NULL, &tool, NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_tool_set_title(tool, MCP_STR("The title"), NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_description(tool, MCP_STR("What it does"), NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_output_schema(tool, MCP_STR("{\"type\":\"object\"}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_annotations(tool, MCP_STR("{\"readOnlyHint\":true}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_annotations(tool, MCP_STR("[]"), NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_tool_set_icons(tool, MCP_STR("[{\"src\":\"https://example.com/i.png\"}]"), NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_icons(tool, MCP_STR("{}"), NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_tool_set_meta(tool, MCP_STR("{\"k\":1}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_run(tool, 0, NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_tool_set_validation(tool, true, true, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_tool(host.server, tool, NULL), MCP_OK);
    host_start(&host);
    answer = modern_request(host.port, "tools/list", NULL, "");
    CHECK_HAS(answer, "\"title\":\"The title\"");
    CHECK_HAS(answer, "\"readOnlyHint\":true");
    CHECK_HAS(answer, "https://example.com/i.png");
    CHECK_HAS(answer, "\"_meta\":{\"k\":1}");
    free(answer);
    answer = modern_tool(host.port, "show", "{\"a\":1}");
    CHECK_HAS(answer, "{\"type\":\"text\",\"text\":\"one\",\"annotations\":{\"priority\":1}}");
    CHECK_HAS(answer, "{\"type\":\"image\",\"data\":\"AAEC/w==\",\"mimeType\":\"image/png\"}");
    CHECK_HAS(answer, "\"type\":\"audio\"");
    CHECK_HAS(answer, "\"uri\":\"a:b\",\"text\":\"inside\"");
    CHECK_HAS(answer, "\"blob\":\"AAEC/w==\"");
    CHECK_HAS(answer, "\"type\":\"resource_link\"");
    CHECK_HAS(answer, "\"text\":\"raw\"");
    CHECK_HAS(answer, "\"structuredContent\":{\"n\":1}");
    CHECK_HAS(answer, "\"isError\":true");
    CHECK_HAS(answer, "\"m\":2");
    free(answer);
    answer = modern_tool(host.port, "show", "{\"a\":\"no integer\"}");
    CHECK_LACKS(answer, "\"text\":\"one\"");
    free(answer);
    host_end(&host);
}

static void structured(mcp_call *call, void *user_data) {
    int64_t n = 0;
    (void)user_data;
    mcp_call_arg_i64(call, MCP_STR("n"), &n, NULL);
    if (n == 1) {
        CHECK_STATUS(mcp_call_finish_structured(call, MCP_STR("{\"sum\":3}"), NULL), MCP_OK);
    } else if (n == 2) {
        CHECK_STATUS(mcp_call_finish_structured(call, MCP_STR("{\"sum\":\"three\"}"), NULL), MCP_ERR_INVALID_ARGUMENT);
    } else {
        CHECK_STATUS(mcp_call_fail(call, MCP_STR("no such sum"), NULL), MCP_OK);
    }
}

static void structured_results_are_checked(void) {
    host host = host_new();
    mcp_tool *tool = NULL;
    char *answer;
    CHECK_STATUS(mcp_tool_new(MCP_STR("sum"), MCP_NONE, structured, NULL, NULL, &tool, NULL), MCP_OK);
    CHECK_STATUS(mcp_tool_set_output_schema(
                     tool, MCP_STR("{\"type\":\"object\",\"properties\":{\"sum\":{\"type\":\"integer\"}}}"), NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_server_add_tool(host.server, tool, NULL), MCP_OK);
    host_start(&host);
    answer = modern_tool(host.port, "sum", "{\"n\":1}");
    CHECK_HAS(answer, "\"structuredContent\":{\"sum\":3}");
    free(answer);
    answer = modern_tool(host.port, "sum", "{\"n\":2}");
    CHECK_HAS(answer, "\"isError\":true");
    free(answer);
    answer = modern_tool(host.port, "sum", "{\"n\":3}");
    CHECK_HAS(answer, "\"text\":\"no such sum\"");
    free(answer);
    host_end(&host);
}

static void read_file(mcp_call *call, void *user_data) {
    mcp_str path = mcp_call_variable(call, MCP_STR("path"));
    (void)user_data;
    CHECK(mcp_call_kind(call) == MCP_KIND_RESOURCE);
    if (path.ptr == NULL) {
        CHECK_TEXT(mcp_call_uri(call), "file:///fixed");
        CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("fixed text"), NULL), MCP_OK);
    } else if (mcp_str_equal(path, MCP_STR("a b"))) {
        CHECK_TEXT(mcp_call_uri(call), "file:///dir/a%20b");
        CHECK_STATUS(mcp_call_finish_text(call, path, NULL), MCP_OK);
    } else {
        CHECK_STATUS(mcp_call_not_found(call, NULL), MCP_OK);
    }
}

static mcp_resource *file_resource(mcp_str uri) {
    mcp_resource *resource = NULL;
    CHECK_STATUS(mcp_resource_new(uri, MCP_STR("file"), read_file, NULL, NULL, &resource, NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_title(resource, MCP_STR("A file"), NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_description(resource, MCP_STR("Some file"), NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_mime_type(resource, MCP_STR("text/plain"), NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_annotations(resource, MCP_STR("{\"priority\":0.5}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_icons(resource, MCP_STR("[]"), NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_meta(resource, MCP_STR("{}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_cache(resource, 5000, true, NULL), MCP_OK);
    CHECK_STATUS(mcp_resource_set_run(resource, MCP_RUN_INLINE, NULL), MCP_OK);
    return resource;
}

static void resources_and_templates_are_read(void) {
    host host = host_new();
    mcp_resource *sized = file_resource(MCP_STR("file:///fixed"));
    char *answer;
    CHECK_STATUS(mcp_resource_set_size(sized, 10, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_resource(host.server, sized, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_resource(host.server, file_resource(MCP_STR("file:///fixed")), NULL),
                 MCP_ERR_ALREADY_EXISTS);
    CHECK_STATUS(mcp_server_add_resource_template(host.server, file_resource(MCP_STR("file:///dir/{path}")), NULL),
                 MCP_OK);
    CHECK_STATUS(mcp_server_add_resource_template(host.server, file_resource(MCP_STR("file:///{")), NULL),
                 MCP_ERR_INVALID_ARGUMENT);
    host_start(&host);
    answer = modern_request(host.port, "resources/list", NULL, "");
    CHECK_HAS(answer, "\"size\":10");
    free(answer);
    answer = modern_request(host.port, "resources/read", "file:///fixed", "\"uri\":\"file:///fixed\"");
    CHECK_HAS(answer, "\"mimeType\":\"text/plain\",\"text\":\"fixed text\"");
    CHECK_HAS(answer, "\"ttlMs\":5000,\"cacheScope\":\"public\"");
    free(answer);
    answer = modern_request(host.port, "resources/read", "file:///dir/a%20b", "\"uri\":\"file:///dir/a%20b\"");
    CHECK_HAS(answer, "\"text\":\"a b\"");
    free(answer);
    answer = modern_request(host.port, "resources/read", "file:///dir/none", "\"uri\":\"file:///dir/none\"");
    CHECK_HAS(answer, "\"error\":{\"code\":-32602");
    free(answer);
    CHECK_STATUS(mcp_server_remove_resource(host.server, MCP_STR("file:///fixed"), NULL), MCP_OK);
    CHECK_STATUS(mcp_server_remove_resource_template(host.server, MCP_STR("file:///dir/{path}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_server_remove_resource_template(host.server, MCP_STR("file:///dir/{path}"), NULL),
                 MCP_ERR_NOT_FOUND);
    host_end(&host);
}

static void write_prompt(mcp_call *call, void *user_data) {
    mcp_content *content = mcp_content_new();
    mcp_str topic = MCP_STR("nothing");
    (void)user_data;
    CHECK(mcp_call_kind(call) == MCP_KIND_PROMPT);
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("topic"), &topic, NULL), MCP_OK);
    CHECK_STATUS(mcp_content_set_description(content, MCP_STR("About it"), NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_text(content, topic, NULL), MCP_OK);
    CHECK_STATUS(mcp_content_set_role(content, MCP_ROLE_ASSISTANT, NULL), MCP_OK);
    CHECK_STATUS(mcp_content_add_text(content, MCP_STR("Gladly."), NULL), MCP_OK);
    CHECK_STATUS(mcp_call_finish_content(call, content, NULL), MCP_OK);
}

static void complete_topic(mcp_call *call, void *user_data) {
    static const char *topics[] = {"bees", "birds", "cats"};
    mcp_str values[3], argument = MCP_NONE, typed = MCP_NONE;
    size_t count = 0;
    (void)user_data;
    CHECK(mcp_call_kind(call) == MCP_KIND_COMPLETION);
    CHECK_STATUS(mcp_call_arg_json(call, MCP_STR("argument"), &argument, NULL), MCP_OK);
    CHECK_STATUS(mcp_call_member_str(call, argument, MCP_STR("value"), &typed, NULL), MCP_OK);
    for (size_t i = 0; i < 3; i++) {
        if (strncmp(topics[i], typed.ptr, typed.len) == 0) values[count++] = mcp_str_from(topics[i]);
    }
    CHECK_STATUS(mcp_call_finish_completion(call, values, count, (int64_t)count, false, NULL), MCP_OK);
}

static void prompts_are_had_and_completed(void) {
    host host = host_new();
    mcp_prompt *prompt = NULL;
    mcp_completion *completion = NULL;
    char *answer;
    CHECK_STATUS(mcp_prompt_new(MCP_STR("write"), write_prompt, NULL, NULL, &prompt, NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_set_title(prompt, MCP_STR("Write"), NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_set_description(prompt, MCP_STR("Writes"), NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_add_argument(prompt, MCP_STR("topic"), MCP_STR("Topic"), MCP_NONE, true, NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_set_icons(prompt, MCP_NONE, NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_set_meta(prompt, MCP_STR("{\"k\":3}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_prompt_set_run(prompt, MCP_RUN_INLINE, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_prompt(host.server, prompt, NULL), MCP_OK);
    CHECK_STATUS(mcp_completion_new_prompt(MCP_STR("write"), complete_topic, NULL, NULL, &completion, NULL), MCP_OK);
    CHECK_STATUS(mcp_completion_set_run(completion, MCP_RUN_INLINE, NULL), MCP_OK);
    CHECK_STATUS(mcp_server_add_completion(host.server, completion, NULL), MCP_OK);
    host_start(&host);
    answer = modern_request(host.port, "prompts/list", NULL, "");
    CHECK_HAS(answer, "\"arguments\":[{\"name\":\"topic\",\"title\":\"Topic\",\"required\":true}]");
    free(answer);
    answer = modern_request(host.port, "prompts/get", "write", "\"name\":\"write\",\"arguments\":{\"topic\":\"bees\"}");
    CHECK_HAS(answer, "\"description\":\"About it\"");
    CHECK_HAS(answer, "{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"bees\"}}");
    CHECK_HAS(answer, "{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"Gladly.\"}}");
    free(answer);
    answer = modern_request(host.port, "completion/complete", NULL,
                            "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"write\"},"
                            "\"argument\":{\"name\":\"topic\",\"value\":\"b\"}");
    CHECK_HAS(answer, "\"values\":[\"bees\",\"birds\"],\"total\":2,\"hasMore\":false");
    free(answer);
    CHECK_STATUS(mcp_server_remove_prompt_completion(host.server, MCP_STR("write"), NULL), MCP_OK);
    CHECK_STATUS(mcp_server_remove_resource_completion(host.server, MCP_STR("write"), NULL), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(mcp_server_remove_prompt(host.server, MCP_STR("write"), NULL), MCP_OK);
    host_end(&host);
}

MAIN(TEST(tools_show_everything), TEST(structured_results_are_checked), TEST(resources_and_templates_are_read),
     TEST(prompts_are_had_and_completed))
