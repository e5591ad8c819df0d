#include "scan/category_mount.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "index/measured.h"

static bool is_right(const struct category_view *v, const struct apart *a, struct error *why)
{
    enum apart_state state = apart_judge(a, v->roster->path, why);

    if (state == APART_UNSURE && !v->only_count) {
        error_clear(why);
        state = APART_RIGHT;
    }
    return state == APART_RIGHT && !apart_is_missing(a, v->roster->path, why);
}

/* What was measured of it counts as that of the root does. */
static int describe(const struct category_view *v, struct category_mount *m, struct error *err)
{
    int fd = m->apart.own ? apart_open_nearest(v->root, m->apart.path, O_PATH, NULL) : -1;

    if (fd < 0)
        return 0;
    int code = filesystem_of(fd, &m->fs) < 0 ? 0 : measured_recall(v->cat, v->roster->identity, fd, &m->fs, err);
    if (filesystem_name(fd, m->filesystem) < 0)
        m->filesystem[0] = '\0';
    close(fd);
    return code < 0 ? code : 0;
}

static int look(const struct category_view *v, struct category_mount *m, struct levels *levels, struct error *err)
{
    struct error why = {0};

    int code = apart_look(v->cat, v->roster->identity, v->root, m->level.path, &m->apart, err);
    if (code)
        return code;
    m->refused = !is_right(v, &m->apart, &why);
    if (m->refused)
        levels_refuse(levels, &m->level, &why);
    error_clear(&why);
    return m->refused ? 0 : describe(v, m, err);
}

static void read_only(const struct category_view *v, const struct category_mount *m, struct levels *levels)
{
    for (size_t i = 0; i < v->only_count; i++)
        if (v->only[i].category == m->level.id)
            levels_look(levels, v->root, &m->level, v->only[i].client, v->only[i].project);
}

static bool is_asked_for(const struct category_view *v, int64_t category)
{
    for (size_t i = 0; i < v->only_count; i++)
        if (v->only[i].category == category)
            return true;
    return !v->only_count;
}

int category_mounts_read(const struct category_view *v, struct levels *levels, struct category_mount **ret_list,
                         struct error *err)
{
    const struct roster *r = v->roster;
    struct category_mount *list = mem_zalloc((r->category_count + 1) * sizeof *list);
    int code = 0;

    for (size_t i = 0; i < r->category_count; i++)
        list[i] = (struct category_mount){.level = {r->categories[i].id, r->categories[i].path}, .fs = *v->fs};
    *ret_list = list;
    for (size_t i = 0; i < r->category_count && !code && !atomic_load(v->cancel); i++) {
        if (!is_asked_for(v, list[i].level.id))
            continue;
        code = look(v, &list[i], levels, err);
        if (!code && !list[i].refused)
            v->only_count ? read_only(v, &list[i], levels) : levels_read(levels, v->root, &list[i].level);
    }
    return code;
}

void category_mounts_free(struct category_mount *list, size_t count)
{
    for (size_t i = 0; list && i < count; i++)
        apart_clear(&list[i].apart);
    free(list);
}

const struct category_mount *category_mount_of(const struct level_category *level)
{
    return (const struct category_mount *)((const char *)level - offsetof(struct category_mount, level));
}

int category_mount_note(struct catalog *cat, const struct category_mount *m, struct error *err)
{
    const struct apart *a = &m->apart;
    int code = m->refused || !apart_is_news(a) ? 0 : apart_note(cat, a, err);

    if (code || m->refused || !m->filesystem[0])
        return code;
    return measured_drop(cat, a->database, a->category, m->filesystem, err);
}
