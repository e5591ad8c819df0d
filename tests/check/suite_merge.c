/* Two replicas side by side, set against diff(1); and digests that are recorded and carried. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index/merge.h"
#include "index/store.h"
#include "index/taken.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

static struct library lib;

static void set_up(void) { library_open(&lib); }
static void tear_down(void) { library_close(&lib); }

static void add_line(struct buf *out, char mark, const struct merge_dir *dir, const struct entry *e)
{
    buf_printf(out, "%c %s%s%s\n", mark, dir->path, dir->path_len ? "/" : "", e->name);
}

/* "< only left", "> only right", "! both, another size or time", one line each. */
static void list_differences(int64_t left, int64_t right, struct buf *out, int *same)
{
    struct error err = {0};
    struct merge *m;
    struct merge_dir dir;
    struct merge_pair pair;
    int code, code2 = 0;

    ck_assert_int_eq(merge_open(lib.cat, left, right, &m, &err), 0);
    while ((code = merge_next_dir(m, &dir, &err)) == 1) {
        *same += dir.same;
        while (!dir.same && (code2 = merge_next(m, &pair, &err)) == 1) {
            if (pair.left && !pair.left->name_len)
                continue;
            if (!pair.left || !pair.right)
                add_line(out, pair.left ? '<' : '>', &dir, pair.left ? pair.left : pair.right);
            else if (!S_ISDIR(pair.left->mode) && (pair.left->size != pair.right->size || pair.left->mtime != pair.right->mtime))
                add_line(out, '!', &dir, pair.left);
        }
        ck_assert_int_eq(code2, 0);
    }
    ck_assert_msg(code == 0, "%s", err.message ? err.message : "");
    merge_close(m);
}

/* The oracle: find's lists of both sides joined by name. */
static char *oracle(const char *left, const char *right)
{
    return sandbox_run("cd '%s' && ( cd %s && find . -mindepth 1 -printf '%%P\\t%%y\\t%%s\\t%%T@\\n' | sort ) >l && "
                       "( cd %s && find . -mindepth 1 -printf '%%P\\t%%y\\t%%s\\t%%T@\\n' | sort ) >r && "
                       "awk -F'\\t' 'FNR == NR { a[$1] = $2 == \"d\" ? \"d\" : $3 \" \" $4; next } "
                       "{ v = $2 == \"d\" ? \"d\" : $3 \" \" $4; if (!($1 in a)) print \"> \" $1; "
                       "else if (a[$1] != v) print \"! \" $1; delete a[$1] } "
                       "END { for (n in a) print \"< \" n }' l r | sort; rm l r", lib.folder, left, right);
}

START_TEST(agrees_with_a_join_of_finds)
{
    struct buf ours = {0};
    char name[100], *sorted, *theirs;
    int same = 0;

    for (int i = 0; i < 700; i++) {    /* more directories than a chunk of keys */
        snprintf(name, sizeof name, "A/one/c/p/d%d/e-%d/f%d", i % 41, i % 13, i);
        sandbox_text(lib.folder, name, "same");
    }
    free(sandbox_run("cd '%s' && mkdir -p B/one && cp -a A/one/c B/one/ && cd B/one/c/p && rm -r d3 d40/e-1 && "
                     "echo other >d5/e-5/f5 && touch d7/e-7/f7 && mkdir -p new/er && echo x >new/er/y && rm d1/e-1/f1 && "
                     "mkdir 'd1 x' && echo z >'d1 x/z'", lib.folder));
    library_load(&lib, 1, 2);
    library_load(&lib, 2, 2);
    list_differences(library_replica(&lib, 1, 1, "c", "p"), library_replica(&lib, 2, 1, "c", "p"), &ours, &same);
    sandbox_write(lib.folder, "ours", ours.data, ours.len);
    sorted = sandbox_run("sort '%s/ours'", lib.folder);
    theirs = oracle("A/one/c/p", "B/one/c/p");
    ck_assert_str_eq(sorted, theirs);
    ck_assert_int_gt((int)strlen(theirs), 100);
    ck_assert_int_gt(same, 100);
    free(sorted), free(theirs), buf_free(&ours);
}
END_TEST

