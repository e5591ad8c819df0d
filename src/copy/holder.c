#include "copy/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/ours.h"
#include "base/who.h"

#define NEW HOLDER ".new"
#define MAGIC "autobackup-holder 1 "
#define NUMBER 20          /* digits of the beat's number: the record's length never changes */
#define MOST 2048          /* bytes; ours have less */
#define FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

void holder_init(struct holder *h, const char *text)
{
    uint64_t noise;
    struct who who;

    *h = (struct holder){0};
    if (getrandom(&noise, sizeof noise, 0) != sizeof noise)
        noise = (uint64_t)clock_now() ^ (uint64_t)getpid() << 48;
    who_am_i(&who);
    hash64_hex(noise, h->token);
    snprintf(h->host, sizeof h->host, "%s", who.host);
    snprintf(h->boot, sizeof h->boot, "%s", who.boot);
    snprintf(h->text, sizeof h->text, "%s", text);
    h->text[strcspn(h->text, "\n")] = 0;
    h->pid = who.pid;
    h->began = who.began;
}

/* ---- the record ---- */

static void add_record(struct buf *b, const struct holder *h, uint64_t number)
{
    buf_printf(b, MAGIC "%0*" PRIu64 "\n%s\n%s\n%" PRId64 " %" PRId64 "\n%s\n%s\n", NUMBER, number, h->token, h->boot, h->pid,
               h->began, h->host, h->text);
}

/* The next line of *at, cut to the room there is; false when there is none. */
static bool take_line(const char **at, char *ret_line, size_t size)
{
    size_t len = strcspn(*at, "\n");

    if (!(*at)[len])
        return false;
    snprintf(ret_line, size, "%.*s", (int)len, *at);
    *at += len + 1;
    return true;
}

static bool parse(const char *text, struct holder *ret)
{
    char first[64], process[64];

    *ret = (struct holder){0};
    return take_line(&text, first, sizeof first) && strncmp(first, MAGIC, strlen(MAGIC)) == 0 &&
           take_line(&text, ret->token, sizeof ret->token) && strlen(ret->token) == sizeof ret->token - 1 &&
           take_line(&text, ret->boot, sizeof ret->boot) && take_line(&text, process, sizeof process) &&
           sscanf(process, "%" SCNd64 " %" SCNd64, &ret->pid, &ret->began) == 2 &&
           take_line(&text, ret->host, sizeof ret->host) && take_line(&text, ret->text, sizeof ret->text);
}

/* ---- looking ---- */

static int read_record(int fd, struct holder_look *look)
{
    struct buf bytes = {0};
    int code = io_read_all(fd, MOST, &bytes);

    if (!code) {
        look->print = hash64_of(bytes.data, bytes.len);
        look->readable = parse(buf_str(&bytes), &look->holder);
    }
    buf_free(&bytes);
    return code;
}

/* What cannot be read has times that change. */
static int print_of_stat(int dir, struct holder_look *look)
{
    struct stat st;

    if (fstatat(dir, HOLDER, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    const int64_t parts[] = {(int64_t)st.st_ino, (int64_t)st.st_size, clock_join(st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec),
                             clock_join(st.st_ctim.tv_sec, (uint32_t)st.st_ctim.tv_nsec)};
    look->print = hash64_of(parts, sizeof parts);
    return 0;
}

/* By its name each time: only an open asks the server anew. */
int holder_look(int dir, struct holder_look *ret_look)
{
    int fd = openat(dir, HOLDER, O_RDONLY | FLAGS);
    int code = fd < 0 ? -errno : 0;

    *ret_look = (struct holder_look){0};
    if (!code)
        code = read_record(fd, ret_look);
    if (fd >= 0)
        close(fd);
    return code && code != -ENOENT ? print_of_stat(dir, ret_look) : code;
}

bool holder_is_dead(const struct holder_look *look)
{
    const struct holder *h = &look->holder;
    return look->readable && who_is_here(h->boot) && who_runs(h->boot, h->pid, h->began) == 0;
}

char *holder_describe(const struct holder_look *look)
{
    const struct holder *h = &look->holder;
    char *text = NULL;

    if (!look->readable)
        return mem_strdup("somebody whose .autobackup/" HOLDER " cannot be read");
    if (asprintf(&text, "%s, on %s", *h->text ? h->text : "another program", *h->host ? h->host : "another machine") < 0)
        abort();
    return text;
}

/* ---- writing ---- */

static int make(int dir, const char *name, const struct holder *h)
{
    struct buf record = {0};
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | FLAGS, 0666);

    if (fd < 0)
        return -errno;
    add_record(&record, h, 0);
    int code = io_write(fd, record.data, record.len);
    ours_share(dir, fd);
    if (close(fd) < 0 && !code)    /* a share sends it now */
        code = -errno;
    if (code)
        (void)unlinkat(dir, name, 0);
    buf_free(&record);
    return code;
}

int holder_create(int dir, const struct holder *h) { return make(dir, HOLDER, h); }

int holder_replace(int dir, const struct holder *h, const struct holder_look *old)
{
    struct holder_look now;

    if (unlinkat(dir, NEW, 0) < 0 && errno != ENOENT)
        return -errno;
    int code = make(dir, NEW, h);
    if (code)
        return code == -EEXIST ? -EAGAIN : code;
    code = holder_look(dir, &now);
    if (code || now.print != old->print)    /* and where it cannot be told, the taker looks again */
        code = -EAGAIN;
    if (!code && renameat(dir, NEW, dir, HOLDER) < 0)
        code = errno == ENOENT ? -EAGAIN : -errno;    /* another taker's unlink came before */
    if (code)
        (void)unlinkat(dir, NEW, 0);
    return code;
}

static int beat_in(int fd, const struct holder *h, uint64_t number, bool *ret_beaten)
{
    struct holder_look now = {0};
    char digits[NUMBER + 1];
    int code = read_record(fd, &now);

    if (code)
        return code;
    if (!now.readable || strcmp(now.holder.token, h->token) != 0)
        return -ESTALE;
    snprintf(digits, sizeof digits, "%0*" PRIu64, NUMBER, number);
    *ret_beaten = io_write_at(fd, digits, NUMBER, (off_t)strlen(MAGIC)) == 0;
    return 0;
}

int holder_beat(int dir, const struct holder *h, uint64_t number, bool *ret_beaten)
{
    int fd = openat(dir, HOLDER, O_RDWR | FLAGS);

    *ret_beaten = false;
    if (fd < 0)    /* one that we may not write, or is no file, is not ours */
        return errno == EACCES || errno == EISDIR || errno == ELOOP || errno == ENXIO ? -ESTALE : -errno;
    int code = beat_in(fd, h, number, ret_beaten);
    if (close(fd) < 0)
        *ret_beaten = false;
    return code;
}

void holder_remove(int dir, const struct holder *h)
{
    struct holder_look now;

    if (holder_look(dir, &now) == 0 && now.readable && strcmp(now.holder.token, h->token) == 0)
        (void)unlinkat(dir, HOLDER, 0);
}
