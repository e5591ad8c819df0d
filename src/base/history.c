#include "base/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"

#define MAX_BYTES ((size_t)64 << 20)

/* ---- the lock: the file itself ---- */

static bool is_current(const char *path, int fd)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Where locks do not work, as on some network homes, an append is still one write. */
static void lock(int fd)
{
    while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
        ;
}

/* The file, locked: one that was cut meanwhile has another in its place. A descriptor or -errno. */
static int open_locked(const char *path, int flags)
{
    for (;;) {
        int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | flags, 0600);
        if (fd < 0)
            return -errno;
        lock(fd);
        if (is_current(path, fd))
            return fd;
        close(fd);
    }
}

/* ---- entries ---- */

static void add_escaped(struct buf *text, const char *entry)
{
    for (; *entry; entry++) {
        if (*entry == '\n' || *entry == '\\')
            buf_add_byte(text, '\\');
        buf_add_byte(text, (unsigned char)(*entry == '\n' ? 'n' : *entry));
    }
    buf_add_byte(text, '\n');
}

static void add_unescaped(struct buf *entry, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool escaped = text[i] == '\\' && i + 1 < len && (text[i + 1] == 'n' || text[i + 1] == '\\');
        if (escaped)
            i++;
        buf_add_byte(entry, (unsigned char)(escaped && text[i] == 'n' ? '\n' : text[i]));
    }
}

/* A line that another program left without its end. */
static bool is_unfinished(int fd)
{
    struct stat st;
    char last = '\n';

    return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

int history_append(const char *path, const char *entry, struct error *err)
{
    struct buf text = {0};
    int fd = open_locked(path, O_CREAT);

    if (fd < 0)
        return error_set(err, -fd, "%s", path);
    if (is_unfinished(fd))
        buf_add_byte(&text, '\n');
    add_escaped(&text, entry);
    int code = io_write(fd, text.data, text.len);
    close(fd);
    buf_free(&text);
    return code ? error_set(err, -code, "%s", path) : 0;
}

/* ---- reading ---- */

static size_t count_lines(const struct buf *text)
{
    size_t count = 0;

    for (size_t i = 0; i < text->len; i++)
        count += text->data[i] == '\n';
    return count;
}

/* Where the last `max` of `count` lines begin. */
static size_t last_lines(const struct buf *text, size_t count, size_t max)
{
    size_t at = 0;

    for (; count > max; count--)
        at = (size_t)((char *)memchr(text->data + at, '\n', text->len - at) - text->data) + 1;
    return at;
}

static void add_all(const struct buf *text, size_t at, void (*add)(const char *entry, void *arg), void *arg)
{
    struct buf entry = {0};

    while (at < text->len) {
        const char *end = memchr(text->data + at, '\n', text->len - at);
        size_t len = end ? (size_t)(end - text->data) - at : text->len - at;
        buf_clear(&entry);
        add_unescaped(&entry, text->data + at, len);
        if (entry.len && !memchr(entry.data, 0, entry.len))
            add(buf_str(&entry), arg);
        at += len + 1;
    }
    buf_free(&entry);
}

int history_read(const char *path, size_t max, void (*add)(const char *entry, void *arg), void *arg,
                 struct error *err)
{
    struct buf text = {0};
    int fd = open_locked(path, 0);

    if (fd == -ENOENT)
        return 0;
    if (fd < 0)
        return error_set(err, -fd, "%s", path);
    int code = io_read_all(fd, MAX_BYTES, &text);
    if (code) {
        code = error_set(err, -code, "%s", path);
    } else {
        size_t count = count_lines(&text), from = last_lines(&text, count, max);
        add_all(&text, from, add, arg);
        if (count > 2 * max)
            code = file_write(path, 0600, text.data + from, text.len - from, err);
    }
    close(fd);
    buf_free(&text);
    return code;
}
