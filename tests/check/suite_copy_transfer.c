/* transfer: whole copies between two databases, with find, cmp and stat as oracles. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy/fan.h"
#include "copy/lock.h"
#include "copying.h"
#include "faults.h"
#include "sandbox.h"
#include "suites.h"

START_TEST(a_fresh_copy_is_the_same)
{
    static const int jobs[] = {1, 2, 8};

    copying_plant();
    copying.jobs = jobs[_i];
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.problems + out.notes, 0);
    ck_assert_int_eq(out.copied, 203);
    ck_assert_int_eq(out.others, 2);
    ck_assert_int_eq(out.planned_new, out.copied);
    ck_assert_int_eq(out.planned_bytes, out.bytes);
    copying_is_same();
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.copied + out.others + out.metadata + out.made, 0);
    ck_assert_int_eq(out.unchanged, 203);
    char *manifests = sandbox_run("ls '%s'/B/.autobackup/operations | wc -l", lib.folder);
    ck_assert_int_eq(atoi(manifests), 1);
    free(manifests);
}
END_TEST

START_TEST(a_changed_file_is_replaced_and_kept)
{
    copying_plant();
    copying_run();
    free(sandbox_run("cd '%s'/A/" P " && printf new >d3/e0/f3 && rm link && ln -s d2 link", lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.copied, 1);
    ck_assert_int_eq(out.replaced, 1);
    ck_assert_int_eq(out.others, 1);
    copying_is_same();
    free(sandbox_run(
        "cd '%s'/B/.autobackup/versions/%s/" P " && test $(stat -c %%s d3/e0/f3) = 132 && "
        "test $(stat -c %%h d3/e0/f3) = 1 && test \"$(readlink link)\" = d1 && test $(find . -type f | wc -l) = 1",
        lib.folder, out.operation));
}
END_TEST

START_TEST(newer_is_left_alone_unless_told)
{
    copying_plant();
    copying_run();
    free(sandbox_run("cd '%s'/B/" P " && printf mine >d3/e0/f3", lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 1);
    ck_assert_str_eq(out.problem_code, "ENEWER");
    free(sandbox_run("cd '%s'/B/" P " && test \"$(cat d3/e0/f3)\" = mine", lib.folder));
    copying.overwrite_newer = true;
    copying_run();
    ck_assert_int_eq(out.replaced, 1);
    copying_is_same();
    free(sandbox_run("cd '%s'/B/.autobackup/versions/%s/" P " && test \"$(cat d3/e0/f3)\" = mine", lib.folder,
                     out.operation));
}
END_TEST

START_TEST(metadata_alone)
{
    copying_plant();
    copying_read("d4/e1/f4");
    copying_run();
    free(sandbox_run("cd '%s'/A/" P " && chmod 600 d4/e1/f4 && chmod 711 d5", lib.folder));
    copying_read("d4/e1/f4");
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.metadata, 2);
    ck_assert_int_eq(out.copied, 0);
    copying_is_same();
}
END_TEST

START_TEST(extras_stay_unless_mirrored)
{
    copying_plant();
    copying_run();
    free(sandbox_run("cd '%s'/B/" P " && mkdir -p more/deep && printf 1 >more/deep/x && printf 2 >extra",
                     lib.folder));
    copying_run();
    ck_assert_int_eq(out.removed, 0);
    free(sandbox_run("cd '%s'/B/" P " && test -e more/deep/x && test -e extra", lib.folder));
    copying.mirror = true;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.removed, 2);
    copying_is_same();
    free(sandbox_run("cd '%s'/B/.autobackup/versions/%s/" P " && test $(cat more/deep/x extra) = 12", lib.folder,
                     out.operation));
}
END_TEST

START_TEST(types_that_differ_are_left_alone)
{
    copying_plant();
    sandbox_text(lib.folder, "B/" P "/d3/e0", "a file where a directory should be");
    sandbox_text(lib.folder, "B/" P "/hard/inner", "a directory where a file should be");
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 2);
    ck_assert_str_eq(out.problem_code, "ETYPE");
    free(sandbox_run("cd '%s'/B/" P " && test -f d3/e0 && test -f hard/inner", lib.folder));
    copying.mirror = true;    /* which keeps them as versions */
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.conflicts + out.failed, 0);
    copying_is_same();
    free(sandbox_run("cd '%s'/B/.autobackup/versions/%s/" P " && test -f d3/e0 && test -f hard/inner", lib.folder, out.operation));
}
END_TEST

