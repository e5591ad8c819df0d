#include "copy/only.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fold.h"
#include "base/glob.h"

/* One component of a pattern. */
struct part {
    const char *text;         /* into the pattern's */
    size_t len;
    bool deep;                /* ** */
    struct glob *glob;        /* NULL: only the same bytes match */
};

/* Positions of a pattern: how many of its parts a path has used up. Several at once where there is a **. */
struct pattern {
    char *text;               /* its parts, a slash between two */
    struct part *parts;
    size_t count;
    bool *here, *there;       /* positions of the directory at hand, and of a name in it; count of each */
    bool covers;              /* the directory, or one above it */
    bool names;               /* the name that was asked about last */
    int64_t hits;
};

struct only {
    struct pattern *list;
    size_t count;
    char *dir;                /* the one at hand; NULL: none yet */
    size_t dir_len;
    enum only_extent extent;  /* its own */
};

/* ---- reading patterns ---- */

/* The next component at *at, and *at behind it. NULL when there is none. */
static const char *next_part(const char **at, size_t *ret_len)
{
    const char *from = *at + strspn(*at, "/");

    *ret_len = strcspn(from, "/");
    *at = from + *ret_len;
    return *ret_len ? from : NULL;
}

static bool is(const char *from, size_t len, const char *text) { return len == strlen(text) && !memcmp(from, text, len); }

/* The text without what means nothing; NULL when it is no path below the replica. */
static char *tidied(const char *pattern)
{
    struct buf text = {0};
    const char *at = pattern, *from;
    size_t len;

    if (*pattern == '/')
        return NULL;
    while ((from = next_part(&at, &len))) {
        if (is(from, len, ".."))
            goto refused;
        if (is(from, len, "."))
            continue;
        if (text.len)
            buf_add_byte(&text, '/');
        buf_add(&text, from, len);
    }
    if (text.len)
        return buf_take(&text);
refused:
    buf_free(&text);
    return NULL;
}

static bool has_wildcard(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr("*?[", text[i]))
            return true;
    return false;
}

static void drop_parts(struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++)
        glob_free(p->parts[i].glob);
    free(p->parts);
    free(p->here);
    free(p->there);
    p->parts = NULL;
    p->count = 0;
}

static void add_part(struct pattern *p, const char *from, size_t len, bool plain)
{
    struct part part = {.text = from, .len = len, .deep = !plain && is(from, len, "**")};

    bool wild = has_wildcard(from, len);
    if (!plain && !part.deep && (wild || !fold_is_ascii(from, len)))
        part.glob = glob_new(from, len, wild ? GLOB_FORMS : GLOB_FORMS | GLOB_PLAIN);
    p->parts = mem_realloc(p->parts, (p->count + 1) * sizeof *p->parts);
    p->parts[p->count++] = part;
}

/* plain: a wildcard is a byte like all. */
static void compile(struct pattern *p, bool plain)
{
    const char *at = p->text, *from;
    size_t len;

    drop_parts(p);
    while ((from = next_part(&at, &len)))
        add_part(p, from, len, plain);
    p->here = mem_zalloc(p->count * sizeof *p->here);
    p->there = mem_zalloc(p->count * sizeof *p->there);
}

int only_new(char *const *patterns, size_t count, struct only **ret_only, struct error *err)
{
    struct only *o = mem_zalloc(sizeof *o);

    o->list = mem_zalloc(count * sizeof *o->list + 1);
    for (; o->count < count; o->count++) {
        struct pattern *p = &o->list[o->count];
        p->text = tidied(patterns[o->count]);
        if (!p->text) {
            int code = error_say(err, "EINVAL", EINVAL, "'%s' is no path below a project: it is empty, begins with /, "
                                 "or has .. in it", patterns[o->count]);
            only_free(o);
            return code;
        }
        compile(p, false);
    }
    *ret_only = o;
    return 0;
}

void only_free(struct only *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->count; i++) {
        drop_parts(&o->list[i]);
        free(o->list[i].text);
    }
    free(o->list);
    free(o->dir);
    free(o);
}

/* ---- matching ---- */

/* Be at a position; a ** that is not the last may also stand for nothing. */
static void reach(const struct pattern *p, bool *positions, size_t at)
{
    for (; at < p->count && !positions[at]; at++) {
        positions[at] = true;
        if (!p->parts[at].deep || at + 1 == p->count)
            return;
    }
}

