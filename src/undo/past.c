#include "undo/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/path.h"
#include "index/identity.h"

uint64_t past_stamp(int64_t mtime, int64_t ctime)
{
    const int64_t times[2] = {mtime, ctime};
    return hash64_of(times, sizeof times) | 1;
}

static uint64_t key(const char *path) { return hash64_of(path, strlen(path)); }

void deed_free(struct deed *d)
{
    free(d->path);
    *d = (struct deed){0};
}

static bool is_other_head(const struct manifest_record *head, const char *operation, const char *identity)
{
    return strcmp(head->fields[2], operation) != 0 || !identity_has_id(identity, head->fields[5]);
}

static int read_head(struct past *p, const char *operation, const char *identity)
{
    struct manifest_record head;
    struct stat st;
    int code = manifest_next(&p->reader, &head);

    if (code < 0)
        return code;
    if (!code || head.verb != MANIFEST_HEAD)
        return -EBADMSG;
    if (is_other_head(&head, operation, identity) || !path_is_safe_below_root(head.fields[4]))
        return -EINVAL;
    p->kind = mem_strdup(head.fields[3]);
    p->replica = mem_strdup(head.fields[4]);
    p->source = mem_strdup(head.fields[6]);
    p->trusted = geteuid() != 0 || (fstat(p->reader.fd, &st) == 0 && st.st_uid == 0);
    return 0;
}

/* What is known of a file that had several names. */
struct links {
    int64_t inode, names;
};

static void learn_links(struct past *p, const struct manifest_record *rec)
{
    struct links links;
    uint64_t at = key(rec->fields[1]);

    if (!manifest_number(rec, 2, &links.inode) || !manifest_number(rec, 3, &links.names) || map_get(&p->links, at))
        return;
    struct links *copy = mem_alloc(sizeof *copy);
    *copy = links;
    map_set(&p->links, at, copy);
}

/* It says the same in another spelling: a name of anything else must not be given by it. */
static bool is_respelling(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/'), *was = slash ? slash + 1 : path;

    return path_is_safe(path) && path_is_safe(name) && !strchr(name, '/') && *was && *name && fold_same(was, name);
}

static void note_rename(struct past *p, const struct manifest_record *rec)
{
    const char *path = rec->fields[1], *name = rec->fields[2];

    if (!is_respelling(path, name)) {
        p->unsafe++;
        return;
    }
    p->renames = mem_realloc(p->renames, (p->rename_count + 1) * sizeof *p->renames);
    p->renames[p->rename_count++] = (struct past_rename){mem_strdup(path), mem_strdup(name)};
}

static void drop_voided(struct past *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->rename_count; i++) {
        if (!map_get(&p->voided, key(p->renames[i].path))) {
            p->renames[kept++] = p->renames[i];
            continue;
        }
        free(p->renames[i].path);
        free(p->renames[i].name);
    }
    p->rename_count = kept;
}

/* What follows the announcements and says more of them. */
static void learn(struct past *p, const struct manifest_record *rec)
{
    struct taken taken, source;

    p->ended |= rec->verb == MANIFEST_END;
    if (rec->verb == MANIFEST_VOID) {
        map_set(&p->voided, key(rec->fields[1]), p);
    } else if (rec->verb == MANIFEST_ATTRIBUTES) {
        uint64_t at = key(rec->fields[1]);
        if (!map_get(&p->attributes, at))
            map_set(&p->attributes, at, mem_strdup(rec->fields[2]));
    } else if (rec->verb == MANIFEST_RENAME) {
        note_rename(p, rec);
    } else if (rec->verb == MANIFEST_LINKS) {
        learn_links(p, rec);
    } else if (manifest_taken(rec, &taken, &source) && !taken.young) {
        map_set(&p->stamps, key(taken.path), (void *)(uintptr_t)past_stamp(taken.mtime, taken.ctime));
    }
}

static bool has_old(enum manifest_verb verb) { return verb == MANIFEST_REPLACE || verb == MANIFEST_TOUCH; }

static bool is_deed(const struct manifest_record *rec)
{
    return rec->verb == MANIFEST_CREATE || rec->verb == MANIFEST_REPLACE || rec->verb == MANIFEST_REMOVE ||
           rec->verb == MANIFEST_TOUCH;
}

/* An announcement; false when it is malformed. */
static bool read_deed(const struct manifest_record *rec, struct deed *ret_deed)
{
    bool removes = rec->verb == MANIFEST_REMOVE;

    *ret_deed = (struct deed){.verb = rec->verb, .path = (char *)rec->fields[1]};
    if (!manifest_file(rec, 2, removes ? &ret_deed->old : &ret_deed->fresh))
        return false;
    return !has_old(rec->verb) || manifest_file(rec, 9, &ret_deed->old);
}

static bool is_folder(const struct deed *d) { return S_ISDIR(d->verb == MANIFEST_REMOVE ? d->old.mode : d->fresh.mode); }

static void note_folder(struct past *p, const struct deed *d)
{
    struct folder *f = folders_get(&p->folders, FOLDER_IN_REPLICA, d->path);

    if (d->verb == MANIFEST_CREATE)
        f->created = true;
    else if (d->verb == MANIFEST_REMOVE)
        f->removed = true;
    else
        f->touched = true;
    if (d->verb != MANIFEST_CREATE)
        folder_was(f, &d->old);
    if (d->verb == MANIFEST_TOUCH)
        f->fresh = d->fresh;
}

