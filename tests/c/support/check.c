#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;
static int failures;

static void fail(const char *file, int line, const char *what, const char *why) {
    pthread_mutex_lock(&printing);
    failures++;
    printf("# %s:%d: %s: %s\n", file, line, what, why);
    fflush(stdout);
    pthread_mutex_unlock(&printing);
}

bool check_that(bool condition, const char *what, const char *file, int line) {
    if (!condition) fail(file, line, what, "is not so");
    return condition;
}

bool check_status(mcp_status actual, mcp_status wanted, const char *what, const char *file, int line) {
    char why[160];
    if (actual == wanted) return true;
    snprintf(why, sizeof why, "is %s, not %s", mcp_status_name(actual).ptr, mcp_status_name(wanted).ptr);
    fail(file, line, what, why);
    return false;
}

bool check_text(mcp_str actual, const char *wanted, const char *what, const char *file, int line) {
    char why[600];
    if (wanted == NULL ? actual.ptr == NULL : actual.ptr != NULL && mcp_str_equal(actual, mcp_str_from(wanted))) {
        return true;
    }
    snprintf(why, sizeof why, "is \"%.*s\", not \"%s\"", (int)(actual.len > 250 ? 250 : actual.len),
             actual.ptr ? actual.ptr : "(none)", wanted ? wanted : "(none)");
    fail(file, line, what, why);
    return false;
}

bool check_has(const char *hay, const char *needle, bool wanted, const char *file, int line) {
    char why[1200];
    if (hay != NULL && (strstr(hay, needle) != NULL) == wanted) return true;
    snprintf(why, sizeof why, "in: %.1000s", hay ? hay : "(no answer)");
    fail(file, line, needle, why);
    return false;
}

int run_tests(const test *tests, size_t count) {
    int failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        failures = 0;
        tests[i].run();
        printf("%s %zu - %s\n", failures ? "not ok" : "ok", i + 1, tests[i].name);
        failed += failures != 0;
    }
    return failed ? 1 : 0;
}

void event_raise(event *event) {
    pthread_mutex_lock(&event->mutex);
    event->count++;
    pthread_cond_broadcast(&event->changed);
    pthread_mutex_unlock(&event->mutex);
}

int event_count(event *event) {
    int count;
    pthread_mutex_lock(&event->mutex);
    count = event->count;
    pthread_mutex_unlock(&event->mutex);
    return count;
}

bool event_wait(event *event, int count) {
    struct timespec until;
    int result = 0;
    bool reached;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10L * slowness();
    pthread_mutex_lock(&event->mutex);
    while (event->count < count && result == 0) {
        result = pthread_cond_timedwait(&event->changed, &event->mutex, &until);
    }
    reached = event->count >= count;
    pthread_mutex_unlock(&event->mutex);
    return reached;
}

void sleep_ms(int ms) {
    struct timespec time = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&time, NULL);
}

double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int slowness(void) {
    const char *text = getenv("TEST_SLOWNESS");
    int factor = text ? atoi(text) : 1;
    return factor > 0 ? factor : 1;
}

void drop_raises(void *user_data) { event_raise(user_data); }