START_TEST(what_appears_after_the_load_is_not_replaced)
{
    copying_plant();
    copying_load();
    sandbox_text(lib.folder, "B/" P "/d3/e0/f3", "theirs");
    copying_finish(copying_start());
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 1);
    ck_assert_str_eq(out.problem_code, "EEXIST");
    free(sandbox_run("cd '%s'/B/" P " && test \"$(cat d3/e0/f3)\" = theirs", lib.folder));
}
END_TEST

START_TEST(what_changes_after_the_load_is_not_replaced)
{
    copying_plant();
    copying_run();
    free(sandbox_run("cd '%s'/A/" P " && printf longer >d3/e0/f3 && chmod 600 d4/e1/f4", lib.folder));
    copying_load();
    free(sandbox_run("cd '%s'/B/" P
                     " && touch -r d3/e0/f3 ../ref && printf theirs >d3/e0/f3 && touch -r ../ref d3/e0/f3 && "
                     "chmod 604 d4/e1/f4",
                     lib.folder));
    copying_finish(copying_start());
    ck_assert_int_eq(out.conflicts, 2);
    ck_assert_str_eq(out.problem_code, "ECHANGED");
    free(sandbox_run("cd '%s'/B/" P " && test \"$(cat d3/e0/f3)\" = theirs && test $(stat -c %%a d4/e1/f4) = 604",
                     lib.folder));
}
END_TEST

START_TEST(a_dry_run_writes_nothing)
{
    copying_plant();
    sandbox_text(lib.folder, "B/" P "/extra", "x");
    copying_load();
    char *before = sandbox_run("cd '%s'/B && find . -printf '%%p %%T@ %%C@\\n' | sort", lib.folder);
    copying.dry_run = true;
    copying_finish(copying_start());
    char *after = sandbox_run("cd '%s'/B && find . -printf '%%p %%T@ %%C@\\n' | sort", lib.folder);
    copying_is_done();
    ck_assert_str_eq(before, after);
    ck_assert_int_eq(out.copied, 203);
    ck_assert_int_gt(out.actions, 205);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM operation"), 0);
    free(before);
    free(after);
}
END_TEST

START_TEST(problems_of_one_file_do_not_stop_the_others)
{
    copying_plant();
    free(sandbox_run("cd '%s'/A/" P " && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'",
                     lib.folder));
    copying_load();
    free(sandbox_run("cd '%s'/A/" P " && rm d1/e1/f22 && rm d2/e2/f2 && mkdir d2/e2/f2", lib.folder));
    copying_finish(copying_start());
    copying_is_done();
    ck_assert_int_eq(out.failed, 2);    /* the socket is none of them */
    ck_assert_int_eq(out.copied, 201);
    ck_assert_int_eq(library_number(&lib, "SELECT state = 'partial' FROM operation"), 1);
}
END_TEST

/* A file that cannot be read is its own problem alone; a read-only folder of the user's is none. */
START_TEST(without_permission)
{
    copying_plant();
    free(sandbox_run("chmod 000 '%s'/A/" P "/d1/e1/f22 && mkdir -p '%s'/B/" P "/d3 && chmod 555 '%s'/B/" P "/d3",
                     lib.folder, lib.folder, lib.folder));
    if (!sandbox_drop_root(lib.folder))
        return;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.failed, 1);
    ck_assert_str_eq(out.problem_code, "EACCES");
    ck_assert_int_gt(out.copied, 200);
}
END_TEST

