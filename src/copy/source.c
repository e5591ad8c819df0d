#include "copy/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "copy/original.h"
#include "copy/plan.h"
#include "copy/times.h"

#define SEEN_ENOUGH (-EALREADY)
#define SHOWN 07555    /* of a mode: the write bits show the read-only attribute where there are no modes, too */

/* What the listing shows. */
struct look {
    bool differ;
    bool have_file, have_folder;
    struct entry file, folder;    /* the first of each; without strings */
};

static bool is_one_of(const char *type, const char *const *types)
{
    for (; *types; types++)
        if (strcmp(type, *types) == 0)
            return true;
    return false;
}

static bool compare(const struct entry *e, struct entry *first, bool *have)
{
    if (!*have) {
        *first = *e;
        *have = true;
    }
    return ((e->mode ^ first->mode) & SHOWN) || e->uid != first->uid || e->gid != first->gid;
}

static int look_at(void *arg, const struct plan_name *name)
{
    struct look *look = arg;
    const struct entry *e = name->pair->left;

    if (!e || e->err || e->mount)
        return 0;
    if (S_ISREG(e->mode))
        look->differ = compare(e, &look->file, &look->have_file);
    else if (S_ISDIR(e->mode))
        look->differ = compare(e, &look->folder, &look->have_folder);
    return look->differ ? SEEN_ENOUGH : 0;
}

static int rights_differ(struct work *w, struct catalog *cat, bool *ret_differ, struct error *err)
{
    struct look look = {0};
    struct plan plan = {.cat = cat, .source = w->request->source, .cancel = w->cancel};
    struct plan_visitor visitor = {.name = look_at, .arg = &look};
    int code = plan_pass(&plan, &visitor, err);

    plan_free(&plan);
    *ret_differ = look.differ;
    return code == SEEN_ENOUGH ? 0 : code;
}

/* The process's umask, without changing it for other threads for a moment. */
static mode_t read_umask(void)
{
    char line[128];
    unsigned mask = 022;
    FILE *file = fopen("/proc/self/status", "re");

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Umask: %o", &mask) == 1)
            break;
    if (file)
        fclose(file);
    return (mode_t)mask;
}

/* What the source never had is not lost at the destination. */
static void keep_quiet(struct work *w)
{
    const struct holds *h = &w->source.holds;
    unsigned bits = h->xattr ? 0 : LOST_XATTR | LOST_ACL;

    bits |= (h->mode ? 0 : LOST_MODE) | (h->owner ? 0 : LOST_OWNER);
    atomic_fetch_or(&w->report.noted, bits);
}

int source_end(const struct source *s) { return s->top >= 0 ? s->top : s->root; }

int source_describe(struct work *w, struct catalog *cat, struct error *err)
{
    static const char *const without[] = {"vfat", "exfat", NULL};
    static const char *const doubtful[] = {"ntfs", "cifs", "smb", "fuse", "9660", NULL};
    struct source *s = &w->source;
    bool has = true, doubted = is_one_of(s->fs.type, doubtful);
    int code = 0;

    s->made_up = is_one_of(s->fs.type, without);
    if (s->made_up)
        has = false;
    else if (doubted)
        code = rights_differ(w, cat, &has, err);
    bool xattr = !s->made_up && (flistxattr(source_end(s), NULL, 0) >= 0 || errno != EOPNOTSUPP);
    s->holds = (struct holds){.mode = has, .owner = has, .xattr = xattr, .link = !s->made_up && !doubted};
    s->umask = s->made_up ? read_umask() : 0;
    keep_quiet(w);
    return code;
}

void source_give_new(const struct source *s, struct stat *st)
{
    if (s->made_up)
        st->st_mode &= ~(s->umask | S_ISUID | S_ISGID);
}

void source_give_replaced(const struct work *w, const char *path, const struct stat *old, struct stat *st)
{
    const struct source *s = &w->source;

    original_give(w, path, old, st);
    if (!s->holds.mode)
        st->st_mode = (st->st_mode & S_IFMT) | (old->st_mode & 07777);
    if (!s->holds.owner) {
        st->st_uid = old->st_uid;
        st->st_gid = old->st_gid;
    }
}

void source_give_corrected(const struct work *w, const char *path, const struct stat *old, struct stat *st)
{
    const struct traits_pair traits = work_traits(w);

    source_give_replaced(w, path, old, st);
    if (traits_compare(&traits, mtime_of(st), mtime_of(old)) != TIMES_DIFFER)
        st->st_mtim = old->st_mtim;
}
