#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "suites.h"

static struct reader reader_of(const struct buf *b, size_t len)
{
    const unsigned char *data = (const unsigned char *)b->data;
    return (struct reader){.at = data, .end = data + len};
}

START_TEST(grows_and_gives_away)
{
    struct buf b = {0};

    for (int i = 0; i < 1000; i++)
        buf_add_byte(&b, 'x');
    buf_add_str(&b, "tail");
    buf_printf(&b, "%d-%s", 42, "end");
    ck_assert_uint_eq(b.len, 1010);
    ck_assert_str_eq(buf_str(&b) + 1000, "tail42-end");
    char *text = buf_take(&b);
    ck_assert_uint_eq(strlen(text), 1010);
    ck_assert_ptr_null(b.data);
    free(text);
}
END_TEST

static const uint64_t unsigned_values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX, UINT64_MAX};

START_TEST(varint_round_trip)
{
    struct buf b = {0};

    buf_add_varint(&b, unsigned_values[_i]);
    struct reader r = reader_of(&b, b.len);
    ck_assert(read_varint(&r) == unsigned_values[_i]);
    ck_assert(!r.bad && r.at == r.end);
    buf_free(&b);
}
END_TEST

START_TEST(varint_cut_short_is_bad)
{
    struct buf b = {0};

    buf_add_varint(&b, unsigned_values[_i]);
    for (size_t len = 0; len < b.len; len++) {
        struct reader r = reader_of(&b, len);
        ck_assert(read_varint(&r) == 0);
        ck_assert(r.bad);
        ck_assert_ptr_null(read_bytes(&r, 0));
    }
    buf_free(&b);
}
END_TEST

START_TEST(varint_over_64_bits_is_bad)
{
    struct buf b = {0};

    for (int i = 0; i < 9; i++)
        buf_add_byte(&b, 0xff);
    buf_add_byte(&b, 0x02);
    struct reader r = reader_of(&b, b.len);
    ck_assert(read_varint(&r) == 0);
    ck_assert(r.bad);
    buf_free(&b);
}
END_TEST

static const int64_t signed_values[] = {0, -1, 1, -64, 64, INT32_MIN, INT64_MAX, INT64_MIN};

START_TEST(signed_round_trip)
{
    struct buf b = {0};

    buf_add_signed(&b, signed_values[_i]);
    struct reader r = reader_of(&b, b.len);
    ck_assert(read_signed(&r) == signed_values[_i]);
    ck_assert(!r.bad && r.at == r.end);
    buf_free(&b);
}
END_TEST

START_TEST(small_signed_values_are_short)
{
    struct buf b = {0};

    buf_add_signed(&b, -64);
    buf_add_signed(&b, 63);
    ck_assert_uint_eq(b.len, 2);
    buf_free(&b);
}
END_TEST

START_TEST(bytes_never_pass_the_end)
{
    struct buf b = {0};

    buf_add_str(&b, "abc");
    struct reader r = reader_of(&b, b.len);
    ck_assert_mem_eq(read_bytes(&r, 2), "ab", 2);
    ck_assert_ptr_null(read_bytes(&r, 2));
    ck_assert(r.bad);
    buf_free(&b);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

START_TEST(numbers_are_those_of_printf)
{
    static const int64_t numbers[] = {0, 7, -7, 10, 99, 100, 1234567890123, INT64_MAX, INT64_MIN};
    struct buf b = {0};
    char expected[32];

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        buf_clear(&b);
        buf_add_number(&b, numbers[i]);
        snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        ck_assert_str_eq(buf_str(&b), expected);
    }
    buf_free(&b);
}
END_TEST

Suite *suite_buf(void)
{
    Suite *suite = suite_create("buf");
    TCase *tests = tcase_create("buf");

    tcase_add_test(tests, grows_and_gives_away);
    tcase_add_loop_test(tests, varint_round_trip, 0, COUNT(unsigned_values));
    tcase_add_loop_test(tests, varint_cut_short_is_bad, 0, COUNT(unsigned_values));
    tcase_add_test(tests, varint_over_64_bits_is_bad);
    tcase_add_loop_test(tests, signed_round_trip, 0, COUNT(signed_values));
    tcase_add_test(tests, small_signed_values_are_short);
    tcase_add_test(tests, bytes_never_pass_the_end);
    tcase_add_test(tests, numbers_are_those_of_printf);
    suite_add_tcase(suite, tests);
    return suite;
}
