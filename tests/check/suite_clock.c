/* Times as one number: in their order, told apart, and back again. */
#include <check.h>
#include <stdint.h>

#include "base/clock.h"
#include "suites.h"

/* Seconds since 1970, as date(1) tells them. */
#define Y1133 INT64_C(-26384313600)
#define Y1600 INT64_C(-11676096000)
#define Y1901 INT64_C(-2177452800)
#define Y2262 INT64_C(9214646400)
#define Y2400 INT64_C(13569465600)
#define Y2800 INT64_C(26192246400)

static const int64_t seconds[] = {Y1133, Y1600, -9223372037, -9223372036, -9223354444, -9223354443, Y1901, -1, 0, 1, Y2262,
                                  9223354443, 9223354444, 9223354445, 9223372036, 9223372037, Y2400, Y2800};
#define COUNT (sizeof seconds / sizeof *seconds)

START_TEST(they_are_in_their_order)
{
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_lt(clock_join(seconds[i], 0), clock_join(seconds[i], 5000000));
        ck_assert_int_lt(clock_join(seconds[i], 5000000), clock_join(seconds[i], 999999999));
        ck_assert_int_lt(clock_join(seconds[i], 999999999), clock_join(seconds[i] + 1, 0));
        if (i)
            ck_assert_int_lt(clock_join(seconds[i - 1], 999999999), clock_join(seconds[i], 0));
    }
}
END_TEST

START_TEST(and_back_again)
{
    static const uint32_t parts[] = {0, 1, 5000000, 123456789, 999999999};

    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            struct timespec t = clock_split(clock_join(seconds[i], parts[k]));
            ck_assert_int_eq(t.tv_sec, seconds[i]);
            ck_assert_int_le(t.tv_nsec, parts[k]);
            ck_assert_int_lt(parts[k] - t.tv_nsec, 1 << 20);
            if (seconds[i] >= Y1901 && seconds[i] <= Y2262)
                ck_assert_int_eq(t.tv_nsec, parts[k]);
        }
}
END_TEST

START_TEST(the_farthest_ones_are_the_last_numbers)
{
    const int64_t far[] = {INT64_MAX, INT64_MAX / 1024 + 1, INT64_C(1) << 40, INT64_C(1) << 35};

    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        ck_assert_int_eq(clock_join(far[i], 5), INT64_MAX);
        ck_assert_int_eq(clock_join(-far[i], 5), -INT64_MAX);
    }
    ck_assert_int_eq(clock_join(INT64_MIN, 0), -INT64_MAX);
    ck_assert_int_lt(clock_join(Y2800, 0), INT64_MAX);
    ck_assert_int_gt(clock_split(INT64_MAX).tv_sec, Y2800);
    ck_assert_int_lt(clock_split(INT64_MIN).tv_sec, Y1133);
}
END_TEST

Suite *suite_clock(void)
{
    Suite *s = suite_create("clock");
    TCase *all = tcase_create("all");

    tcase_add_test(all, they_are_in_their_order);
    tcase_add_test(all, and_back_again);
    tcase_add_test(all, the_farthest_ones_are_the_last_numbers);
    suite_add_tcase(s, all);
    return s;
}
