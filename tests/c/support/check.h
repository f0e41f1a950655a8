/* Checks that print TAP: one line for each test, and what went wrong below it. */
#ifndef CHECK_H
#define CHECK_H

#include <mcpserver.h>
#include <pthread.h>
#include <stdbool.h>

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_STATUS(actual, wanted) check_status((actual), (wanted), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, wanted) check_text((actual), (wanted), #actual, __FILE__, __LINE__)
/* `needle` is somewhere in `hay`, a C string. */
#define CHECK_HAS(hay, needle) check_has((hay), (needle), true, __FILE__, __LINE__)
#define CHECK_LACKS(hay, needle) check_has((hay), (needle), false, __FILE__, __LINE__)

bool check_that(bool condition, const char *what, const char *file, int line);
bool check_status(mcp_status actual, mcp_status wanted, const char *what, const char *file, int line);
bool check_text(mcp_str actual, const char *wanted, const char *what, const char *file, int line);
bool check_has(const char *hay, const char *needle, bool wanted, const char *file, int line);

typedef struct test {
    const char *name;
    void (*run)(void);
} test;

/* Runs the tests and gives the exit status. */
int run_tests(const test *tests, size_t count);

#define TEST(function) {#function, function}
#define MAIN(...)                                                                                                      \
    int main(void) {                                                                                                   \
        static const test tests[] = {__VA_ARGS__};                                                                     \
        return run_tests(tests, sizeof tests / sizeof *tests);                                                         \
    }

/* A counter that threads wait for. */
typedef struct event {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
} event;

#define EVENT_INIT {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

void event_raise(event *event);
int event_count(event *event);
/* Whether the count reached `count` within a time that is ample on a slow machine. */
bool event_wait(event *event, int count);

void sleep_ms(int ms);
double now_ms(void);
/* Factor by which this run is slower than a plain one (sanitizers, valgrind). */
int slowness(void);

/* A `drop` that raises the event that is its user data. */
void drop_raises(void *user_data);

#endif
