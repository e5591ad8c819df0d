#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "copy/manifest.h"

#define PIECE (1 << 16)
#define MAX_RECORD (1 << 22)    /* no path is longer */
#define MOST_FIELDS 64          /* of a record with a verb that is not known */

/* Fields of each verb, the check included. */
static const struct {
    const char *name;
    int fields;
} verbs[] = {
    [MANIFEST_HEAD] = {"autobackup-manifest", 11},
    [MANIFEST_RUN] = {"run", 6},
    [MANIFEST_CREATE] = {"create", 10},
    [MANIFEST_REPLACE] = {"replace", 17},
    [MANIFEST_REMOVE] = {"remove", 10},
    [MANIFEST_TOUCH] = {"touch", 17},
    [MANIFEST_FOLDER] = {"folder", 10},
    [MANIFEST_OPENED] = {"opened", 10},
    [MANIFEST_SHUT] = {"shut", 3},
    [MANIFEST_ATTRIBUTES] = {"attributes", 4},
    [MANIFEST_LINKS] = {"links", 5},
    [MANIFEST_ABOVE] = {"above", 10},
    [MANIFEST_GONE] = {"gone", 10},
    [MANIFEST_VOID] = {"void", 3},
    [MANIFEST_TAKEN] = {"taken", 11},
    [MANIFEST_RENAME] = {"rename", 4},
    [MANIFEST_KEPT] = {"kept", 6},
    [MANIFEST_RENEWED] = {"renewed", 3},
    [MANIFEST_EXPIRE] = {"expire", 5},
    [MANIFEST_COUNTS] = {"counts", 7},
    [MANIFEST_END] = {"end", 6},
};

static int open_either(int dir, const char *operation)
{
    char *name = NULL;
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = openat(dir, operation, flags);

    if (fd < 0 && errno == ENOENT && asprintf(&name, "%s" MANIFEST_OPEN, operation) >= 0)
        fd = openat(dir, name, flags);
    int code = fd < 0 ? -errno : fd;
    free(name);
    return code;
}

int manifest_open(int root, const char *operation, struct manifest_reader *ret_reader)
{
    *ret_reader = (struct manifest_reader){.fd = -1};
    if (!*operation || strchr(operation, '/') || *operation == '.')
        return -EINVAL;
    int dir = path_open_dir(root, OPERATIONS);
    if (dir < 0)
        return dir;
    ret_reader->fd = open_either(dir, operation);
    close(dir);
    return ret_reader->fd < 0 ? ret_reader->fd : 0;
}

