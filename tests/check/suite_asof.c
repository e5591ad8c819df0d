/* A replica as it was: what cannot be looked at is no version that is gone. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copying.h"
#include "sandbox.h"
#include "suites.h"
#include "undo/asof.h"

#define KEPT "B/.autobackup/versions/%s/" P

static struct error err;
static struct asof asof;

/* B has had two contents of d/f: the first is a version of the second copy. */
static void set_up(void)
{
    copying_open();
    sandbox_text(lib.folder, "A/" P "/d/f", "first");
    copying_run();
    copying_is_done();
    sandbox_text(lib.folder, "A/" P "/d/f", "second one");
    copying_run();
    copying_is_done();
    copying_load();
}

static void tear_down(void)
{
    error_clear(&err);
    asof_free(&asof);
    copying_close();
}

/* B before the second copy. */
static int read_it(void)
{
    char *since[] = {out.operation};
    char *root = copying_root("B"), *identity = copying_identity("B");
    struct asof_request request = {
        .catalog = lib.path, .root = root, .identity = identity, .path = P, .at_operation = true,
        .replica = library_replica(&lib, 2, 1, "acme", "spot"), .moment = INT64_MAX, .operations = since,
        .operation_count = 1,
    };

    error_clear(&err);
    asof_free(&asof);
    int code = asof_read(&request, &asof, &err);
    free(root);
    free(identity);
    return code;
}

START_TEST(a_version_that_is_removed_is_lacking)
{
    ck_assert_int_eq(read_it(), 0);
    ck_assert_int_eq(asof.lacking, 0);
    free(sandbox_run("rm '%s'/" KEPT "/d/f", lib.folder, out.operation));
    ck_assert_int_eq(read_it(), 0);
    ck_assert_int_eq(asof.lacking, 1);
    ck_assert_int_eq(asof.lacks[0].why, LACK_VERSION);
    free(sandbox_run("cd '%s'/" KEPT " && rmdir d && echo >d", lib.folder, out.operation));    /* a file on the way */
    ck_assert_int_eq(read_it(), 0);
    ck_assert_int_eq(asof.lacking, 1);
    free(sandbox_run("cd '%s'/" KEPT " && rm d && mkdir ../e && ln -s ../e d", lib.folder, out.operation));
    ck_assert_int_eq(read_it(), 0);
    ck_assert_int_eq(asof.lacking, 1);
}
END_TEST

/* An ordinary user from here on, for whom permissions bite; false where that cannot be. */
static bool as_user(void)
{
    catalog_close(lib.cat);
    lib.cat = NULL;
    bool is_user = sandbox_drop_root(lib.folder);
    ck_assert_int_eq(catalog_open(lib.path, &lib.cat, NULL), 0);
    return is_user;
}

START_TEST(a_version_that_cannot_be_looked_at_is_an_error)
{
    if (!as_user())
        return;
    free(sandbox_run("chmod 0 '%s'/" KEPT "/d", lib.folder, out.operation));
    ck_assert_int_eq(read_it(), -EACCES);
    ck_assert_msg(strstr(err.message, P "/d/f") != NULL, "%s", err.message);
    ck_assert_int_eq(asof.lacking, 0);
    free(sandbox_run("chmod 700 '%s'/" KEPT "/d", lib.folder, out.operation));
    ck_assert_int_eq(read_it(), 0);
}
END_TEST

/* What lies in its place may be it: of a replica that cannot be looked at nothing is said. */
START_TEST(a_replica_that_cannot_be_looked_at_is_an_error)
{
    if (!as_user())
        return;
    free(sandbox_run("chmod 0 '%s/B/one/acme'", lib.folder));
    ck_assert_int_eq(read_it(), -EACCES);
    ck_assert_msg(strstr(err.message, P) != NULL, "%s", err.message);
    free(sandbox_run("chmod 700 '%s/B/one/acme' && rm '%s'/" KEPT "/d/f && chmod 0 '%s/B/" P "/d'", lib.folder, lib.folder,
                     out.operation, lib.folder));
    ck_assert_int_eq(read_it(), -EACCES);
    ck_assert_msg(strstr(err.message, P "/d") != NULL, "%s", err.message);
    free(sandbox_run("chmod 700 '%s/B/" P "/d'", lib.folder));
}
END_TEST

Suite *suite_asof(void)
{
    Suite *s = suite_create("asof");
    TCase *t = tcase_create("asof");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, a_version_that_is_removed_is_lacking);
    tcase_add_test(t, a_version_that_cannot_be_looked_at_is_an_error);
    tcase_add_test(t, a_replica_that_cannot_be_looked_at_is_an_error);
    suite_add_tcase(s, t);
    return s;
}