START_TEST(equal_copies_are_the_same_everywhere)
{
    struct buf ours = {0};
    int same = 0;

    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p/x/y B/one && seq 9 >A/one/c/p/x/y/f && ln -s f A/one/c/p/x/y/l && "
                     "cp -a A/one/c B/one/ && touch B/one/c/p/x", lib.folder));
    library_load(&lib, 1, 2);
    library_load(&lib, 2, 2);
    list_differences(library_replica(&lib, 1, 1, "c", "p"), library_replica(&lib, 2, 1, "c", "p"), &ours, &same);
    ck_assert_uint_eq(ours.len, 0);
    ck_assert_int_eq(same, 3);
    ck_assert_int_eq(library_number(&lib, "SELECT count(DISTINCT fingerprint) FROM replica"), 1);
    list_differences(library_replica(&lib, 1, 1, "c", "p"), 0, &ours, &same);
    ck_assert_str_eq(buf_str(&ours), "< x\n< x/y\n< x/y/f\n< x/y/l\n");
    buf_free(&ours);
}
END_TEST

static enum digest_state state_of(const char *name, struct digest *d)
{
    struct merge *m;
    struct merge_dir dir;
    struct merge_pair pair;
    enum digest_state state = DIGEST_NONE;

    ck_assert_int_eq(merge_open(lib.cat, library_replica(&lib, 1, 1, "c", "p"), 0, &m, NULL), 0);
    while (merge_next_dir(m, &dir, NULL) == 1)
        while (merge_next(m, &pair, NULL) == 1)
            if (strcmp(pair.left->name, name) == 0)
                state = pair.left_state, *d = pair.left_digest;
    merge_close(m);
    return state;
}

static struct taken take(const char *path)
{
    char full[600];
    struct stat st;

    snprintf(full, sizeof full, "%s/A/one/c/p/%s", lib.folder, path);
    ck_assert_int_eq(stat(full, &st), 0);
    return (struct taken){
        .path = mem_strdup(path), .digest = digest_of(path, strlen(path)), .size = (uint64_t)st.st_size,
        .mtime = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec,
        .ctime = st.st_ctim.tv_sec * 1000000000LL + st.st_ctim.tv_nsec,
    };
}

START_TEST(digests_are_recorded_and_carried)
{
    struct digest d, want = digest_of("x/kept", 6);

    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p/x && cd A/one/c/p && echo 1 >x/kept && echo 2 >x/moved && echo 3 >top "
                     "&& echo 4 >x/rewritten", lib.folder));
    library_load(&lib, 1, 2);
    struct taken t[] = {take("x/moved"), take("top"), take("x/kept"), take("x/rewritten")};
    t[1].ctime++;    /* not what the listing says: must be left out */
    ck_assert_int_eq(replica_record_digests(lib.cat, library_replica(&lib, 1, 1, "c", "p"), t, 4, NULL), 0);
    for (int i = 0; i < 4; i++)
        free(t[i].path);
    ck_assert_int_eq(state_of("kept", &d), DIGEST_CONFIRMED);
    ck_assert_mem_eq(d.bytes, want.bytes, DIGEST_SIZE);
    ck_assert_int_eq(state_of("top", &d), DIGEST_NONE);
    free(sandbox_run("cd '%s/A/one/c/p/x' && chmod 600 moved && echo other >rewritten", lib.folder));
    library_load(&lib, 1, 2);
    ck_assert_int_eq(state_of("kept", &d), DIGEST_CONFIRMED);
    ck_assert_int_eq(state_of("moved", &d), DIGEST_UNCONFIRMED);
    ck_assert_int_eq(state_of("rewritten", &d), DIGEST_NONE);
}
END_TEST