/* It stays, and a mirror says so: dry (1) or not. */
START_TEST(an_extra_that_cannot_be_read)
{
    copying_plant();
    free(sandbox_run("mkdir -p '%s'/B/" P "/more && printf 1 >'%s'/B/" P "/more/x && chmod 000 '%s'/B/" P "/more",
                     lib.folder, lib.folder, lib.folder));
    if (!sandbox_drop_root(lib.folder))
        return;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.failed, 0);
    copying.mirror = true;
    copying.dry_run = _i == 1;
    copying_run();
    ck_assert_int_eq(out.failed, 1);
    ck_assert_str_eq(out.problem_code, "EACCES");
    free(sandbox_run("chmod 700 '%s'/B/" P "/more && test -e '%s'/B/" P "/more/x", lib.folder, lib.folder));
}
END_TEST

START_TEST(sockets_and_the_catalog_are_not_copied)
{
    copying_plant();
    free(sandbox_run("ln '%s' '%s'/A/" P "/catalog.db", lib.path, lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_str_eq(out.problem_code, "EINUSE");
    ck_assert_int_eq(out.failed, 1);
    free(sandbox_run("test ! -e '%s'/B/" P "/catalog.db", lib.folder));
}
END_TEST

START_TEST(a_locked_destination)
{
    char path[400];

    copying_plant();
    copying_load();
    snprintf(path, sizeof path, "%s/B", lib.folder);
    int root = open(path, O_RDONLY | O_DIRECTORY);
    int lock = lock_take(root, "B", "other, pid 2, since 01:00", 0, NULL, NULL, NULL);
    copying_finish(copying_start());
    ck_assert_str_eq(out.type, "failed");
    ck_assert_str_eq(out.code, "EBUSY");
    lock_give_back(lock);
    close(root);
}
END_TEST

START_TEST(another_disk)
{
    copying_plant();
    copying_load();
    free(sandbox_run("rm '%s'/B/.autobackup/database.json", lib.folder));
    copying_finish(copying_start());
    ck_assert_str_eq(out.code, "EOFFLINE");
    free(sandbox_run("test ! -e '%s'/B/one", lib.folder));
}
END_TEST

/* Cancelled at its first, second... event. */
START_TEST(cancelled_and_continued)
{
    struct event *ev;
    char name[100];

    copying_plant();
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "A/" P "/many/%d/f%d", i % 10, i);
        sandbox_text(lib.folder, name, name);
    }
    copying_load();
    struct job *job = copying_start();
    for (int i = 0; i < _i && job_next(job, -1, &ev) == 1; i++)
        event_free(ev);
    job_cancel(job);
    copying_finish(job);
    copying_is_done();
    ck_assert_int_eq(out.cancelled, 1);
    if (_i)    /* else not even the plan was made */
        copying_adds_up();
    int64_t first = out.copied;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(first + out.copied, 503);
    copying_is_same();
}
END_TEST

START_TEST(digests_become_known)
{
    int64_t count, confirmed = 0;
    struct error err = {0};

    copying_plant();
    copying_run();
    ck_assert_int_eq(out.recorded, 204);    /* the file with two names once more, for each */
    library_load(&lib, 2, 0);
    char *root = copying_root("B"), *id = copying_identity("B");
    struct record_request request = {
        .catalog = lib.path, .operation = out.operation, .target_root = root, .target_identity = id,
        .source = library_replica(&lib, 1, 1, "acme", "spot")};
    ck_assert_msg(transfer_record(&request, &count, &err) == 0, "%s", err.message);
    ck_assert_int_eq(count, 204);
    ck_assert_int_gt(library_number(&lib, "SELECT sum(length(digests)) / 17 FROM directory"), 200);
    ck_assert_int_eq(library_number(&lib, "SELECT count(digests) FROM directory WHERE replica = 2"), 0);
    request.target = library_replica(&lib, 2, 1, "acme", "spot");
    ck_assert_msg(transfer_record(&request, &count, &err) == 0, "%s", err.message);
    ck_assert_int_eq(count, 204);
    confirmed = library_number(&lib, "SELECT sum(length(digests)) / 17 FROM directory");
    ck_assert_int_gt(confirmed, 400);
    request.operation = "20311123T029999Z-0000";
    ck_assert_int_eq(transfer_record(&request, &count, &err), 0);
    ck_assert_int_eq(count, 0);
    free(root);
    free(id);
}
END_TEST

