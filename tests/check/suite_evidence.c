/* A replica's evidence is what its digests say, whatever was written in which order; and what marks do to a compare. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index/compare.h"
#include "index/taken.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

#define SEC 1000000000LL

static struct library lib;

static void set_up(void)
{
    library_open(&lib);
    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p/x A/one/c/p/y B/one && cd A/one/c/p && echo 1 >x/f && echo 2 >x/g && "
                     "echo 3 >y/h && touch -d @1000000000 x/f x/g y/h && cd ../../../.. && cp -a A/one/c B/one/", lib.folder));
    library_load(&lib, 1, 2);
    library_load(&lib, 2, 2);
}
static void tear_down(void) { library_close(&lib); }

static int64_t side(int64_t database) { return library_replica(&lib, database, 1, "c", "p"); }

static struct taken taken(int64_t database, const char *path, const char *content)
{
    char full[600];
    struct stat st;

    snprintf(full, sizeof full, "%s/%c/one/c/p/%s", lib.folder, database == 1 ? 'A' : 'B', path);
    ck_assert_int_eq(stat(full, &st), 0);
    return (struct taken){.path = (char *)path, .digest = digest_of(content, strlen(content)),
                          .size = (uint64_t)st.st_size, .mtime = st.st_mtim.tv_sec * SEC + st.st_mtim.tv_nsec,
                          .ctime = st.st_ctim.tv_sec * SEC + st.st_ctim.tv_nsec};
}

static void record(int64_t database, struct taken t)
{
    ck_assert_int_eq(replica_record_digests(lib.cat, side(database), &t, 1, NULL), 0);
}

/* The evidence as hex, freed by the caller: read by another program. */
static char *evidence(int64_t database)
{
    return sandbox_run("sqlite3 '%s' 'SELECT hex(evidence) FROM replica WHERE database = %d'", lib.path, (int)database);
}

static bool is_equal(void)
{
    char *a = evidence(1), *b = evidence(2);
    bool equal = strcmp(a, b) == 0;

    free(a), free(b);
    return equal;
}

#define NOTHING "00000000000000000000000000000000\n"

START_TEST(follows_what_is_known)
{
    char *text = evidence(1);
    ck_assert_str_eq(text, NOTHING);
    free(text);
    record(1, taken(1, "x/f", "1"));
    record(1, taken(1, "y/h", "3"));
    ck_assert(!is_equal());
    record(2, taken(2, "y/h", "3"));      /* the order does not matter */
    record(2, taken(2, "x/f", "1"));
    ck_assert(is_equal());
    struct taken t = taken(2, "x/f", "1");
    t.damaged = true;
    record(2, t);
    ck_assert(!is_equal());
    record(2, taken(2, "x/f", "1"));
    ck_assert(is_equal());
}
END_TEST

START_TEST(a_load_drops_what_it_no_longer_holds)
{
    record(1, taken(1, "x/f", "1"));
    record(1, taken(1, "y/h", "3"));
    record(2, taken(2, "y/h", "3"));
    free(sandbox_run("touch -d @7 '%s/A/one/c/p/x/f'", lib.folder));
    library_load(&lib, 1, 2);
    ck_assert(is_equal());                /* another time: that digest is gone */
    free(sandbox_run("rm -r '%s/A/one/c/p/y'", lib.folder));
    library_load(&lib, 1, 2);
    char *text = evidence(1);
    ck_assert_str_eq(text, NOTHING);
    free(text);
}
END_TEST

START_TEST(an_older_catalog_gets_its_own)
{
    record(1, taken(1, "x/f", "1"));
    record(2, taken(2, "x/f", "1"));
    free(sandbox_run("sqlite3 '%s' 'UPDATE replica SET evidence = NULL WHERE database = 2'", lib.path));
    record(1, taken(1, "y/h", "3"));
    record(2, taken(2, "y/h", "3"));
    ck_assert(is_equal());
}
END_TEST

/* ---- what is compared ---- */

static struct compare_counts counts;
static int rules;    /* of the last item */

static void compare(void)
{
    struct compare_request request = {.left = side(1), .right = side(2), .list = true};
    struct compare_item item;
    struct compare *c;
    int code;

    rules = 0;
    ck_assert_int_eq(compare_open(lib.cat, &request, &c, NULL), 0);
    while ((code = compare_next(c, &item, NULL)) > 0)
        if (code == COMPARE_ITEM)
            rules = item.rules;
    ck_assert_int_eq(code, 0);
    counts = *compare_counts(c);
    compare_close(c);
}

START_TEST(damage_is_no_sameness_where_nothing_else_is_known)
{
    compare();
    ck_assert_int_eq(counts.same.files, 3);
    record(1, taken(1, "x/f", "1"));
    struct taken t = taken(1, "x/f", "1");
    t.damaged = true;
    record(1, t);
    compare();
    ck_assert_int_eq(counts.different.files, 1);
    ck_assert_int_eq(counts.content, 0);  /* which is the bad one is known */
}
END_TEST

static void accept(int64_t database, const char *path, const char *content)
{
    struct taken t = taken(database, path, content), other = {.path = (char *)path, .superseded = true};

    t.accepted = true;
    record(database, t);
    record(3 - database, other);
}

