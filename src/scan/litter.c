#include "scan/litter.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "scan/undone.h"

#define EXCHANGE OUR_PREFIX "-x-"
#define RESERVED "reserved"    /* a folder: none of ours is one in a replica */

static const char *kind_of(const struct entry *e)
{
    if (S_ISDIR(e->mode))
        return RESERVED;
    return strncmp(e->name, EXCHANGE, strlen(EXCHANGE)) == 0 ? "replaced" : "temp";
}

void litter_add(struct litter *l, int64_t category, const char *folder, const struct entry *e)
{
    char *path = NULL;

    if (asprintf(&path, "%s%s%s", folder, *folder ? "/" : "", e->name) < 0)
        abort();
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 16;
        l->list = mem_realloc(l->list, l->room * sizeof *l->list);
    }
    l->list[l->count++] =
        (struct litter_item){.category = category, .path = path, .kind = kind_of(e), .size = S_ISREG(e->mode) ? e->size : 0};
}

/* ---- what somebody sees to ---- */

struct settling {
    struct litter *litter;
    const struct roster *roster;
    bool *known;
};

static const char *category_path(const struct settling *s, int64_t category)
{
    for (size_t i = 0; i < s->roster->category_count; i++)
        if (s->roster->categories[i].id == category)
            return s->roster->categories[i].path;
    return "";
}

static char *path_of(const struct settling *s, const struct litter_item *item)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", category_path(s, item->category), item->path) < 0)
        abort();
    return path;
}

static void see_at_work(void *arg, const char *replica)
{
    struct settling *s = arg;
    size_t len = strlen(replica);

    for (size_t i = 0; i < s->litter->count; i++) {
        char *path = path_of(s, &s->litter->list[i]);
        s->known[i] |= strcmp(s->litter->list[i].kind, RESERVED) != 0 && strncmp(path, replica, len) == 0 && path[len] == '/';
        free(path);
    }
}

static bool is_there(const struct settling *s, int root, const struct litter_item *item)
{
    char *path = path_of(s, item);
    int fd = path_open(root, path, O_PATH, 0);

    free(path);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || !path_is_absent(fd);
}

/* The manifests first: what ended before they were read has taken its temps with it. */
void litter_settle(struct litter *l, int root, const struct roster *roster)
{
    struct settling s = {.litter = l, .roster = roster, .known = mem_zalloc(l->count + 1)};
    size_t kept = 0;

    bool all_read = l->count == 0 || undone_at_work(root, see_at_work, &s);
    for (size_t i = 0; i < l->count; i++) {
        if ((all_read || strcmp(l->list[i].kind, RESERVED) == 0) && !s.known[i] && is_there(&s, root, &l->list[i]))
            l->list[kept++] = l->list[i];
        else
            free(l->list[i].path);
    }
    l->count = kept;
    free(s.known);
}

void litter_free(struct litter *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->list[i].path);
    free(l->list);
    *l = (struct litter){0};
}