START_TEST(what_the_dead_left_is_removed)
{
    static const int names[] = {1, 20, 100};
    int status;

    copying_plant();
    copying_load();
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (!child) {
            faults.deadly_name = names[i];
            copying_finish(copying_start());
            _exit(1);
        }
        operations++;
        waitpid(child, &status, 0);
        ck_assert(WIFSIGNALED(status));
    }
    copying_run();
    copying_is_done();
    copying_is_same();
    char *open_ = sandbox_run("find '%s'/B/.autobackup -name '*.open'", lib.folder);
    ck_assert_str_eq(open_, "");
    free(open_);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM operation WHERE state = 'running'"), 0);
}
END_TEST

START_TEST(replaced_files_left_by_a_crash_are_kept)
{
    copying_plant();
    copying_run();
    free(sandbox_run("cd '%s'/B && sed 's/x/x/' .autobackup/operations/%s >.autobackup/operations/dead.open && "
                     "printf old >" P "/d1/.autobackup-x-0123456789abcdef && printf t >" P
                     "/d1/.autobackup-0123456789abcdef",
                     lib.folder, out.operation));
    copying_run();
    copying_is_done();
    free(sandbox_run("cd '%s'/B/.autobackup/versions/dead/" P
                     "/d1 && test $(cat .autobackup-x-0123456789abcdef) = old && "
                     "rm .autobackup-x-0123456789abcdef",
                     lib.folder));
    copying_is_same();
}
END_TEST

