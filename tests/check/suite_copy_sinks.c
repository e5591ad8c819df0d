/* sinks: one content to several destinations, gone on with, and at a bounded rate. Oracle: cmp(1). */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "copy/data.h"
#include "copy/pump.h"
#include "sandbox.h"
#include "suites.h"

#define SINKS 3

static char folder[256];
static struct data data;
static atomic_bool cancel;
static struct digest digest;
static uint64_t size;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s", sandbox_make());
    atomic_store(&cancel, false);
    data_init(&data, NULL, NULL, NULL);
}

static void tear_down(void)
{
    data_free(&data);
    sandbox_remove(folder);
}

static int open_at(const char *name, int flags)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, flags, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* "a": bytes that no compression and no repetition makes alike. */
static void make_source(uint64_t bytes)
{
    free(sandbox_run("head -c %llu /dev/urandom >'%s/a'", (unsigned long long)bytes, folder));
}

static void assert_same(const char *name) { free(sandbox_run("cmp '%s/a' '%s/%s'", folder, folder, name)); }

static void assert_digest(void)
{
    char hex[40];

    digest_hex(&digest, hex);
    char *theirs = sandbox_run("xxhsum -H2 '%s/a' | cut -d ' ' -f 1", folder);
    ck_assert_str_eq(strtok(theirs, "\n"), hex);
    free(theirs);
}

static int copy_to(struct sink *sinks, int count, uint64_t bytes, bool sparse)
{
    int from = open_at("a", O_RDONLY);
    int code = data_copy(&data, from, sinks, count, bytes, sparse, &digest, &size);

    close(from);
    for (int i = 0; i < count; i++)
        close(sinks[i].fd);
    return code;
}

static const uint64_t sizes[] = {0, 1, 4096, DATA_BUFFER + 1, DATA_LARGE - 1, DATA_LARGE,
                                 DATA_LARGE + 3 * PUMP_PIECE + 4097};

START_TEST(all_get_the_same)
{
    struct sink sinks[SINKS] = {0};
    char name[16];

    make_source(sizes[_i]);
    for (int i = 0; i < SINKS; i++) {
        snprintf(name, sizeof name, "b%d", i);
        sinks[i] = (struct sink){.fd = open_at(name, O_RDWR | O_CREAT | O_EXCL), .direct = i == 1};
    }
    ck_assert_int_eq(copy_to(sinks, SINKS, sizes[_i], false), 0);
    ck_assert_uint_eq(size, sizes[_i]);
    for (int i = 0; i < SINKS; i++) {
        ck_assert_int_eq(sinks[i].code, 0);
        snprintf(name, sizeof name, "b%d", i);
        assert_same(name);
    }
    assert_digest();
}
END_TEST

/* One that fails and one that is given up leave the third alone. */
START_TEST(one_fails_the_others_do_not)
{
    struct sink sinks[SINKS] = {0};

    make_source(sizes[_i + 3]);
    atomic_store(&cancel, true);
    close(open_at("b0", O_RDWR | O_CREAT | O_EXCL));
    sinks[0] = (struct sink){.fd = open_at("b0", O_RDONLY)};
    sinks[1] = (struct sink){.fd = open_at("b1", O_RDWR | O_CREAT | O_EXCL)};
    sinks[2] = (struct sink){.fd = open_at("b2", O_RDWR | O_CREAT | O_EXCL), .cancel = &cancel};
    ck_assert_int_eq(copy_to(sinks, SINKS, sizes[_i + 3], false), 0);
    ck_assert_int_eq(sinks[0].code, -EBADF);
    ck_assert_int_eq(sinks[1].code, 0);
    ck_assert_int_eq(sinks[2].code, -ECANCELED);
    assert_same("b1");
}
END_TEST

