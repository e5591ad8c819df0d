#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/process.h"
#include "folder.h"
#include "suites.h"

static void hex_of(const void *data, size_t len, char text[33])
{
    struct digest d = digest_of(data, len);
    digest_hex(&d, text);
}

START_TEST(known_vector)
{
    char text[33];

    hex_of("", 0, text);
    ck_assert_str_eq(text, "99aa06d3014798d86001c324468d497f");
}
END_TEST

/* Lengths around the switches between XXH3's code paths. */
static const size_t lengths[] = {0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 1025, 300000};

START_TEST(same_as_xxhsum)
{
    char path[FOLDER_PATH], command[FOLDER_PATH + 64], theirs[33] = "", ours[33];
    unsigned char *data = mem_alloc(lengths[_i]);
    int folder = folder_open(path);
    struct buf found = {0};

    if (process_which("xxhsum", &found) < 0)
        ck_abort_msg("xxhsum is missing: make deps");
    buf_free(&found);
    for (size_t i = 0; i < lengths[_i]; i++)
        data[i] = (unsigned char)(i * 31 + 7);
    snprintf(command, sizeof command, "%s/data", path);
    ck_assert_int_eq(file_write(command, 0600, data, lengths[_i], NULL), 0);
    snprintf(command, sizeof command, "xxhsum -q -H2 <%s/data", path);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_int_eq(fscanf(pipe, "%32s", theirs), 1);
    pclose(pipe);
    hex_of(data, lengths[_i], ours);
    ck_assert_str_eq(ours, theirs);
    free(data);
    folder_close(folder, path);
}
END_TEST

START_TEST(hex_comes_back)
{
    struct digest d = digest_of("x", 1), again;
    char text[33], printed[17], ours[17];

    digest_hex(&d, text);
    ck_assert(digest_parse(text, &again) && memcmp(&d, &again, sizeof d) == 0);
    for (int i = 0; i < 32; i++) {
        char kept = text[i];
        for (const char *bad = "G/:`g A"; *bad; bad++) {
            text[i] = *bad;
            ck_assert(!digest_parse(text, &again));
        }
        text[i] = 0;
        ck_assert(!digest_parse(text, &again));
        text[i] = kept;
    }
    ck_assert(!digest_parse("99aa06d3014798d86001c324468d497f0", &again));
    for (uint64_t hash = 1; hash; hash *= 3 << 3) {
        snprintf(printed, sizeof printed, "%016llx", (unsigned long long)hash);
        hash64_hex(hash, ours);
        ck_assert_str_eq(ours, printed);
    }
}
END_TEST

START_TEST(pieces_make_the_whole)
{
    const char text[] = "the quick brown fox jumps over the lazy dog";
    struct hasher *h = hasher_new();

    hasher_add(h, "something else", 14);
    hasher_reset(h);
    for (size_t i = 0; i < strlen(text); i++)
        hasher_add(h, text + i, 1);
    struct digest whole = digest_of(text, strlen(text)), pieces = hasher_get(h);
    ck_assert_mem_eq(&whole, &pieces, sizeof whole);
    hasher_free(h);
}
END_TEST

START_TEST(sum_carries_and_wraps)
{
    struct digest a, one = {{0}}, zero = {{0}};

    memset(&a, 0xff, sizeof a);
    one.bytes[DIGEST_SIZE - 1] = 1;
    digest_sum(&a, &one);
    ck_assert_mem_eq(&a, &zero, sizeof a);
}
END_TEST

START_TEST(sum_does_not_know_order)
{
    struct digest a = digest_of("a", 1), b = digest_of("b", 1), left = a, right = b;

    digest_sum(&left, &b);
    digest_sum(&right, &a);
    ck_assert_mem_eq(&left, &right, sizeof left);
    ck_assert_mem_ne(&left, &a, sizeof left);
}
END_TEST

Suite *suite_hash(void)
{
    Suite *suite = suite_create("hash");
    TCase *tests = tcase_create("hash");

    tcase_add_test(tests, known_vector);
    tcase_add_loop_test(tests, same_as_xxhsum, 0, (int)(sizeof lengths / sizeof *lengths));
    tcase_add_test(tests, hex_comes_back);
    tcase_add_test(tests, pieces_make_the_whole);
    tcase_add_test(tests, sum_carries_and_wraps);
    tcase_add_test(tests, sum_does_not_know_order);
    suite_add_tcase(suite, tests);
    return suite;
}
