#include "base/who.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define NAMESPACE "/proc/self/ns/pid"
#define BEGAN 22            /* the field of /proc/PID/stat, counted from 1 */
#define MOST (1 << 12)

/* A small file's text; false when there is none. */
static bool read_text(const char *path, struct buf *ret_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    int code = io_read_all(fd, MOST, ret_text);
    close(fd);
    return code >= 0 && ret_text->len > 0;
}

static void read_boot(char *ret_boot, size_t size)
{
    struct buf text = {0};
    struct stat st;

    *ret_boot = 0;
    if (read_text(BOOT_ID, &text) && stat(NAMESPACE, &st) == 0) {
        const char *id = buf_str(&text);
        int len = snprintf(ret_boot, size, "%.*s/%ju", (int)strcspn(id, "\n"), id, (uintmax_t)st.st_ino);
        if (len < 0 || (size_t)len >= size)
            *ret_boot = 0;
    }
    buf_free(&text);
}

/* The name, field 2, stands in brackets and may hold anything; what follows it begins behind the last one. */
static int64_t began_in(const char *stat)
{
    const char *at = strrchr(stat, ')');

    for (int field = 2; at && field < BEGAN; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoll(at + 1, NULL, 10) : 0;
}

static bool is_none(int64_t pid) { return pid <= 0 || (kill((pid_t)pid, 0) < 0 && errno == ESRCH); }

/*
 * When the process with this pid began; 0 when there is none, or it is over and only waits to be buried; -1 when there is
 * one that is not shown.
 */
static int64_t began_at(int64_t pid)
{
    struct buf text = {0};
    char path[48];
    int64_t began = 0;

    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    if (!read_text(path, &text)) {
        began = is_none(pid) ? 0 : -1;
    } else {
        const char *state = strrchr(buf_str(&text), ')');
        if (state && strncmp(state, ") Z", 3) != 0 && strncmp(state, ") X", 3) != 0)
            began = began_in(buf_str(&text));
    }
    buf_free(&text);
    return began;
}

static void read_user(char *ret_user, size_t size)
{
    char room[4096];
    struct passwd entry, *found = NULL;

    if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found && strlen(entry.pw_name) < size)
        snprintf(ret_user, size, "%s", entry.pw_name);
    else
        snprintf(ret_user, size, "%ju", (uintmax_t)geteuid());
}

void who_am_i(struct who *ret_who)
{
    *ret_who = (struct who){.pid = getpid()};
    gethostname(ret_who->host, sizeof ret_who->host - 1);
    read_user(ret_who->user, sizeof ret_who->user);
    read_boot(ret_who->boot, sizeof ret_who->boot);
    int64_t began = began_at(ret_who->pid);
    ret_who->began = began > 0 ? began : 0;
}

/* Is it another boot (1), this one seen from another namespace (-1), or this one (0)? */
static int compare_boots(const char *boot, const char *now)
{
    size_t len = strcspn(boot, "/");

    if (len != strcspn(now, "/") || memcmp(boot, now, len) != 0)
        return 1;
    return boot[len] && strcmp(boot, now) != 0 ? -1 : 0;    /* older journals have no namespace */
}

bool who_is_here(const char *boot)
{
    char now[sizeof ((struct who *)0)->boot];

    read_boot(now, sizeof now);
    return *now && *boot && compare_boots(boot, now) <= 0;
}

int who_runs(const char *boot, int64_t pid, int64_t began)
{
    char now[sizeof ((struct who *)0)->boot];

    read_boot(now, sizeof now);
    if (!*now || began_at(getpid()) <= 0)
        return -1;
    int other = *boot ? compare_boots(boot, now) : 0;
    if (other)
        return other > 0 ? 0 : -1;
    int64_t found = began_at(pid);
    if (found == 0)
        return 0;
    return found < 0 || !*boot || !began ? -1 : found == began;
}
