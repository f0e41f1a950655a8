/* What a call tells, the ways to end it, and every wrong use of it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "host.h"

static void read_arguments(mcp_call *call, void *user_data) {
    mcp_str text = MCP_STR("unchanged");
    mcp_str object;
    int64_t integer = -1;
    double number = -1;
    bool truth = false;
    mcp_error *error = NULL;
    (void)user_data;
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("plain"), &text, NULL), MCP_OK);
    CHECK_TEXT(text, "abc");
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("escaped"), &text, NULL), MCP_OK);
    CHECK_TEXT(text, "a\"\n\xc3\xa9");
    CHECK_STATUS(mcp_call_arg_i64(call, MCP_STR("whole"), &integer, NULL), MCP_OK);
    CHECK(integer == 3);
    CHECK_STATUS(mcp_call_arg_i64(call, MCP_STR("big"), &integer, NULL), MCP_OK);
    CHECK(integer == INT64_MIN);
    CHECK_STATUS(mcp_call_arg_f64(call, MCP_STR("whole"), &number, NULL), MCP_OK);
    CHECK(number == 3.0);
    CHECK_STATUS(mcp_call_arg_bool(call, MCP_STR("yes"), &truth, NULL), MCP_OK);
    CHECK(truth);
    CHECK_STATUS(mcp_call_arg_json(call, MCP_STR("object"), &object, NULL), MCP_OK);
    CHECK_TEXT(object, "{\"in\":[1,2],\"s\":\"\\u0041\"}");
    CHECK_STATUS(mcp_call_member_str(call, object, MCP_STR("s"), &text, NULL), MCP_OK);
    CHECK_TEXT(text, "A");
    CHECK_STATUS(mcp_call_member_json(call, object, MCP_STR("in"), &text, NULL), MCP_OK);
    CHECK_TEXT(text, "[1,2]");
    CHECK_STATUS(mcp_call_member_i64(call, MCP_STR("nonsense"), MCP_STR("in"), &integer, NULL), MCP_ERR_INVALID_JSON);

    text = MCP_STR("unchanged");
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("none"), &text, NULL), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("nil"), &text, NULL), MCP_ERR_NOT_FOUND);
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("whole"), &text, &error), MCP_ERR_INVALID_ARGUMENT);
    CHECK_TEXT(text, "unchanged");
    CHECK_STATUS(mcp_error_status(error), MCP_ERR_INVALID_ARGUMENT);
    CHECK_HAS(mcp_error_message(error).ptr, "\"whole\"");
    mcp_error_free(error);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("read"), NULL), MCP_OK);
}

static void arguments_are_read(void) {
    host host = host_new();
    char *answer;
    host_add(&host, "read", MCP_RUN_INLINE, read_arguments, NULL, NULL);
    host_start(&host);
    answer = modern_tool(host.port, "read",
                         "{\"plain\":\"abc\",\"escaped\":\"a\\\"\\n\\u00e9\",\"whole\":3.0,"
                         "\"big\":-9223372036854775808,\"yes\":true,\"object\":{\"in\":[1,2],\"s\":\"\\u0041\"},"
                         "\"nil\":null}");
    CHECK_HAS(answer, "\"text\":\"read\"");
    free(answer);
    host_end(&host);
}

static void describe(mcp_call *call, void *user_data) {
    bool modern = mcp_str_equal(mcp_call_revision(call), MCP_STR("2026-07-28"));
    CHECK(mcp_call_kind(call) == MCP_KIND_TOOL);
    CHECK_TEXT(mcp_call_name(call), "describe");
    CHECK_TEXT(mcp_call_arguments(call), "{\"a\":1}");
    CHECK_TEXT(mcp_call_uri(call), NULL);
    CHECK_TEXT(mcp_call_variable(call, MCP_STR("x")), NULL);
    CHECK_TEXT(mcp_call_revision(call), user_data);
    CHECK((mcp_call_client(call) == 0) == modern);
    CHECK_HAS(mcp_call_client_info(call).ptr, "\"name\":\"test\"");
    CHECK_HAS(mcp_call_client_capabilities(call).ptr, "\"roots\"");
    CHECK_HAS(mcp_call_meta(call).ptr, "\"progressToken\":\"p\"");
    CHECK_TEXT(mcp_call_principal(call), NULL);
    CHECK(mcp_call_is_cancelled(call) == MCP_CANCEL_NONE);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("described"), NULL), MCP_OK);
}

static void calls_describe_themselves_in_both_eras(void) {
    static const char *revisions[] = {"2026-07-28", "2025-11-25", "2024-11-05"};
    for (int i = 0; i < 3; i++) {
        host host = host_new();
        char *answer;
        host_add(&host, "describe", MCP_RUN_POOL, describe, (void *)(uintptr_t)revisions[i], NULL);
        host_start(&host);
        if (i == 0) {
            answer = modern_tool(host.port, "describe", "{\"a\":1}");
        } else {
            session session = session_open(host.port, revisions[i]);
            answer = session_tool(&session, "describe", "{\"a\":1}");
        }
        CHECK_HAS(answer, "\"text\":\"described\"");
        free(answer);
        host_end(&host);
    }
}

static void finish_twice(mcp_call *call, void *user_data) {
    mcp_error *error = NULL;
    mcp_str text = MCP_STR("unchanged");
    (void)user_data;
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("first"), NULL), MCP_OK);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("second"), &error), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_error_status(error), MCP_ERR_FINISHED);
    mcp_error_free(error);
    CHECK_STATUS(mcp_call_fail(call, MCP_STR("third"), NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_error(call, -32603, MCP_STR("x"), MCP_NONE, NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_suspend(call, NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_not_found(call, NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_finish_content(call, mcp_content_new(), NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_progress(call, 1, 0, MCP_NONE, NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_notify(call, MCP_STR("m"), MCP_NONE, NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_arg_str(call, MCP_STR("a"), &text, NULL), MCP_ERR_FINISHED);
    CHECK_STATUS(mcp_call_ask(call, MCP_STR("k"), MCP_STR("roots/list"), MCP_NONE, &text, NULL), MCP_ERR_FINISHED);
    CHECK_TEXT(text, "unchanged");
    CHECK(mcp_call_kind(call) == 0);
    CHECK_TEXT(mcp_call_name(call), NULL);
    CHECK(mcp_call_is_cancelled(call) == MCP_CANCEL_ENDED);
    mcp_call_drop(call);
}

static void a_call_ends_once(void) {
    host host = host_new();
    host_add(&host, "twice", MCP_RUN_POOL, finish_twice, NULL, NULL);
    host_start(&host);
    for (int i = 0; i < 50; i++) {
        char *answer = modern_tool(host.port, "twice", "{}");
        CHECK_HAS(answer, "\"text\":\"first\"");
        CHECK_LACKS(answer, "second");
        free(answer);
    }
    CHECK(host_metric(&host, "calls_held") == 0);
    host_end(&host);
}

static void forget(mcp_call *call, void *user_data) {
    (void)user_data;
    mcp_call_drop(call);
}

static void a_call_dropped_is_answered(void) {
    host host = host_new();
    char *answer;
    host_add(&host, "forget", MCP_RUN_POOL, forget, NULL, NULL);
    host_start(&host);
    answer = modern_tool(host.port, "forget", "{}");
    CHECK_HAS(answer, "-32603");
    free(answer);
    CHECK(host_metric(&host, "calls_held") == 0);
    host_end(&host);
}

static void finish_badly(mcp_call *call, void *user_data) {
    int64_t how = 0;
    (void)user_data;
    CHECK_STATUS(mcp_call_arg_i64(call, MCP_STR("how"), &how, NULL), MCP_OK);
    switch (how) {
    case 0: CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("\xff\xfe"), NULL), MCP_ERR_INVALID_UTF8); break;
    case 1: CHECK_STATUS(mcp_call_finish_text(call, MCP_NONE, NULL), MCP_ERR_NULL); break;
    case 2: CHECK_STATUS(mcp_call_finish_structured(call, MCP_STR("{\"a\":"), NULL), MCP_ERR_INVALID_JSON); break;
    case 3: CHECK_STATUS(mcp_call_finish_result(call, MCP_STR("[]"), NULL), MCP_ERR_INVALID_JSON); break;
    case 4: CHECK_STATUS(mcp_call_finish_content(call, NULL, NULL), MCP_ERR_NULL); break;
    case 5: CHECK_STATUS(mcp_call_finish_completion(call, NULL, 0, -1, false, NULL), MCP_ERR_INVALID_ARGUMENT); break;
    case 6: CHECK_STATUS(mcp_call_finish_completion(call, NULL, 1, -1, false, NULL), MCP_ERR_NULL); break;
    case 7: CHECK_STATUS(mcp_call_error(call, -32000, MCP_STR("x"), MCP_STR("{"), NULL), MCP_ERR_INVALID_JSON); break;
    default: CHECK_STATUS(mcp_call_suspend(call, NULL), MCP_ERR_WRONG_STATE);
    }
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("again"), NULL), MCP_ERR_FINISHED);
}

static void an_answer_that_cannot_be_used_is_an_error(void) {
    host host = host_new();
    host_add(&host, "bad", MCP_RUN_POOL, finish_badly, NULL, NULL);
    host_start(&host);
    for (int how = 0; how <= 8; how++) {
        char arguments[32];
        char *answer;
        snprintf(arguments, sizeof arguments, "{\"how\":%d}", how);
        answer = modern_tool(host.port, "bad", arguments);
        if (answer && strstr(answer, "\"isError\":true") == NULL) CHECK_HAS(answer, "\"error\":{\"code\":-32");
        CHECK_LACKS(answer, "again");
        free(answer);
    }
    CHECK(host_metric(&host, "calls_held") == 0);
    host_end(&host);
}

static void forged_calls_are_refused(void) {
    int local = 0;
    mcp_call *forged[] = {(mcp_call *)&local, (mcp_call *)(uintptr_t)1, (mcp_call *)UINTPTR_MAX,
                          (mcp_call *)(uintptr_t)0xfffffff5u, (mcp_call *)(uintptr_t)5};
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        mcp_status status = mcp_call_finish_text(forged[i], MCP_STR("x"), NULL);
        CHECK(status == MCP_ERR_INVALID_ARGUMENT || status == MCP_ERR_FINISHED);
        CHECK(mcp_call_kind(forged[i]) == 0);
        CHECK(mcp_call_is_cancelled(forged[i]) == MCP_CANCEL_ENDED);
        mcp_call_drop(forged[i]);
    }
    CHECK_STATUS(mcp_call_finish_text(NULL, MCP_STR("x"), NULL), MCP_ERR_NULL);
}

typedef struct handed_over {
    pthread_t thread;
    mcp_call *call;
    event given;
} handed_over;

static void *finish_elsewhere(void *argument) {
    handed_over *over = argument;
    mcp_str name = MCP_NONE;
    event_wait(&over->given, 1);
    sleep_ms(50);
    CHECK_STATUS(mcp_call_arg_str(over->call, MCP_STR("name"), &name, NULL), MCP_OK);
    CHECK_STATUS(mcp_call_finish_text(over->call, name, NULL), MCP_OK);
    return NULL;
}

static void hand_over(mcp_call *call, void *user_data) {
    handed_over *over = user_data;
    over->call = call;
    event_raise(&over->given);
}

static void a_call_is_finished_later_by_another_thread(void) {
    host host = host_new();
    handed_over over = {0, NULL, EVENT_INIT};
    char *answer;
    host_add(&host, "over", MCP_RUN_INLINE, hand_over, &over, NULL);
    host_start(&host);
    pthread_create(&over.thread, NULL, finish_elsewhere, &over);
    answer = modern_tool(host.port, "over", "{\"name\":\"later \\u0041\"}");
    CHECK_HAS(answer, "\"text\":\"later A\"");
    free(answer);
    pthread_join(over.thread, NULL);
    host_end(&host);
}

static void *race(void *argument) {
    mcp_status status = mcp_call_finish_text(argument, MCP_STR("won"), NULL);
    return (void *)(uintptr_t)(status == MCP_OK);
}

static void finish_in_a_race(mcp_call *call, void *user_data) {
    pthread_t threads[4];
    uintptr_t winners = 0;
    (void)user_data;
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, race, call);
    for (int i = 0; i < 4; i++) {
        void *won;
        pthread_join(threads[i], &won);
        winners += (uintptr_t)won;
    }
    CHECK(winners == 1);
}

static void of_many_that_finish_one_wins(void) {
    host host = host_new();
    host_add(&host, "race", MCP_RUN_POOL, finish_in_a_race, NULL, NULL);
    host_start(&host);
    for (int i = 0; i < 20; i++) {
        char *answer = modern_tool(host.port, "race", "{}");
        CHECK_HAS(answer, "\"text\":\"won\"");
        free(answer);
    }
    host_end(&host);
}

static void speak(mcp_call *call, void *user_data) {
    (void)user_data;
    CHECK_STATUS(mcp_call_progress(call, 1, 4, MCP_STR("quarter"), NULL), MCP_OK);
    CHECK_STATUS(mcp_call_progress(call, 2, 0, MCP_NONE, NULL), MCP_OK);
    CHECK_STATUS(mcp_call_log(call, MCP_LEVEL_WARNING, MCP_STR("here"), MCP_STR("say \"hi\""), NULL), MCP_OK);
    CHECK_STATUS(mcp_call_log_json(call, MCP_LEVEL_INFO, MCP_NONE, MCP_STR("{\"n\":1}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_call_log(call, 99, MCP_NONE, MCP_STR("x"), NULL), MCP_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(mcp_call_log_json(call, MCP_LEVEL_INFO, MCP_NONE, MCP_STR("{n"), NULL), MCP_ERR_INVALID_JSON);
    CHECK_STATUS(mcp_call_notify(call, MCP_STR("notifications/test"), MCP_STR("{\"x\":1}"), NULL), MCP_OK);
    CHECK_STATUS(mcp_call_finish_text(call, MCP_STR("spoken"), NULL), MCP_OK);
}

static void a_call_speaks_before_its_answer(void) {
    host host = host_new();
    char *answer;
    host_add(&host, "speak", MCP_RUN_POOL, speak, NULL, NULL);
    host_start(&host);
    answer = modern_tool(host.port, "speak", "{}");
    CHECK_HAS(answer, "\"progress\":1,\"total\":4,\"message\":\"quarter\"");
    CHECK_HAS(answer, "\"progress\":2}");
    CHECK_HAS(answer, "\"logger\":\"here\",\"data\":\"say \\\"hi\\\"\"");
    CHECK_HAS(answer, "\"data\":{\"n\":1}");
    CHECK_HAS(answer, "notifications/test");
    CHECK_HAS(answer, "\"text\":\"spoken\"");
    free(answer);
    host_end(&host);
}

MAIN(TEST(arguments_are_read), TEST(calls_describe_themselves_in_both_eras), TEST(a_call_ends_once),
     TEST(a_call_dropped_is_answered), TEST(an_answer_that_cannot_be_used_is_an_error), TEST(forged_calls_are_refused),
     TEST(a_call_is_finished_later_by_another_thread), TEST(of_many_that_finish_one_wins),
     TEST(a_call_speaks_before_its_answer))
