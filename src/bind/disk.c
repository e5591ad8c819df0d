/*
 * core.disk: which disk is where. Errors come as nil, message, code.
 */
#include "bind/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "index/apart.h"
#include "index/filesystem.h"
#include "index/identity.h"
#include "index/mount.h"
#include "index/probe.h"

#define PROBE_TIMEOUT (3 * NSEC_PER_SEC)

/* An empty one says nothing. */
static void set_known(lua_State *L, const char *key, const char *text)
{
    bind_set_text(L, key, text[0] ? text : NULL);
}

static int push_identity(lua_State *L, const struct identity *id, const char *place, const struct filesystem *fs)
{
    lua_createtable(L, 0, 4);
    set_known(L, "id", id->text);
    set_known(L, "place", place);
    set_known(L, "device", id->volume.device);
    set_known(L, "label", id->volume.label);
    set_known(L, "type", id->volume.format[0] ? id->volume.format : id->volume.type);
    lua_pushboolean(L, id->marker);
    lua_setfield(L, -2, "marker");
    if (id->volume.size)
        bind_set_integer(L, "size", (lua_Integer)id->volume.size);
    set_known(L, "fs_type", fs->type);
    bind_set_integer(L, "granularity", filesystem_granularity(fs));
    return 1;
}

/*
 * identity(path) -> {id?, place?, marker, fs_type, granularity (ns; 0: not known by the type), type, device?, label?, size?} of a database's root: id as in
 * index/identity.h (none: nothing tells the disk from another); place: the root's path within its filesystem; type, device, label and size (bytes) of its filesystem for people
 */
static int disk_identity(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    char place[IDENTITY_PLACE];
    struct identity id = {0};
    struct filesystem fs = {0};
    struct error err = {0};
    int root = path_open_root(path);

    if (root < 0)
        return bind_fail_errno(L, -root, path);
    int code = identity_read(root, &id, &err);
    if (!code && ((code = filesystem_of(root, &fs)) < 0 || (code = identity_place(root, place)) < 0))
        error_set(&err, -code, "%s", path);
    close(root);
    return code < 0 ? bind_fail(L, &err) : push_identity(L, &id, place, &fs);
}

/* mark(path, name, replace) -> true: writes a database's marker, over one that is there only where replace is true (else EEXIST) */
static int disk_mark(lua_State *L)
{
    const char *path = bind_check_path(L, 1), *name = bind_check_path(L, 2);
    bool replace = lua_toboolean(L, 3);
    struct error err = {0};
    int root = path_open_root(path);

    if (root < 0)
        return bind_fail_errno(L, -root, path);
    int code = identity_write(root, name, replace, &err);
    close(root);
    return bind_done(L, code, &err);
}

/* compare(known, found) -> "same", "other" or "clone": what two identities say (index/identity.h) */
static int disk_compare(lua_State *L)
{
    static const char *const words[] = {[IDENTITIES_SAME] = "same", [IDENTITIES_OTHER] = "other", [IDENTITIES_CLONE] = "clone"};

    lua_pushstring(L, words[identity_compare(luaL_checkstring(L, 1), luaL_checkstring(L, 2))]);
    return 1;
}

/* volume_at(path) -> the name of the filesystem that is mounted there or around it (index/volume.h); nothing when it has none */
static int disk_volume_at(lua_State *L)
{
    struct volume volume;

    if (volume_at(bind_check_path(L, 1), &volume) < 0 || !volume.name[0])
        return 0;
    lua_pushstring(L, volume.name);
    return 1;
}

/* What the kernel's table says, while Lua makes a table of it. */
struct mounted {
    struct mount *list;
    struct volume *volumes;    /* of each */
    size_t count;
};