static void note_other(struct past *p, const struct manifest_record *rec)
{
    bool above = rec->verb == MANIFEST_ABOVE || rec->verb == MANIFEST_GONE;
    struct manifest_file file;

    if (!manifest_file(rec, 2, &file) || !S_ISDIR(file.mode) ||
        !(above ? path_is_safe_below_root(rec->fields[1]) : path_is_safe(rec->fields[1])))
        return;
    struct folder *f = folders_get(&p->folders, above ? FOLDER_ABOVE : FOLDER_IN_REPLICA, rec->fields[1]);
    f->created |= rec->verb == MANIFEST_ABOVE;
    f->removed |= rec->verb == MANIFEST_GONE;
    if (rec->verb != MANIFEST_ABOVE)
        folder_was(f, &file);
}

static void note_record(struct past *p, const struct manifest_record *rec)
{
    struct deed d;

    if (!is_deed(rec)) {
        if (rec->verb == MANIFEST_FOLDER || rec->verb == MANIFEST_ABOVE || rec->verb == MANIFEST_GONE)
            note_other(p, rec);
        else
            learn(p, rec);
        return;
    }
    if (!read_deed(rec, &d) || !path_is_safe(d.path))
        p->unsafe++;
    else if (is_folder(&d))
        note_folder(p, &d);
    else {
        struct folder *f = d.verb == MANIFEST_CREATE ? map_get(&p->folders.index[FOLDER_IN_REPLICA], key(d.path)) : NULL;
        p->total++;
        if (d.verb == MANIFEST_REMOVE)
            map_set(&p->cleared, key(d.path), p);
        if (f && f->removed) {
            p->retyped++;
            f->replaced = true;
        }
    }
}

static int read_all(struct past *p)
{
    struct manifest_record rec;
    int code;

    while ((code = manifest_next(&p->reader, &rec)) == 1)
        note_record(p, &rec);
    p->torn = p->reader.torn;
    drop_voided(p);
    for (size_t i = 0; i < p->folders.count; i++) {
        struct folder *f = p->folders.list[i];
        f->voided = map_get(&p->voided, key(f->path)) != NULL;
        f->attributes = map_get(&p->attributes, key(f->path));
    }
    return code;
}

int past_open(int root, const char *operation, const char *identity, struct past *ret_past)
{
    *ret_past = (struct past){.reader = {.fd = -1}};
    int code = manifest_open(root, operation, &ret_past->reader);
    if (!code)
        code = read_head(ret_past, operation, identity);
    if (!code)
        code = read_all(ret_past);
    if (!code)
        code = past_rewind(ret_past);
    return code;
}

int past_rewind(struct past *p) { return manifest_rewind(&p->reader); }

enum past_turn past_turn_of(const struct past *p, const struct deed *d)
{
    const struct folder *f = map_get(&p->folders.index[FOLDER_IN_REPLICA], key(d->path));

    if (f && f->removed && d->verb == MANIFEST_CREATE)
        return PAST_BEFORE_FOLDERS;
    return f && f->created && d->verb == MANIFEST_REMOVE ? PAST_AFTER_FOLDERS : PAST_AMONG;
}

bool past_made_folder_of(const struct past *p, const char *path, size_t len)
{
    uint64_t at = hash64_of(path, len);
    const struct folder *f = map_get(&p->folders.index[FOLDER_IN_REPLICA], at);

    return f && f->created && map_get(&p->cleared, at);
}

void past_close(struct past *p)
{
    manifest_reader_close(&p->reader);
    folders_free(&p->folders);
    map_free(&p->voided, NULL);
    map_free(&p->stamps, NULL);
    map_free(&p->attributes, free);
    map_free(&p->links, free);
    map_free(&p->cleared, NULL);
    for (size_t i = 0; i < p->rename_count; i++) {
        free(p->renames[i].path);
        free(p->renames[i].name);
    }
    free(p->renames);
    free(p->replica);
    free(p->kind);
    free(p->source);
}

static bool wants(const struct past *p, const struct manifest_record *rec, struct deed *d)
{
    return is_deed(rec) && read_deed(rec, d) && path_is_safe(d->path) && *d->path && !is_folder(d) &&
           !map_get(&p->voided, key(d->path));
}

int past_next(struct past *p, struct deed *ret_deed)
{
    struct manifest_record rec;
    int code;

    while ((code = manifest_next(&p->reader, &rec)) == 1) {
        if (!wants(p, &rec, ret_deed))
            continue;
        uint64_t at = key(ret_deed->path);
        ret_deed->path = mem_strdup(ret_deed->path);
        ret_deed->attributes = map_get(&p->attributes, at);
        ret_deed->stamp = (uint64_t)(uintptr_t)map_get(&p->stamps, at);
        const struct links *links = map_get(&p->links, at);
        ret_deed->inode = links ? (uint64_t)links->inode : 0;
        ret_deed->names = links ? links->names : 0;
        return 1;
    }
    *ret_deed = (struct deed){0};
    return code;
}
