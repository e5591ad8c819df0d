#include "copy/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

#define PROC_PATH 320    /* "/proc/self/fd/N/NAME" */

/* A destination, either open or as a name in a directory. */
struct place {
    int fd;              /* the file, or its directory when name is set */
    const char *name;
};

static int change_owner(struct place p, uid_t uid, gid_t gid)
{
    int code = p.name ? fchownat(p.fd, p.name, uid, gid, AT_SYMLINK_NOFOLLOW) : fchown(p.fd, uid, gid);
    return code < 0 ? errno : 0;
}

/* There is no fchmodat without following before Linux 6.6: an O_PATH descriptor pins the very file instead. */
static int change_mode_at(int dir, const char *name, mode_t mode)
{
    char path[PROC_PATH];
    int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int errnum = chmod(path, mode) < 0 ? errno : 0;
    close(fd);
    return errnum;
}

static int change_mode(struct place p, mode_t mode)
{
    if (p.name)
        return change_mode_at(p.fd, p.name, mode);
    return fchmod(p.fd, mode) < 0 ? errno : 0;
}

/* What the filesystem cannot store it would refuse, or make something else of: the nearest is set. */
static int change_times(struct place p, const struct stat *st, const struct traits *t)
{
    const struct timespec times[2] = {traits_clamp(t, st->st_atim), traits_clamp(t, st->st_mtim)};

    if (S_ISLNK(st->st_mode) && t->drops_link_times)    /* there are servers that set those of what it leads to */
        return 0;
    int code = p.name ? utimensat(p.fd, p.name, times, AT_SYMLINK_NOFOLLOW) : futimens(p.fd, times);
    return code < 0 ? errno : 0;
}

/* An error that is a refusal becomes a bit; another is returned as -errno. */
static int judge(struct place p, int errnum, unsigned bit, unsigned *lost)
{
    if (!errnum)
        return 0;
    if (!fault_refuses_attribute(errnum, bit == LOST_OWNER ? p.fd : -1))
        return -errnum;
    *lost |= bit | (errnum == EDQUOT ? LOST_QUOTA : 0);
    return 0;
}

static int set_owner(struct place p, const struct stat *st, const struct stat *now, const struct holds *holds,
                     unsigned *lost)
{
    if (now->st_uid == st->st_uid && now->st_gid == st->st_gid)
        return 0;
    if (holds->owner)
        return judge(p, change_owner(p, st->st_uid, st->st_gid), LOST_OWNER, lost);
    /* Without root the group may still be one of ours. */
    bool group_lost = now->st_gid != st->st_gid && change_owner(p, (uid_t)-1, st->st_gid) != 0;
    if (group_lost || now->st_uid != st->st_uid)
        *lost |= LOST_OWNER;
    return 0;
}

/* What nothing else has touched and is right needs no call. */
static int set_mode(struct place p, const struct stat *st, const struct holds *holds, bool is_right, unsigned *lost)
{
    mode_t mode = st->st_mode;

    if (S_ISLNK(st->st_mode))
        return 0;
    if (*lost & LOST_OWNER)
        mode = metadata_mode_of_another(mode);
    if (!holds->mode)
        *lost |= LOST_MODE;
    return is_right ? 0 : judge(p, change_mode(p, mode & 07777), LOST_MODE, lost);
}

/* Where attributes come from: a file, a list, or (neither) they stay. */
struct attributes {
    const struct xattr_file *file;
    const struct xattr_rules *rules;
    const char *list;
};

/* How many the file gave (0: a list did), or -errno with whose error it is. */
static int set_xattrs(struct attributes from, struct xattr_file to, const struct holds *holds, struct given *given)
{
    unsigned bits = 0;
    int code = 0;

    if (from.rules && from.rules->list)
        code = xattr_put(to, from.rules->list, holds->root, &bits);
    else if (from.file)
        code = xattr_copy(*from.file, to, holds->root, from.rules, &bits);
    else if (from.list)
        code = xattr_put(to, from.list, holds->root, &bits);

    if (bits & XATTR_LOST_PLAIN)
        given->lost |= LOST_XATTR;
    if (bits & XATTR_LOST_ACL)
        given->lost |= LOST_ACL;
    if (bits & XATTR_NO_ROOM)
        given->lost |= LOST_ROOM;
    if (bits & XATTR_QUOTA)
        given->lost |= LOST_QUOTA;
    if (bits & XATTR_AGAIN)
        given->lost |= LOST_AGAIN;
    if (bits & XATTR_UNREAD)
        given->side = SIDE_SOURCE;
    return code;
}