START_TEST(a_damaged_listing_is_said)
{
    struct error err = {0};
    struct merge *m;
    struct merge_dir dir;
    struct merge_pair pair;

    free(sandbox_run("mkdir -p '%s/A/one/c/p' && echo 1 >'%s/A/one/c/p/f'", lib.folder, lib.folder));
    library_load(&lib, 1, 2);
    catalog_exec(lib.cat, "UPDATE directory SET listing = CAST('junk' AS BLOB)", NULL);
    ck_assert_int_eq(merge_open(lib.cat, library_replica(&lib, 1, 1, "c", "p"), 0, &m, NULL), 0);
    ck_assert_int_eq(merge_next_dir(m, &dir, &err), 1);
    ck_assert_int_eq(merge_next(m, &pair, &err), -EBADMSG);
    ck_assert_str_eq(err.code, "ECORRUPT");
    error_clear(&err);
    merge_close(m);
    library_load(&lib, 1, 2);    /* what was damaged is read anew, although nothing changed on the disk */
    ck_assert_int_eq(merge_open(lib.cat, library_replica(&lib, 1, 1, "c", "p"), 0, &m, NULL), 0);
    ck_assert_int_eq(merge_next_dir(m, &dir, &err), 1);
    ck_assert_int_eq(merge_next(m, &pair, &err), 1);
    merge_close(m);
}
END_TEST

/* A snapshot's listing lies in memory: that it is damaged says nothing of the catalog's. */
START_TEST(a_damaged_snapshot_is_an_error_of_its_own)
{
    struct snapshot snapshot = {0};
    const struct snapshot_entry top = {.entry = {.name = "", .mode = S_IFDIR | 0755}};
    struct error err = {0};
    struct merge *m;
    struct merge_dir dir;
    struct merge_pair pair;

    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    library_load(&lib, 1, 2);
    int64_t replica = library_replica(&lib, 1, 1, "c", "p");
    int64_t sum = library_number(&lib, "SELECT sum FROM directory");
    snapshot_add(&snapshot, "", 0, &top, 1);
    snapshot.dirs[0].listing.data[2] ^= 1;
    ck_assert_int_eq(merge_open(lib.cat, replica, replica, &m, NULL), 0);
    merge_set_left(m, &snapshot);
    ck_assert_int_eq(merge_next_dir(m, &dir, NULL), 1);
    ck_assert_int_eq(merge_next(m, &pair, &err), -EBADMSG);
    ck_assert_ptr_nonnull(err.message);
    ck_assert_str_eq(err.code, "ECORRUPT");
    ck_assert_int_eq(library_number(&lib, "SELECT sum FROM directory"), sum);
    merge_close(m);
    snapshot_free(&snapshot);
    error_clear(&err);
}
END_TEST

START_TEST(a_row_that_cannot_be_read_is_not_one_that_is_missing)
{
    struct listing_change change = {0};
    struct store *store;

    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    library_load(&lib, 1, 2);
    int64_t replica = library_replica(&lib, 1, 1, "c", "p");
    ck_assert_int_eq(store_open(lib.cat, &store, NULL), 0);
    ck_assert_int_eq(catalog_exec(lib.cat, "ALTER TABLE directory RENAME COLUMN print TO other", NULL), 0);
    ck_assert_int_lt(store_forget(store, replica, &change, NULL), 0);
    store_close(store);
}
END_TEST

Suite *suite_merge(void)
{
    Suite *s = suite_create("merge");
    TCase *t = tcase_create("merge");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, agrees_with_a_join_of_finds);
    tcase_add_test(t, equal_copies_are_the_same_everywhere);
    tcase_add_test(t, digests_are_recorded_and_carried);
    tcase_add_test(t, a_damaged_listing_is_said);
    tcase_add_test(t, a_damaged_snapshot_is_an_error_of_its_own);
    tcase_add_test(t, a_row_that_cannot_be_read_is_not_one_that_is_missing);
    suite_add_tcase(s, t);
    return s;
}