int manifest_rewind(struct manifest_reader *r)
{
    buf_clear(&r->bytes);
    r->at = 0;
    r->ended = r->torn = r->cut = false;
    r->whole = 0;
    return lseek(r->fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

void manifest_reader_close(struct manifest_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    buf_free(&r->bytes);
    r->fd = -1;
}

/* Drop what was handed out, read more. 1 when there is more, 0 at the end, -errno. */
static int fill(struct manifest_reader *r)
{
    if (r->ended)
        return 0;
    if (r->at) {
        memmove(r->bytes.data, r->bytes.data + r->at, r->bytes.len - r->at);
        r->bytes.len -= r->at;
        r->at = 0;
    }
    if (r->bytes.len > MAX_RECORD)
        return 0;
    buf_reserve(&r->bytes, PIECE);
    ssize_t n = io_read(r->fd, r->bytes.data + r->bytes.len, PIECE);
    if (n < 0)
        return (int)n;
    r->bytes.len += (size_t)n;
    r->ended = n < PIECE;
    return n > 0;
}

static int verb_of(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (*verbs[i].name == *name && strcmp(verbs[i].name, name) == 0)
            return (int)i;
    return -1;
}

static bool is_check(const char *check, const char *from)
{
    char hex[17];

    hash64_hex(hash64_of(from, (size_t)(check - from)), hex);
    return strcmp(hex, check) == 0;
}

/* The field behind `at`, and *at moved to it; NULL when it is not there as a whole. */
static const char *next_field(const char **at, const char *end)
{
    const char *field = *at, *stop = field < end ? memchr(field, 0, (size_t)(end - field)) : NULL;

    *at = stop ? stop + 1 : field;
    return stop ? field : NULL;
}

/* A record of a newer version ends with the first field that is the check of what stands before it. */
static ssize_t pass_over(const struct manifest_reader *r)
{
    const char *from = r->bytes.data + r->at, *at = from, *end = r->bytes.data + r->bytes.len;

    for (int i = 0; i < MOST_FIELDS; i++) {
        const char *field = next_field(&at, end);
        if (!field)
            return 0;
        if (at - field == 17 && is_check(field, from))
            return at - from;
    }
    return -EBADMSG;
}

/* Split what is there. Bytes of a whole record, 0 when more must be read, -EBADMSG. *ret_known: has it a verb of ours? */
static ssize_t split(const struct manifest_reader *r, struct manifest_record *rec, bool *ret_known)
{
    const char *from = r->bytes.data + r->at, *at = from, *end = r->bytes.data + r->bytes.len;
    const char *field = next_field(&at, end);
    int verb = field ? verb_of(field) : -1;

    *ret_known = verb >= 0;
    if (!field)
        return 0;
    if (verb < 0)
        return pass_over(r);
    rec->verb = (enum manifest_verb)verb;
    for (rec->count = 0; field; field = next_field(&at, end)) {
        rec->fields[rec->count++] = field;
        if (rec->count == verbs[verb].fields)
            return is_check(field, from) ? at - from : -EBADMSG;
    }
    return 0;
}

int manifest_next(struct manifest_reader *r, struct manifest_record *ret_record)
{
    bool known;

    for (;;) {
        ssize_t len = r->at < r->bytes.len ? split(r, ret_record, &known) : 0;
        if (len > 0) {
            r->at += (size_t)len;
            r->whole += (uint64_t)len;
            if (known)
                return 1;
            continue;
        }
        int more = len ? 0 : fill(r);
        if (more < 0)
            return more;
        if (!more) {
            r->torn = r->at < r->bytes.len;
            r->cut = r->torn && !len && r->ended;
            return 0;
        }
    }
}

/* Many times quicker than strtoll, and without its blanks and signs: what is below 2^59 is divided by nothing. */
static bool number(const char *text, unsigned base, int64_t *ret_value)
{
    bool negative = *text == '-';
    uint64_t value = 0, most = (uint64_t)INT64_MAX + negative;
    const char *at = text + negative;

    do {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit >= base || (value >> 59 && value > (most - digit) / base))
            return false;
        value = value * base + digit;
    } while (*++at);
    *ret_value = (int64_t)(negative ? -value : value);
    return true;
}

bool manifest_number(const struct manifest_record *record, int at, int64_t *ret_value)
{
    return at < record->count && number(record->fields[at], 10, ret_value);
}

bool manifest_is_operation(const char *name)
{
    size_t len = strlen(name);

    return len >= 8 && len <= 64 && *name != '-' && strspn(name, "0123456789TZabcdef-") == len;
}

static bool read_times(const struct manifest_record *record, int at, struct taken *ret_taken)
{
    const char *const *f = record->fields;
    int64_t young;

    if (!number(f[at], 10, &ret_taken->mtime) || !number(f[at + 1], 10, &ret_taken->ctime) ||
        !number(f[at + 2], 10, &young))
        return false;
    ret_taken->young = young != 0;
    return true;
}

bool manifest_taken(const struct manifest_record *record, struct taken *ret_target, struct taken *ret_source)
{
    const char *const *f = record->fields;
    struct taken both = {.path = (char *)f[1]};
    int64_t size;

    if (record->verb != MANIFEST_TAKEN || !digest_parse(f[2], &both.digest) || !number(f[3], 10, &size))
        return false;
    both.size = (uint64_t)size;
    *ret_target = *ret_source = both;
    return read_times(record, 4, ret_target) && read_times(record, 7, ret_source);
}

bool manifest_kept(const struct manifest_record *record, struct taken *ret_target)
{
    const char *const *f = record->fields;
    struct taken t = {.kept = true};
    int64_t size;

    if (record->verb != MANIFEST_KEPT || !number(f[2], 10, &size) || !number(f[3], 10, &t.mtime) ||
        !number(f[4], 10, &t.ctime))
        return false;
    t.path = (char *)f[1];
    t.size = (uint64_t)size;
    *ret_target = t;
    return true;
}

static uint32_t type_bits(const char *type)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } types[] = {{"file", S_IFREG},  {"directory", S_IFDIR}, {"symlink", S_IFLNK},
                 {"fifo", S_IFIFO},  {"socket", S_IFSOCK},   {"device", S_IFCHR}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, type) == 0)
            return types[i].bits;
    return 0;
}

bool manifest_file(const struct manifest_record *record, int at, struct manifest_file *ret_file)
{
    const char *const *f = record->fields + at;
    int64_t size, mode, uid, gid;

    *ret_file = (struct manifest_file){0};
    if (at + 7 >= record->count || !number(f[1], 10, &size) || !number(f[2], 10, &ret_file->mtime) ||
        !number(f[3], 8, &mode) || !number(f[4], 10, &uid) || !number(f[5], 10, &gid))
        return false;
    ret_file->mode = type_bits(f[0]) | (uint32_t)mode;
    ret_file->size = (uint64_t)size;
    ret_file->uid = (uint32_t)uid;
    ret_file->gid = (uint32_t)gid;
    ret_file->has_digest = digest_parse(f[6], &ret_file->digest);
    return true;
}
