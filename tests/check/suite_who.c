/* Who runs this: is told, and told apart from another process that was given the same pid. */
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/who.h"
#include "sandbox.h"
#include "suites.h"

/* What the machine's own tools say of this process. */
START_TEST(this_process_is_told)
{
    struct who who;
    char told[512];

    who_am_i(&who);
    ck_assert_int_eq(who.pid, getpid());
    char *said = sandbox_run("uname -n; id -un; echo $(cat /proc/sys/kernel/random/boot_id)/$(stat -Lc %%i /proc/self/ns/pid); cut -d')' -f2 /proc/%d/stat "
                             "| awk '{print $20}'", (int)getpid());
    snprintf(told, sizeof told, "%s\n%s\n%s\n%lld\n", who.host, who.user, who.boot, (long long)who.began);
    ck_assert_str_eq(told, said);
    free(said);
    ck_assert_int_eq(who_runs(who.boot, who.pid, who.began), 1);
}
END_TEST

/* The pid of another that began later, or of a boot before this one, is not that process. */
START_TEST(a_reused_pid_is_another)
{
    struct who who;

    who_am_i(&who);
    ck_assert_int_eq(who_runs(who.boot, who.pid, who.began - 1), 0);
    ck_assert_int_eq(who_runs("00000000-0000-0000-0000-000000000000", who.pid, who.began), 0);
    ck_assert_int_eq(who_runs(who.boot, 1 << 30, who.began), 0);
}
END_TEST

START_TEST(what_was_not_recorded_is_not_known)
{
    struct who who;

    who_am_i(&who);
    ck_assert_int_eq(who_runs("", who.pid, who.began), -1);
    ck_assert_int_eq(who_runs(who.boot, who.pid, 0), -1);
}
END_TEST

START_TEST(a_dead_one_that_nobody_has_waited_for_does_not_run)
{
    int ends[2];
    struct who child;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        who_am_i(&child);
        if (write(ends[1], &child, sizeof child) != (ssize_t)sizeof child)
            _exit(1);
        pause();
    }
    ck_assert_int_eq(read(ends[0], &child, sizeof child), sizeof child);
    ck_assert_int_eq(child.pid, pid);
    ck_assert_int_eq(who_runs(child.boot, child.pid, child.began), 1);
    siginfo_t info;
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(who_runs(child.boot, child.pid, child.began), 0);
    waitpid(pid, NULL, 0);
}
END_TEST

/* A container has the machine's name and boot, and its own pids. */
START_TEST(a_pid_of_another_namespace_says_nothing)
{
    char other[80];
    struct who who;

    who_am_i(&who);
    snprintf(other, sizeof other, "%.*s/1", (int)strcspn(who.boot, "/"), who.boot);
    ck_assert_int_eq(who_runs(other, who.pid, who.began), -1);
    ck_assert_int_eq(who_runs(other, 1 << 30, who.began), -1);
    other[strcspn(other, "/")] = 0;    /* as older journals have it */
    ck_assert_int_eq(who_runs(other, who.pid, who.began), 1);
    ck_assert_int_eq(who_runs("", 1 << 30, 0), 0);
}
END_TEST

/* Where processes are only shown to their users, this one is there all the same. */
START_TEST(a_hidden_process_may_run)
{
    enum { SKIPPED = 77 };
    struct who who;
    int status;

    who_am_i(&who);
    pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("proc", "/proc", "proc", 0, "hidepid=2") < 0 || setresgid(65534, 65534, 65534) < 0 ||
            setgroups(0, NULL) < 0 || setresuid(65534, 65534, 65534) < 0)
            _exit(SKIPPED);
        _exit(who_runs(who.boot, who.pid, who.began) == -1 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WEXITSTATUS(status) == SKIPPED)
        sandbox_skip("a /proc of one's own needs root");
    else
        ck_assert_int_eq(status, 0);
}
END_TEST

Suite *suite_who(void)
{
    Suite *suite = suite_create("who");
    TCase *tests = tcase_create("who");

    tcase_add_test(tests, this_process_is_told);
    tcase_add_test(tests, a_reused_pid_is_another);
    tcase_add_test(tests, what_was_not_recorded_is_not_known);
    tcase_add_test(tests, a_dead_one_that_nobody_has_waited_for_does_not_run);
    tcase_add_test(tests, a_pid_of_another_namespace_says_nothing);
    tcase_add_test(tests, a_hidden_process_may_run);
    suite_add_tcase(suite, tests);
    return suite;
}