static int push_mounts(lua_State *L)
{
    const struct mounted *all = lua_touserdata(L, 1);

    lua_createtable(L, (int)all->count, 0);
    for (size_t i = 0; i < all->count; i++) {
        const struct mount *m = &all->list[i];
        lua_createtable(L, 0, 4);
        set_known(L, "target", m->target);
        set_known(L, "source", m->source);
        set_known(L, "type", m->type);
        set_known(L, "root", m->root);
        set_known(L, "volume", all->volumes[i].name);
        bind_set_integer(L, "device", (lua_Integer)m->dev);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/*
 * mounts() -> list of {target, source, type, root, volume?, device}: what is mounted where, in the kernel's order; volume is
 * its name as in index/volume.h, device the kernel's number. None is touched that may hang.
 */
static int disk_mounts(lua_State *L)
{
    struct mounted all = {0};
    int code = mount_list(&all.list, &all.count);

    if (code < 0)
        return bind_fail_errno(L, -code, "the table of mounts");
    all.volumes = mem_zalloc((all.count + 1) * sizeof *all.volumes);
    for (size_t i = 0; i < all.count; i++)
        volume_of_mount(&all.list[i], &all.volumes[i]);
    lua_pushcfunction(L, push_mounts);
    lua_pushlightuserdata(L, &all);
    int pushed = lua_pcall(L, 1, 1, 0);
    mount_list_free(all.list, all.count);
    free(all.volumes);
    return pushed == LUA_OK ? 1 : lua_error(L);
}

static int push_missing(lua_State *L)
{
    char *const *found = lua_touserdata(L, 1);

    lua_pushstring(L, found[0]);
    lua_pushstring(L, found[1]);
    return 2;
}

/* missing(path) -> source, target: what /etc/fstab wants to be mounted there or around it, and is not; else nothing */
static int disk_missing(lua_State *L)
{
    char *found[2];

    if (!mount_is_missing(bind_check_path(L, 1), &found[0], &found[1]))
        return 0;
    lua_pushcfunction(L, push_missing);
    lua_pushlightuserdata(L, found);
    int pushed = lua_pcall(L, 1, 2, 0);
    free(found[0]);
    free(found[1]);
    return pushed == LUA_OK ? 2 : lua_error(L);
}

/* online(path, id) -> true | nil, message, "EOFFLINE": within three seconds, whatever the mount does */
static int disk_online(lua_State *L)
{
    const char *path = bind_check_path(L, 1), *id = bind_check_path(L, 2);
    struct error err = {0};
    return bind_done(L, probe_online(path, id, PROBE_TIMEOUT, &err), &err);
}

/*
 * category(catalog, identity, root, path) -> true | nil, message, code: is the category at path below the root of the
 * database of this identity on the disk that it is known to be on (index/apart.h), or on the one that /etc/fstab wants?
 * Within three seconds, as above; of a root that is online.
 */
static int disk_category(lua_State *L)
{
    const char *catalog = bind_check_path(L, 1), *identity = luaL_checkstring(L, 2), *root = bind_check_path(L, 3);
    const char *path = bind_check_path(L, 4);
    struct catalog *cat = NULL;
    struct apart a = {0};
    struct error err = {0};
    int code = probe_answers(lua_pushfstring(L, "%s/%s", root, path), PROBE_TIMEOUT, &err);
    int fd = code ? code : identity_open(root, identity, &err);

    if (!code)
        code = fd < 0 ? fd : catalog_open(catalog, &cat, &err);
    if (!code)
        code = apart_look(cat, identity, fd, path, &a, &err);
    if (!code && apart_judge(&a, root, &err) == APART_RIGHT)
        (void)apart_is_missing(&a, root, &err);
    apart_clear(&a);
    catalog_close(cat);
    if (fd >= 0)
        close(fd);
    return bind_done(L, err.message ? -err.errnum : code, &err);
}

int luaopen_core_disk(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"category", disk_category}, {"compare", disk_compare}, {"identity", disk_identity}, {"mark", disk_mark},
        {"missing", disk_missing}, {"mounts", disk_mounts}, {"online", disk_online}, {"volume_at", disk_volume_at},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
