#include "base/spelling.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fold.h"
#include "base/path.h"

/* What some take for the end of a name that is without it, and how FAT marks its short names. */
static bool is_odd(const char *name)
{
    size_t len = strlen(name);
    return strchr(name, '~') || (len && (name[len - 1] == '.' || name[len - 1] == ' '));
}

static bool answers(int dir, const char *name, struct stat *ret_st)
{
    return fstatat(dir, name, ret_st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Might it be listed under another name? */
static bool is_suspect(int dir, const char *name)
{
    bool suspect = is_odd(name), has_variant = false;
    struct stat st;

    for (int i = 0; !suspect && i < FOLD_VARIANTS; i++) {
        char *variant = i == FOLD_VARIANTS - 1 && has_variant ? NULL : fold_variant(name, i);
        has_variant |= variant != NULL;
        suspect = variant && strlen(variant) <= NAME_MAX && (answers(dir, variant, &st) || errno == EACCES);
        free(variant);
    }
    return suspect;
}

/* What the reading of a directory found. */
struct looking {
    const char *name;
    ino_t ino;            /* of what answers to it, or 0 */
    bool exact;
    int found;            /* how sure the other name is: 0 none, 1 alike in form and case, 2 it is that very file */
    char *other;
};

static void see(struct looking *l, const struct dirent *d)
{
    int found = 0;

    if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
        return;
    l->exact |= strcmp(d->d_name, l->name) == 0;
    if (l->ino && d->d_ino == l->ino)
        found = 2;
    else if (l->found < 1 && fold_same(d->d_name, l->name))
        found = 1;
    if (found <= l->found)
        return;
    l->found = found;
    snprintf(l->other, NAME_MAX + 1, "%s", d->d_name);
}

static int read_names(int dir, struct looking *l)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = fd < 0 ? -errno : 0;
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (!stream && fd >= 0) {
        code = -errno;
        close(fd);
    }
    while (stream && !code && !l->exact) {
        errno = 0;
        struct dirent *d = readdir(stream);
        if (!d) {
            code = -errno;
            break;
        }
        see(l, d);
    }
    if (stream)
        closedir(stream);
    return code;
}

int spelling_search(int dir, const char *name, char *ret_other)
{
    struct stat st;
    struct looking l = {.name = name, .other = ret_other};

    *ret_other = 0;
    if (answers(dir, name, &st))
        l.ino = st.st_ino;
    int code = read_names(dir, &l);
    if (code)
        return code;
    return !l.exact && (l.found || (l.ino && answers(dir, name, &st))) ? SPELLED_OTHERWISE : SPELLED_SO;
}

int spelling_of(int dir, const char *name, char *ret_other)
{
    struct stat st;

    *ret_other = 0;
    if (!answers(dir, name, &st) || !is_suspect(dir, name))
        return SPELLED_SO;
    int spelled = spelling_search(dir, name, ret_other);
    return spelled == SPELLED_OTHERWISE && !answers(dir, name, &st) ? SPELLED_SO : spelled;
}

static int tell(struct error *err, const char *root_text, const char *path, size_t len, const char *name,
                const char *other)
{
    char bytes[100] = "", spelled[NAME_MAX + 10] = "another name";

    if (*other) {
        spelling_bytes(name, other, bytes, sizeof bytes);
        snprintf(spelled, sizeof spelled, "'%s'", other);
    }
    error_say(err, "ESPELLING", EEXIST,
              "%s/%.*s: there is no '%s' there, but %s, which this filesystem takes for the same%s%s%s: left alone. Rename "
              "one of the two, so that they are spelled alike or differ in more than case and form",
              root_text, (int)len, path, name, spelled, *bytes ? " (they look alike and differ in bytes: " : "", bytes,
              *bytes ? ")" : "");
    return SPELLED_OTHERWISE;
}

static int check_step(int dir, const char *root_text, const char *path, size_t len, const char *name, struct error *err)
{
    char other[NAME_MAX + 1];
    int spelled = spelling_of(dir, name, other);

    if (spelled < 0)
        error_set(err, -spelled, "%s/%.*s", root_text, (int)len, path);
    return spelled == SPELLED_OTHERWISE ? tell(err, root_text, path, len, name, other) : spelled;
}

/* Where the last `count` components begin. */
static const char *last_components(const char *path, int count)
{
    const char *at = path + strlen(path);

    while (at > path && (at[-1] != '/' || --count > 0))
        at--;
    return at;
}

static int check_below(int dir, const char *root_text, const char *path, const char *at, struct error *err)
{
    int spelled = SPELLED_SO;

    for (const char *end; dir >= 0 && *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, '/');
        char *name = mem_strndup(at, (size_t)(end - at));
        spelled = check_step(dir, root_text, path, (size_t)(end - path), name, err);
        int next = spelled == SPELLED_SO ? openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        free(name);
        close(dir);
        dir = next;
    }
    if (dir >= 0)
        close(dir);
    return spelled;
}

int spelling_check(int root, const char *root_text, const char *path, int count, struct error *err)
{
    const char *at = last_components(path, count);
    char *above = mem_strndup(path, (size_t)(at - path));
    int dir = path_open(root, above, O_PATH | O_DIRECTORY, 0);
    int code = dir >= 0 || path_is_absent(dir) ? 0 : error_set(err, -dir, "%s/%s", root_text, above);

    free(above);
    return dir < 0 ? code : check_below(dir, root_text, path, at, err);
}

/* Where two characters begin, not inside one. */
static size_t whole(const char *text, size_t at)
{
    while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void add_hex(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%s%02x", i ? " " : "", (unsigned char)text[i]);
    if (!len)
        buf_add_str(out, "nothing");
}

/* Bytes of the character there with its accents; 0 of what the other name has nothing for. */
static size_t character(const char *text, const char *beside)
{
    size_t len = fold_character(text), other = fold_character(beside), size;
    char *key = fold_key(beside, other, false, &size);

    free(key);
    return other && !size ? 0 : len;    /* that one is not to be seen, and this one comes after it */
}

void spelling_bytes(const char *a, const char *b, char *ret_text, size_t size)
{
    char *one = fold_key(a, strlen(a), false, NULL), *other = fold_key(b, strlen(b), false, NULL);
    bool alike = strcmp(one, other) == 0 && strcmp(a, b) != 0;
    struct buf out = {0};
    size_t head = 0;

    free(one);
    free(other);
    while (a[head] && a[head] == b[head])
        head++;
    head = whole(a, head) < whole(b, head) ? whole(a, head) : whole(b, head);
    if (alike) {
        add_hex(&out, a + head, character(a + head, b + head));
        buf_add_str(&out, " / ");
        add_hex(&out, b + head, character(b + head, a + head));
    }
    snprintf(ret_text, size, "%s", buf_str(&out));
    buf_free(&out);
}