START_TEST(what_is_accepted_stays_so_until_the_content_changes)
{
    record(1, taken(1, "x/f", "1"));
    record(2, taken(2, "x/f", "2"));
    compare();
    ck_assert_int_eq(counts.content, 1);
    ck_assert_int_eq(rules, 0);
    accept(1, "x/f", "1");
    compare();
    ck_assert_int_lt(rules, 0);
    record(1, taken(1, "x/f", "1"));      /* verified again */
    library_load(&lib, 1, 2);
    compare();
    ck_assert_int_lt(rules, 0);
    accept(2, "x/f", "2");                /* and the other one instead */
    compare();
    ck_assert_int_gt(rules, 0);
    record(2, taken(2, "x/f", "3"));      /* it is that content no more */
    compare();
    ck_assert_int_eq(rules, 0);
}
END_TEST

START_TEST(a_new_content_is_not_the_same_by_size_and_time)
{
    record(1, taken(1, "x/f", "1"));
    accept(1, "x/f", "1");
    compare();
    ck_assert_int_eq(counts.same.files, 3);    /* it is what it always was */
    accept(1, "x/f", "rotten");
    compare();
    ck_assert_int_eq(counts.doubt.files, 1);
    ck_assert_int_lt(rules, 0);
    ck_assert_int_eq(library_number(&lib, "SELECT SUM(open) FROM directory"), 1);
    record(2, taken(2, "x/f", "rotten"));
    compare();
    ck_assert_int_eq(counts.same.files, 3);
}
END_TEST

START_TEST(damage_is_taken_back_by_accepting_it)
{
    record(1, taken(1, "x/f", "1"));
    struct taken t = taken(1, "x/f", "1");
    t.damaged = true;
    record(1, t);
    ck_assert_int_eq(library_number(&lib, "SELECT SUM(damaged) FROM directory"), 1);
    accept(1, "x/f", "rotten");
    ck_assert_int_eq(library_number(&lib, "SELECT SUM(damaged) FROM directory"), 0);
}
END_TEST

#define RENEWED "SELECT SUM(open) FROM directory"

START_TEST(another_content_at_the_same_size_and_time_is_marked)
{
    record(1, taken(1, "x/f", "1"));
    record(1, taken(1, "x/f", "1"));
    ck_assert_int_eq(library_number(&lib, RENEWED), 0);
    record(1, taken(1, "x/f", "another"));     /* whoever says so */
    ck_assert_int_eq(library_number(&lib, RENEWED), 1);
    accept(2, "x/f", "1");                     /* and whatever is accepted elsewhere */
    record(1, taken(1, "x/f", "another"));
    ck_assert_int_eq(library_number(&lib, RENEWED), 1);
    struct taken copy = taken(2, "y/h", "3");
    copy.renewed = true;                       /* as its source was */
    record(2, copy);
    compare();
    ck_assert_int_eq(counts.different.files + counts.doubt.files, 2);
}
END_TEST

START_TEST(what_is_not_that_file_any_more_has_to_be_read)
{
    struct taken t = taken(1, "x/f", "1");

    record(1, t);
    record(2, taken(2, "x/f", "1"));
    t.unknown = true;
    t.ctime++;                                 /* another file of its size and time comes */
    t.has_digest = true;
    record(1, t);                              /* of the same content */
    compare();
    ck_assert_int_eq(counts.same.files, 3);
    t.has_digest = false;
    record(1, t);
    compare();
    ck_assert_int_eq(counts.doubt.files, 1);
    free(sandbox_run("touch '%s/A/one/c/p/x/new'", lib.folder));
    library_load(&lib, 1, 2);                  /* that the directory is read again says nothing of the file */
    compare();
    ck_assert_int_eq(counts.doubt.files, 1);
    record(1, taken(1, "x/f", "1"));
    compare();
    ck_assert_int_eq(counts.same.files, 3);
    t = taken(1, "x/f", "");
    t.unknown = true;
    record(1, t);
    free(sandbox_run("touch -d @7 '%s/A/one/c/p/x/f'", lib.folder));
    library_load(&lib, 1, 2);                  /* its time does: nobody takes it for the other one */
    ck_assert_int_eq(library_number(&lib, RENEWED), 0);
}
END_TEST

Suite *suite_evidence(void)
{
    Suite *s = suite_create("evidence");
    TCase *t = tcase_create("evidence");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, follows_what_is_known);
    tcase_add_test(t, a_load_drops_what_it_no_longer_holds);
    tcase_add_test(t, an_older_catalog_gets_its_own);
    tcase_add_test(t, damage_is_no_sameness_where_nothing_else_is_known);
    tcase_add_test(t, what_is_accepted_stays_so_until_the_content_changes);
    tcase_add_test(t, a_new_content_is_not_the_same_by_size_and_time);
    tcase_add_test(t, damage_is_taken_back_by_accepting_it);
    tcase_add_test(t, another_content_at_the_same_size_and_time_is_marked);
    tcase_add_test(t, what_is_not_that_file_any_more_has_to_be_read);
    suite_add_tcase(s, t);
    return s;
}
