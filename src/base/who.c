#include "base/who.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
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

    *ret_boot = 0;
    if (read_text(BOOT_ID, &text)) {
        const char *id = buf_str(&text);
        size_t len = strcspn(id, "\n");
        if (len < size)
            snprintf(ret_boot, size, "%.*s", (int)len, id);
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

/* When the process with this pid began; 0 when there is none, or it is over and only waits to be buried. */
static int64_t began_at(int64_t pid)
{
    struct buf text = {0};
    char path[48];
    int64_t began = 0;

    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    if (read_text(path, &text)) {
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
    ret_who->began = began_at(ret_who->pid);
}

int who_runs(const char *boot, int64_t pid, int64_t began)
{
    char now[sizeof ((struct who *)0)->boot];

    read_boot(now, sizeof now);
    if (!*boot || !began || !*now || !began_at(getpid()))
        return -1;
    return strcmp(boot, now) == 0 && began_at(pid) == began;
}