static bool part_matches(const struct part *part, const char *name, size_t len)
{
    if (part->len == len && memcmp(part->text, name, len) == 0)
        return true;
    return part->glob && glob_match(part->glob, name, len);
}

/* From the positions `from` over one name to `to`. True when the pattern is used up. */
static bool step(const struct pattern *p, const bool *from, bool *to, const char *name, size_t len)
{
    memset(to, 0, p->count * sizeof *to);
    for (size_t i = 0; i < p->count; i++) {
        bool deep = p->parts[i].deep;
        if (!from[i] || (!deep && !part_matches(&p->parts[i], name, len)))
            continue;
        if (i + 1 == p->count)
            return true;
        reach(p, to, deep ? i : i + 1);
    }
    return false;
}

static bool leads(const struct pattern *p, const bool *positions)
{
    for (size_t i = 0; i < p->count; i++)
        if (positions[i])
            return true;
    return false;
}

static void enter_pattern(struct pattern *p, const char *dir)
{
    const char *at = dir, *name;
    size_t len;

    p->covers = false;
    memset(p->here, 0, p->count * sizeof *p->here);
    reach(p, p->here, 0);
    while (!p->covers && (name = next_part(&at, &len))) {
        p->covers = step(p, p->here, p->there, name, len);
        bool *spare = p->here;
        p->here = p->there;
        p->there = spare;
    }
}

enum only_extent only_enter(struct only *o, const char *dir, size_t len)
{
    enum only_extent extent = ONLY_OUTSIDE;

    if (o->dir && o->dir_len == len && memcmp(o->dir, dir, len) == 0)
        return o->extent;
    free(o->dir);
    o->dir = mem_strndup(dir, len);
    o->dir_len = len;
    for (size_t i = 0; i < o->count; i++) {
        struct pattern *p = &o->list[i];
        enter_pattern(p, o->dir);
        if (p->covers)
            extent = ONLY_COVERED;
        else if (extent == ONLY_OUTSIDE && leads(p, p->here))
            extent = ONLY_LEADS;
    }
    return o->extent = extent;
}

enum only_extent only_name(struct only *o, const char *name, size_t len)
{
    enum only_extent extent = ONLY_OUTSIDE;

    for (size_t i = 0; i < o->count; i++) {
        struct pattern *p = &o->list[i];
        p->names = p->covers || step(p, p->here, p->there, name, len);
        if (p->names)
            extent = ONLY_COVERED;
        else if (extent == ONLY_OUTSIDE && leads(p, p->there))
            extent = ONLY_LEADS;
    }
    return extent;
}

static bool is_spelled(const struct only *o, const struct pattern *p, const char *name, size_t len)
{
    size_t behind = o->dir_len ? o->dir_len + 1 : 0;

    return strlen(p->text) == behind + len && memcmp(p->text, o->dir, o->dir_len) == 0 &&
           (!behind || p->text[o->dir_len] == '/') && memcmp(p->text + behind, name, len) == 0;
}

static bool is_plain(const struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->parts[i].deep || p->parts[i].glob)
            return false;
    return true;
}

enum only_extent only_path(struct only *o, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    if (!o)
        return ONLY_COVERED;
    (void)only_enter(o, path, slash ? (size_t)(slash - path) : 0);
    return only_name(o, name, strlen(name));
}

bool only_takes(struct only *o, enum only_extent extent, const char *name, size_t len)
{
    return !o || extent == ONLY_COVERED || only_name(o, name, len) == ONLY_COVERED;
}

bool only_count(struct only *o, const char *name, size_t len)
{
    bool became = false;

    for (size_t i = 0; i < o->count; i++) {
        struct pattern *p = &o->list[i];
        p->hits += p->names;
        if (is_spelled(o, p, name, len) && !is_plain(p)) {
            compile(p, true);
            enter_pattern(p, o->dir);    /* which it leads to still */
            became = true;
        }
    }
    return became;
}

size_t only_patterns(const struct only *o) { return o->count; }
int64_t only_hits(const struct only *o, size_t pattern) { return o->list[pattern].hits; }

void only_forget_hits(struct only *o)
{
    for (size_t i = 0; i < o->count; i++)
        o->list[i].hits = 0;
}
