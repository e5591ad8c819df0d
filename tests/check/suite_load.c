/* load: what the catalog says of a disk is what find says of it, before and after changes, faults and losses. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index/find.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

static const int threads[] = {1, 2, 8};
#define RUNS 3

static struct library lib;

static void set_up(void) { library_open(&lib); }
static void tear_down(void) { library_close(&lib); }

static long count(const char *fmt)
{
    char *out = sandbox_run("cd '%s' && %s", lib.folder, fmt);
    long n = atol(out);
    free(out);
    return n;
}

static void plant(void)
{
    char name[200];

    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "A/one/client %d/project%d/d%d/f%d", i % 3, i % 5, i % 11, i);
        sandbox_text(lib.folder, name, "0123456789" + i % 10);
        snprintf(name, sizeof name, "A/deep/two/client %d/p/d%d/g%d\n", i % 3, i % 11, i);
        sandbox_text(lib.folder, name, "two");
    }
    sandbox_text(lib.folder, "A/one/beside.txt", "loose");
    sandbox_text(lib.folder, "A/one/client 1/beside too", "loose");
    free(sandbox_run("cd '%s/A' && ln -s 'client 1' one/alias && mkdir one/nobody && touch one/.autobackup-0123456789abcdef", lib.folder));
}

static void assert_as_find(const struct library_load *r)
{
    ck_assert_str_eq(r->code, "");
    ck_assert_int_eq(r->files, count("find A/one A/deep/two -mindepth 3 -type f -printf x | wc -c"));
    ck_assert_int_eq(r->bytes, count("find A/one A/deep/two -mindepth 3 -type f -printf '%s\\n' | awk '{ s += $1 } END { print s }'"));
}

START_TEST(finds_what_find_finds)
{
    plant();
    struct library_load r = library_load(&lib, 1, threads[_i]);
    assert_as_find(&r);
    ck_assert_int_eq(r.replicas, 18);
    ck_assert_int_eq(r.added, r.files);
    ck_assert_int_eq(r.loose, 4);    /* with the temp that no manifest knows */
    ck_assert_int_eq(r.errors, 0);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM client WHERE category = 1"), 4);
    ck_assert_int_eq(library_number(&lib, "SELECT sum(directories) - (SELECT count(*) FROM directory) FROM replica"), 0);
}
END_TEST

START_TEST(nothing_changed_writes_no_listing)
{
    plant();
    library_load(&lib, 1, threads[_i]);
    int64_t before = library_number(&lib, "SELECT sum(id * 31 + length(listing)) FROM directory");
    catalog_exec(lib.cat, "CREATE TEMP TRIGGER t1 BEFORE UPDATE ON main.directory BEGIN SELECT raise(ABORT, 'x'); END", NULL);
    struct library_load r = library_load(&lib, 1, threads[_i]);
    ck_assert_str_eq(r.code, "");
    ck_assert_int_eq(r.added + r.changed + r.removed, 0);
    ck_assert_int_eq(library_number(&lib, "SELECT sum(id * 31 + length(listing)) FROM directory"), before);
}
END_TEST

START_TEST(changes_are_counted)
{
    plant();
    library_load(&lib, 1, threads[_i]);
    free(sandbox_run("cd '%s/A/one' && echo new >'client 0/project0/new' && rm -r 'client 1/project1/d5' && "
                     "echo longer than before >'client 2/project2/d2/f2' && rm -r 'client 2/project4' && "
                     "mkdir -p fresh/one && echo 1 >fresh/one/1", lib.folder));
    long gone = count("echo 0");
    struct library_load r = library_load(&lib, 1, threads[_i]);
    assert_as_find(&r);
    ck_assert_int_eq(r.added, 2);
    ck_assert_int_eq(r.changed, 1);
    ck_assert_int_eq(r.removed, 600 + 2 - r.files);
    ck_assert_int_gt(r.removed, gone);
    ck_assert_int_eq(library_replica(&lib, 1, 1, "client 2", "project4"), 0);
    ck_assert_int_ne(library_replica(&lib, 1, 1, "fresh", "one"), 0);
    ck_assert_int_eq(library_number(&lib, "SELECT sum(directories) - (SELECT count(*) FROM directory) FROM replica"), 0);
}
END_TEST