START_TEST(ends_when_nobody_is_left)
{
    struct sink sink = {.stop = &cancel};

    make_source(sizes[_i + 3]);
    atomic_store(&cancel, true);
    sink.fd = open_at("b", O_RDWR | O_CREAT | O_EXCL);
    ck_assert_int_eq(copy_to(&sink, 1, sizes[_i + 3], false), 0);
    ck_assert_int_eq(sink.code, -ECANCELED);
    ck_assert_uint_lt(size, sizes[_i + 3]);
}
END_TEST

START_TEST(goes_on_where_it_stopped)
{
    static const struct {
        const char *there;    /* what makes "b" out of "a" */
        uint64_t kept;        /* at least */
    } cases[] = {
        {"head -c 20000000 a >b", 18000000},
        {"cp a b", DATA_LARGE},
        {"cp a b && truncate -s +9999 b", DATA_LARGE},                       /* longer than the source is now */
        {"cp a b && printf x | dd of=b bs=1 seek=10000000 conv=notrunc", 8000000},
        {"truncate -s 33554432 b", 0},                                      /* room was made, nothing written */
        {"head -c 20000000 a >b && truncate -s 33554432 b", 18000000},
        {"head -c 9 /dev/zero >b", 0},
    };
    struct sink sink = {.resume = true, .direct = _i & 1};

    make_source(DATA_LARGE + 5);
    free(sandbox_run("cd '%s' && (%s) 2>&1", folder, cases[_i].there));
    sink.fd = open_at("b", O_RDWR);
    ck_assert_int_eq(copy_to(&sink, 1, DATA_LARGE + 5, false), 0);
    ck_assert_int_eq(sink.code, 0);
    ck_assert_uint_ge(sink.kept, cases[_i].kept);
    if (!cases[_i].kept)
        ck_assert_uint_eq(sink.kept, 0);
    assert_same("b");
    assert_digest();
}
END_TEST

START_TEST(large_ones_keep_their_holes)
{
    struct sink sinks[2] = {0};

    free(sandbox_run("cd '%s' && truncate -s 50000001 a && (for at in 0 9 31 47; do head -c 5000 /dev/urandom | "
                     "dd of=a bs=1M seek=$at conv=notrunc; done) 2>&1", folder));
    sinks[0].fd = open_at("b0", O_RDWR | O_CREAT | O_EXCL);
    sinks[1] = (struct sink){.fd = open_at("b1", O_RDWR | O_CREAT | O_EXCL), .direct = true};
    ck_assert_int_eq(copy_to(sinks, 2, 50000001, true), 0);
    assert_same("b0");
    assert_same("b1");
    assert_digest();
    char *blocks = sandbox_run("stat -c %%b '%s/a' '%s/b0' '%s/b1' | sort -nr | head -n 1", folder, folder, folder);
    ck_assert_int_lt(atoi(blocks), 4096);
    free(blocks);
}
END_TEST

START_TEST(a_rate_is_kept)
{
    struct sink sink = {0};
    struct pace pace;

    make_source(DATA_BUFFER * 4);
    pace_init(&pace, DATA_BUFFER * 16);
    data.pace = &pace;
    sink.fd = open_at("b", O_RDWR | O_CREAT | O_EXCL);
    int64_t began = clock_monotonic();
    ck_assert_int_eq(copy_to(&sink, 1, DATA_BUFFER * 4, false), 0);
    ck_assert_int_ge(clock_monotonic() - began, NSEC_PER_SEC / 4 - NSEC_PER_MSEC);
    assert_same("b");
    pace_free(&pace);
}
END_TEST

Suite *suite_copy_sinks(void)
{
    Suite *s = suite_create("copy/sinks");
    TCase *c = tcase_create("content to many");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, all_get_the_same, 0, 7);
    tcase_add_loop_test(c, one_fails_the_others_do_not, 0, 3);
    tcase_add_loop_test(c, ends_when_nobody_is_left, 0, 3);
    tcase_add_loop_test(c, goes_on_where_it_stopped, 0, 7);
    tcase_add_test(c, large_ones_keep_their_holes);
    tcase_add_test(c, a_rate_is_kept);
    suite_add_tcase(s, c);
    return s;
}