/*
 * The order matters: chown clears set-uid bits and capabilities, an ACL sets the group bits, all move the ctime.
 */
static int apply(struct place to, struct attributes from, struct xattr_file to_attr, const struct stat *st,
                 const struct stat *now, const struct holds *holds, struct given *given)
{
    struct given new = {.side = SIDE_TARGET};
    int code = set_owner(to, st, now, holds, &new.lost);

    if (!code)
        code = set_xattrs(from, to_attr, holds, &new);
    bool untouched = !code && !from.list && !(from.rules && (from.rules->clean || from.rules->list)) && !(st->st_mode & (S_ISUID | S_ISGID));
    if (code >= 0)
        code = set_mode(to, st, holds, untouched && now->st_mode == st->st_mode, &new.lost);
    if (!code)
        code = judge(to, change_times(to, st, &holds->traits), LOST_TIMES, &new.lost);
    given->lost |= new.lost;
    given->side = code ? new.side : SIDE_NONE;
    return code;
}

bool metadata_lacks(const struct rights *from, const struct rights *to, bool keeps_owner, bool keeps_mode)
{
    bool others = from->uid != to->uid || from->gid != to->gid;
    uint32_t mode = others && !keeps_owner ? metadata_mode_of_another(from->mode) : from->mode;

    if (keeps_mode && !S_ISLNK(from->mode) && ((mode ^ to->mode) & 07777))
        return true;
    return keeps_owner && others;
}

unsigned metadata_missed(const struct stat *wanted, const struct stat *has, const struct holds *holds, unsigned lost)
{
    bool others = wanted->st_uid != has->st_uid || wanted->st_gid != has->st_gid;
    uint32_t mode = others || (lost & LOST_OWNER) ? metadata_mode_of_another(wanted->st_mode) : wanted->st_mode;
    bool differs = !S_ISLNK(wanted->st_mode) && ((mode ^ has->st_mode) & 07777);

    return (others && holds->owner ? LOST_OWNER : 0) | (differs && holds->mode ? LOST_MODE : 0);
}

uint32_t metadata_mode_of_another(uint32_t mode)
{
    return mode & ~(uint32_t)(S_ISDIR(mode) ? S_ISUID : S_ISUID | S_ISGID);
}

mode_t metadata_first_mode(const struct stat *st)
{
    mode_t mode = st->st_mode & 07777;
    bool group_as_others = (mode >> 3 & 7) == (mode & 7);

    return mode <= 0777 && group_as_others && (mode & 0600) == 0600 ? mode : 0600;
}

int metadata_give(int from, int to, const struct stat *now, const struct stat *st, const struct holds *holds,
                  const struct xattr_rules *rules, struct given *given)
{
    static const struct xattr_rules none;
    const struct xattr_file file = {.fd = from};

    return apply((struct place){.fd = to}, (struct attributes){.file = &file, .rules = rules ? rules : &none},
                 (struct xattr_file){.fd = to}, st, now, holds, given);
}

int metadata_copy(int from, int to, const struct stat *st, const struct holds *holds,
                  const struct xattr_rules *rules, struct given *given)
{
    struct stat now;

    given->side = SIDE_TARGET;
    return fstat(to, &now) < 0 ? -errno : metadata_give(from, to, &now, st, holds, rules, given);
}

int metadata_copy_at(int from_dir, const char *from_name, int to_dir, const char *to_name, const struct stat *st,
                     const struct holds *holds, const struct xattr_rules *rules, struct given *given)
{
    static const struct xattr_rules none;
    char from_path[PROC_PATH], to_path[PROC_PATH];
    struct stat now;

    given->side = SIDE_TARGET;
    if (fstatat(to_dir, to_name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    snprintf(from_path, sizeof from_path, "/proc/self/fd/%d/%s", from_dir, from_name);
    snprintf(to_path, sizeof to_path, "/proc/self/fd/%d/%s", to_dir, to_name);
    const struct xattr_file file = {.path = from_path};
    return apply((struct place){.fd = to_dir, .name = to_name}, (struct attributes){.file = &file, .rules = rules ? rules : &none},
                 (struct xattr_file){.path = to_path}, st, &now, holds, given);
}

int metadata_put(int dir, const char *name, const struct stat *st, const char *attributes, const struct holds *holds,
                 struct given *given)
{
    char path[PROC_PATH];
    struct stat now;

    given->side = SIDE_TARGET;
    if (fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, name);
    return apply((struct place){.fd = dir, .name = name}, (struct attributes){.list = attributes},
                 (struct xattr_file){.path = path}, st, &now, holds, given);
}
