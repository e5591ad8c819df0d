/* What a load began with is what it files under: ids are never given twice, and every commit looks. Oracle: sqlite3. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

static struct library lib;
static const char *meanwhile;    /* SQL, once, while the load is at work */

static char *sql(const char *text)
{
    return sandbox_run("sqlite3 '%s' \"PRAGMA foreign_keys = ON; %s\"", lib.path, text);
}

static void happen(void)
{
    if (meanwhile)
        free(sql(meanwhile));
    meanwhile = NULL;
}

static void set_up(void)
{
    library_open(&lib);
    sandbox_text(lib.folder, "A/one/acme/spot/a", "of A");
    sandbox_text(lib.folder, "A/deep/two/acme/spot/b", "of A");
    sandbox_text(lib.folder, "A/one/a loose one", "of A");
}

static void tear_down(void) { library_close(&lib); }

static void load_while(const char *text, const char *code)
{
    meanwhile = text;
    faults.looked = happen;
    struct library_load r = library_load(&lib, 1, 1);
    faults.looked = NULL;
    ck_assert_ptr_null(meanwhile);
    ck_assert_str_eq(r.code, code);
}

static void holds(const char *query, const char *expected)
{
    char *text = sql(query);
    ck_assert_str_eq(text, expected);
    free(text);
}

#define REST "SELECT (SELECT count(*) FROM replica) + (SELECT count(*) FROM client) + (SELECT count(*) FROM loose) + " \
             "(SELECT count(*) FROM reading) + (SELECT count(*) FROM outside)"

static const char *const changes[] = {
    /* remove database, add another one */
    "DELETE FROM database WHERE name = 'A'; INSERT INTO database (name, path, identity, added_at) VALUES ('C', x'2f', 'c', 1)",
    /* add database --replace: another disk under the name */
    "UPDATE database SET identity = '00000000-1111' WHERE name = 'A'",
    "UPDATE database SET identity = NULL WHERE name = 'A'",
    /* remove category, add another one; add category --replace */
    "DELETE FROM category WHERE name = 'two'; INSERT INTO category (name, path) VALUES ('three', CAST('3' AS BLOB))",
    "UPDATE category SET path = CAST('else' AS BLOB) WHERE name = 'one'",
};

START_TEST(nothing_is_filed_under_what_came_instead)
{
    load_while(changes[_i], "ECHANGED");
    holds(REST, "0\n");
    holds("SELECT count(*) FROM database WHERE loaded_at IS NOT NULL", "0\n");
}
END_TEST

START_TEST(what_does_not_concern_it_does_not_stop_it)
{
    load_while("INSERT INTO category (name, path) VALUES ('three', CAST('3' AS BLOB)); UPDATE database SET name = 'Z', "
               "path = x'2f' WHERE id = 1; DELETE FROM database WHERE name = 'B'", "");
    holds("SELECT count(*) FROM replica", "2\n");
}
END_TEST

START_TEST(ids_are_never_given_twice)
{
    ck_assert_str_eq(library_load(&lib, 1, 1).code, "");
    free(sql("DELETE FROM database; DELETE FROM category; INSERT INTO database (name, path, added_at) VALUES ('C', x'2f', 1); "
             "INSERT INTO category (name, path) VALUES ('c', CAST('c' AS BLOB)); INSERT INTO replica (database, category, "
             "client, project, files, directories, bytes, fingerprint, errors, loaded_at) VALUES (3, 3, x'61', x'62', 0, 0, "
             "0, x'', 0, 0)"));
    holds("SELECT id FROM database; SELECT id FROM category; SELECT id > 2 FROM replica", "3\n3\n1\n");
}
END_TEST

Suite *suite_roster(void)
{
    Suite *s = suite_create("roster");
    TCase *c = tcase_create("what a load began with");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, nothing_is_filed_under_what_came_instead, 0, sizeof changes / sizeof *changes);
    tcase_add_test(c, what_does_not_concern_it_does_not_stop_it);
    tcase_add_test(c, ids_are_never_given_twice);
    suite_add_tcase(s, c);
    return s;
}