/* The catalog after many changes is the catalog of a fresh load: same fingerprints, same totals. */
START_TEST(many_loads_are_one_load)
{
    plant();
    for (int round = 0; round < 4; round++) {
        library_load(&lib, 1, threads[_i]);
        free(sandbox_run("cd '%s/A' && find one deep -type f | awk 'NR %% 7 == %d' | tr '\\n' '\\0' | xargs -0 rm -f && "
                         "for i in 1 2 3; do mkdir -p one/r%d/p$i/x/y; seq $i >one/r%d/p$i/x/y/z$i; done", lib.folder,
                         round, round, round));
    }
    library_load(&lib, 1, threads[_i]);
    catalog_exec(lib.cat, "CREATE TEMP TABLE before AS SELECT client, project, category, files, bytes, directories, "
                          "newest, fingerprint FROM replica; DELETE FROM replica", NULL);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory"), 0);
    library_load(&lib, 1, threads[_i]);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM (SELECT * FROM before EXCEPT SELECT client, project, "
                                          "category, files, bytes, directories, newest, fingerprint FROM replica)"), 0);
    ck_assert_int_gt(library_number(&lib, "SELECT count(*) FROM replica"), 20);
}
END_TEST

/* What the replicas' rows say of files is what their listings hold, whatever moved between two loads. */
START_TEST(renamed_directories_keep_their_files)
{
    plant();
    library_load(&lib, 1, threads[_i]);
    for (int round = 0; round < 3; round++) {
        free(sandbox_run("cd '%s/A/one/client 0/project0' && mv d5 'moved%d' && mkdir -p d5 'new%d/deeper' && "
                         "echo 1 >'new%d/deeper/file' && rm -rf 'new%d'", lib.folder, round, round, round, round - 1));
        struct library_load r = library_load(&lib, 1, threads[_i]);
        assert_as_find(&r);
        ck_assert_int_eq(library_number(&lib, "SELECT sum(directories) - (SELECT count(*) FROM directory) FROM replica"), 0);
        ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory WHERE instr(path, 'new')"), 2);
        ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory WHERE instr(path, 'moved')"), round + 1);
    }
}
END_TEST

START_TEST(what_cannot_be_read_is_kept)
{
    plant();
    library_load(&lib, 1, threads[_i]);
    int64_t files = library_number(&lib, "SELECT sum(files) FROM replica");
    catalog_close(lib.cat);
    if (!sandbox_drop_root(lib.folder))
        return;
    ck_assert_int_eq(catalog_open(lib.path, &lib.cat, NULL), 0);
    free(sandbox_run("cd '%s/A/one' && chmod 0 'client 0/project0/d0' 'client 1/project1' 'client 2'", lib.folder));
    struct library_load r = library_load(&lib, 1, threads[_i]);
    ck_assert_str_eq(r.code, "");
    ck_assert_int_eq(r.files, files);
    ck_assert_int_eq(r.removed, 0);
    ck_assert_int_eq(r.problems, 3);
    ck_assert_int_eq(r.errors, 3);
}
END_TEST

START_TEST(a_directory_never_read_is_no_empty_one)
{
    sandbox_text(lib.folder, "A/one/c/p/shut/f", "x");
    catalog_close(lib.cat);
    if (!sandbox_drop_root(lib.folder))
        return;
    ck_assert_int_eq(catalog_open(lib.path, &lib.cat, NULL), 0);
    free(sandbox_run("chmod 0 '%s/A/one/c/p/shut'", lib.folder));
    struct library_load r = library_load(&lib, 1, threads[_i]);
    ck_assert_int_eq(r.problems, 1);
    ck_assert_int_eq(r.errors, 1);
    free(sandbox_run("chmod 755 '%s/A/one/c/p/shut'", lib.folder));
    r = library_load(&lib, 1, threads[_i]);
    ck_assert_int_eq(r.errors, 0);
    ck_assert_int_eq(r.files, 1);
}
END_TEST

START_TEST(a_mount_point_makes_it_incomplete)
{
    if (!sandbox_own_mounts())
        return;
    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    free(sandbox_run("mkdir '%s/A/one/c/p/m' && mount -t tmpfs none '%s/A/one/c/p/m' && touch '%s/A/one/c/p/m/hidden'",
                     lib.folder, lib.folder, lib.folder));
    struct library_load r = library_load(&lib, 1, 0);
    free(sandbox_run("umount '%s/A/one/c/p/m'", lib.folder));
    ck_assert_int_eq(r.files, 1);
    ck_assert_int_eq(r.errors, 1);
    ck_assert_int_eq(r.problems, 1);
}
END_TEST

