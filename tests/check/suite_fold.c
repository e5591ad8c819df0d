/* Names that are alike: their keys, their variants, and under which name a directory lists one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/spelling.h"
#include "sandbox.h"
#include "suites.h"

#define COMPOSED "Caf\xc3\xa9"
#define DECOMPOSED "Cafe\xcc\x81"

static const char *folder;

static void set_up(void) { folder = sandbox_make(); }
static void tear_down(void) { sandbox_remove(folder); }

static void key_is(const char *text, bool letters, const char *wanted)
{
    size_t len;
    char *key = fold_key(text, strlen(text), letters, &len);

    ck_assert_str_eq(key, wanted);
    ck_assert_uint_eq(len, strlen(wanted));
    free(key);
}

START_TEST(a_key_has_one_form_and_one_case)
{
    key_is(COMPOSED, false, DECOMPOSED);
    key_is(DECOMPOSED, false, DECOMPOSED);
    key_is(COMPOSED, true, "cafe\xcc\x81");
    key_is("Spot", false, "Spot");
    key_is("Spot", true, "spot");
    key_is("\xc3\x89", true, "e\xcc\x81");
    key_is("Caf\xe9", true, "caf\xe9");    /* Latin 1 is no UTF-8: bytes, but for letters of ASCII */
    key_is("a\xe2\x80\x8d" "b", false, "ab");
}
END_TEST

START_TEST(names_that_are_one_where_names_fold)
{
    ck_assert(fold_same("Spot", "sPOT"));
    ck_assert(fold_same(COMPOSED, DECOMPOSED));
    ck_assert(fold_same("CAF\xc3\x89", DECOMPOSED));
    ck_assert(!fold_same("Caf\xe9", COMPOSED));
    ck_assert(!fold_same("Caf\xe9", "Caf\xe8"));
    ck_assert(!fold_same("spot", "spots"));
    ck_assert(!fold_same("spot 1", "spot_1"));
}
END_TEST

static void variant_is(const char *name, int which, const char *wanted)
{
    char *variant = fold_variant(name, which);

    ck_assert_msg((variant == NULL) == (wanted == NULL), "%s", variant ? variant : "none");
    if (wanted)
        ck_assert_str_eq(variant, wanted);
    free(variant);
}

START_TEST(variants)
{
    variant_is("Spot_1", 0, "sPOT_1");
    variant_is("2031", 0, NULL);
    variant_is(COMPOSED, 1, DECOMPOSED);
    variant_is(DECOMPOSED, 1, COMPOSED);
    variant_is("Spot", 1, NULL);
    variant_is("Caf\xe9", 0, "cAF\xe9");
    variant_is("Caf\xe9", 1, NULL);
    variant_is("2031", 2, "2031\xe2\x80\x8d");
}
END_TEST

static void bytes_are(const char *a, const char *b, const char *wanted)
{
    char text[100];

    spelling_bytes(a, b, text, sizeof text);
    ck_assert_str_eq(text, wanted);
}

START_TEST(the_bytes_that_differ)
{
    bytes_are(COMPOSED, DECOMPOSED, "c3 a9 / 65 cc 81");
    bytes_are("x" DECOMPOSED ".mov", "x" COMPOSED ".mov", "65 cc 81 / c3 a9");
    bytes_are("a\xe2\x80\x8d" "b", "ab", "e2 80 8d / nothing");
    bytes_are("\xc3\xa9\xc3\xa8", "\xc3\xa9" "e\xcc\x80", "c3 a8 / 65 cc 80");
    bytes_are(COMPOSED "/" COMPOSED, DECOMPOSED "/" DECOMPOSED, "c3 a9 / 65 cc 81");    /* the first */
    bytes_are("e\xcc\x81\xcc\xa3", "e\xcc\xa3\xcc\x81", "cc 81 cc a3 / cc a3 cc 81");
    bytes_are("ab", "ab\xe2\x80\x8d", "nothing / e2 80 8d");
    bytes_are("Spot", "spot", "");    /* that can be seen */
    bytes_are("a", "a", "");
    bytes_are("a", "b", "");
}
END_TEST

START_TEST(how_a_name_is_listed)
{
    char other[NAME_MAX + 1];

    sandbox_text(folder, "Spot", "1");
    sandbox_text(folder, "two", "2");
    sandbox_text(folder, "TWO", "2");
    int dir = open(folder, O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(spelling_of(dir, "Spot", other), SPELLED_SO);
    ck_assert_int_eq(spelling_of(dir, "spot", other), SPELLED_SO);      /* it is not there */
    ck_assert_int_eq(spelling_of(dir, "two", other), SPELLED_SO);       /* two files */
    ck_assert_int_eq(spelling_search(dir, "TWO", other), SPELLED_SO);
    ck_assert_int_eq(spelling_search(dir, "nothing", other), SPELLED_SO);
    ck_assert_int_eq(spelling_search(dir, "spot", other), SPELLED_OTHERWISE);
    ck_assert_str_eq(other, "Spot");
    close(dir);
}
END_TEST

START_TEST(a_path_is_as_its_folders_are_listed)
{
    struct error err = {0};

    sandbox_folder(folder, "one/Acme/Spot");
    int root = open(folder, O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(spelling_check(root, "/R", "one/Acme/Spot", 2, &err), SPELLED_SO);
    ck_assert_int_eq(spelling_check(root, "/R", "one/acme/spot", 2, &err), SPELLED_SO);    /* nothing is there */
    ck_assert_int_eq(spelling_check(root, "/R", "none/acme/spot", 2, &err), SPELLED_SO);
    ck_assert_int_eq(spelling_check(root, "/R", "Spot", 2, &err), SPELLED_SO);
    ck_assert_ptr_null(err.message);
    close(root);
}
END_TEST

Suite *suite_fold(void)
{
    Suite *s = suite_create("fold");
    TCase *texts = tcase_create("texts"), *names = tcase_create("names");

    tcase_add_test(texts, a_key_has_one_form_and_one_case);
    tcase_add_test(texts, names_that_are_one_where_names_fold);
    tcase_add_test(texts, variants);
    tcase_add_test(texts, the_bytes_that_differ);
    tcase_add_checked_fixture(names, set_up, tear_down);
    tcase_add_test(names, how_a_name_is_listed);
    tcase_add_test(names, a_path_is_as_its_folders_are_listed);
    suite_add_tcase(s, texts);
    suite_add_tcase(s, names);
    return s;
}