START_TEST(links_are_kept_together)
{
    free(sandbox_run("mkdir -p '%s'/A/" P "/a/b && cd '%s'/A/" P
                     " && printf 1 >one && ln one a/two && ln one a/b/three && "
                     "printf 2 >other && ln other a/another",
                     lib.folder, lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.copied, 5);
    ck_assert_int_eq(out.bytes, 2);
    copying_is_same();
    free(sandbox_run("cd '%s'/B/" P
                     " && test $(stat -c %%h one) = 3 && test one -ef a/b/three && test other -ef a/another",
                     lib.folder));
    free(sandbox_run("cd '%s'/A/" P " && printf changed >one", lib.folder));
    copying_run();
    copying_is_done();
    copying_is_same();
    free(sandbox_run("cd '%s'/B/" P " && test one -ef a/b/three && test \"$(cat a/two)\" = changed", lib.folder));
}
END_TEST

START_TEST(default_access_lists_do_not_leak)
{
    copying_plant();
    free(sandbox_run("mkdir -p '%s'/B/" P "/d1/e1", lib.folder));
    char *can = sandbox_run(
        "setfacl -d -m u:1234:rwx,g::rwx '%s'/B/" P "/d1/e1 2>/dev/null && echo yes || echo no", lib.folder);
    copying_run();
    copying_is_done();
    copying_is_same();
    free(sandbox_run("cd '%s'/B/" P "/d1/e1 && ! getfacl -p -n f1 f22 2>/dev/null | grep -q 1234", lib.folder));
    free(can);
}
END_TEST

START_TEST(a_source_that_rots_is_not_copied)
{
    int64_t count;

    sandbox_text(lib.folder, "A/" P "/f", "precious");
    free(sandbox_run("touch -d 2001-01-01 '%s'/A/" P "/f; sleep 0.05", lib.folder));
    copying_run();
    library_load(&lib, 2, 0);
    char *root = copying_root("B"), *id = copying_identity("B");
    struct record_request request = {.catalog = lib.path,
                                     .operation = out.operation,
                                     .target_root = root,
                                     .target_identity = id,
                                     .source = library_replica(&lib, 1, 1, "acme", "spot")};
    ck_assert_int_eq(transfer_record(&request, &count, NULL), 0);
    /* Stands in for a disk that changes bytes: the digest that is remembered is made another. */
    ck_assert_int_eq(catalog_exec(lib.cat,
                                  "UPDATE directory SET digests = CAST(substr(digests, 1, length(digests) - 3) || "
                                  "x'010203' AS BLOB) WHERE replica = (SELECT id FROM replica WHERE database = 1)",
                                  NULL),
                     0);
    free(sandbox_run("rm '%s'/B/" P "/f", lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.failed, 1);
    ck_assert_str_eq(out.problem_code, "EDAMAGED");
    free(sandbox_run("test ! -e '%s'/B/" P "/f", lib.folder));
    free(root);
    free(id);
}
END_TEST

/* A file that was longer than planned when it was read, and is read twice because it goes on changing. */
START_TEST(progress_is_never_above_its_total)
{
    const struct fan_options slowly = {.streams = 1, .rate = 8 << 20};

    sandbox_text(lib.folder, "A/" P "/a", "small");
    free(sandbox_run("head -c 1000000 /dev/zero | tr '\\0' x >'%s'/A/" P "/grows", lib.folder));
    copying_load();
    free(sandbox_run("head -c 3000000 /dev/zero | tr '\\0' y >'%s'/A/" P "/grows", lib.folder));
    copying.fan = fan_new(&slowly);
    copying_finish(copying_start());
    copying_is_done();
    ck_assert_int_eq(out.planned_bytes, 1000005);
    ck_assert_int_gt(out.progress_bytes, 0);
    ck_assert_int_le(out.progress_bytes, out.planned_bytes);
    ck_assert_int_eq(out.copied, 2);
    copying_is_same();
    fan_unref(copying.fan);
}
END_TEST

Suite *suite_copy_transfer(void)
{
    Suite *s = suite_create("copy/transfer");
    TCase *c = tcase_create("whole copies");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, copying_open, copying_close);
    tcase_add_loop_test(c, a_fresh_copy_is_the_same, 0, 3);
    tcase_add_test(c, a_changed_file_is_replaced_and_kept);
    tcase_add_test(c, newer_is_left_alone_unless_told);
    tcase_add_test(c, metadata_alone);
    tcase_add_test(c, extras_stay_unless_mirrored);
    tcase_add_test(c, types_that_differ_are_left_alone);
    tcase_add_test(c, what_appears_after_the_load_is_not_replaced);
    tcase_add_test(c, what_changes_after_the_load_is_not_replaced);
    tcase_add_test(c, a_dry_run_writes_nothing);
    tcase_add_test(c, problems_of_one_file_do_not_stop_the_others);
    tcase_add_test(c, without_permission);
    tcase_add_loop_test(c, an_extra_that_cannot_be_read, 0, 2);
    tcase_add_test(c, sockets_and_the_catalog_are_not_copied);
    tcase_add_test(c, a_locked_destination);
    tcase_add_test(c, another_disk);
    tcase_add_loop_test(c, cancelled_and_continued, 0, 4);
    tcase_add_test(c, digests_become_known);
    tcase_add_test(c, what_the_dead_left_is_removed);
    tcase_add_test(c, replaced_files_left_by_a_crash_are_kept);
    tcase_add_test(c, links_are_kept_together);
    tcase_add_test(c, default_access_lists_do_not_leak);
    tcase_add_test(c, a_source_that_rots_is_not_copied);
    tcase_add_test(c, progress_is_never_above_its_total);
    suite_add_tcase(s, c);
    return s;
}