START_TEST(another_disk_is_offline)
{
    plant();
    library_load(&lib, 1, 0);
    int64_t files = library_number(&lib, "SELECT sum(files) FROM replica");
    free(sandbox_run("cd '%s' && mv A A.gone && mkdir A", lib.folder));
    ck_assert_str_eq(library_load(&lib, 1, 0).code, "EOFFLINE");
    free(sandbox_run("cd '%s' && rmdir A && cp -r B A", lib.folder));
    ck_assert_str_eq(library_load(&lib, 1, 0).code, "EOFFLINE");
    free(sandbox_run("cd '%s' && rm -r A", lib.folder));
    ck_assert_str_eq(library_load(&lib, 1, 0).code, "EOFFLINE");
    ck_assert_int_eq(library_number(&lib, "SELECT sum(files) FROM replica"), files);
    free(sandbox_run("cd '%s' && mv A.gone A", lib.folder));
    ck_assert_int_eq(library_load(&lib, 1, 0).files, files);
}
END_TEST

START_TEST(losing_most_asks_first)
{
    plant();
    library_load(&lib, 1, 0);
    free(sandbox_run("rm -r '%s/A/one'", lib.folder));
    ck_assert_str_eq(library_load(&lib, 1, 0).code, "ECONFIRM");
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM replica"), 18);
    struct library_load r = library_load_confirmed(&lib, 1);
    ck_assert_str_eq(r.code, "");
    ck_assert_int_eq(r.replicas, 3);
    ck_assert_int_eq(r.removed, 300);
}
END_TEST

START_TEST(entries_are_what_find_prints)
{
    struct error err = {0};
    const struct found *e;
    char ours[300];
    int code;

    plant();
    library_load(&lib, 1, 0);
    int64_t replica = library_replica(&lib, 1, 2, "client 1", "p");
    struct find_request all = {.filter = {
        .replicas = &replica, .replica_count = 1, .larger = -1, .newer = INT64_MIN, .older = INT64_MAX}};
    struct find *find;
    ck_assert_int_eq(find_start(lib.path, &all, &find, &err), 0);
    snprintf(ours, sizeof ours, "%s/ours", lib.folder);
    FILE *f = fopen(ours, "w");
    while ((code = find_next(find, -1, &e, &err)) == 1)
        fprintf(f, "%s%c", e->path, 0);
    fclose(f);
    ck_assert_int_eq(code, 0);
    find_close(find);
    free(sandbox_run("cd '%s/A/deep/two/client 1/p' && find . -mindepth 1 -printf '%%P\\0' | sort -z >%s.2 && "
                     "sort -z %s | cmp - %s.2", lib.folder, ours, ours, ours));
}
END_TEST

/* One replica whose listings take more memory than a load keeps: names that are long and share little. */
START_TEST(a_large_replica_waits_on_disk)
{
    free(sandbox_run("cd '%s/A' && mkdir -p deep/two one/c/p && cd one/c/p && awk 'BEGIN { for (i = 0; i < 14000; i++) { "
                     "n = sprintf(\"%%04d\", (i * 7919) %% 10000) i; while (length(n) < 240) n = n \"_long_name\" length(n); "
                     "print \"d\" i %% 90 \"/\" n } }' >../names && mkdir $(seq -f d%%.0f 0 89) && xargs touch <../names && "
                     "rm ../names", lib.folder));
    for (int round = 0; round < 2; round++) {
        struct library_load r = library_load(&lib, 1, threads[_i]);
        assert_as_find(&r);
        ck_assert_int_eq(r.files, 14000);
        ck_assert_int_eq(r.added, round ? 0 : 14000);
        ck_assert_int_eq(r.removed + r.changed, 0);
        ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory"), 91);
        ck_assert_int_gt(library_number(&lib, "SELECT sum(length(listing)) FROM directory"), 3000000);
    }
}
END_TEST

Suite *suite_load(void)
{
    Suite *s = suite_create("load");
    TCase *t = tcase_create("load");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, finds_what_find_finds, 0, RUNS);
    tcase_add_loop_test(t, nothing_changed_writes_no_listing, 0, RUNS);
    tcase_add_loop_test(t, changes_are_counted, 0, RUNS);
    tcase_add_loop_test(t, many_loads_are_one_load, 0, RUNS);
    tcase_add_loop_test(t, renamed_directories_keep_their_files, 0, RUNS);
    tcase_add_loop_test(t, what_cannot_be_read_is_kept, 0, RUNS);
    tcase_add_loop_test(t, a_directory_never_read_is_no_empty_one, 0, RUNS);
    tcase_add_loop_test(t, a_large_replica_waits_on_disk, 0, RUNS);
    tcase_add_test(t, a_mount_point_makes_it_incomplete);
    tcase_add_test(t, another_disk_is_offline);
    tcase_add_test(t, losing_most_asks_first);
    tcase_add_test(t, entries_are_what_find_prints);
    suite_add_tcase(s, t);
    return s;
}
