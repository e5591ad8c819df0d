#include "copy/xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fault.h"

#define ACL "system.posix_acl_"

static ssize_t list(struct xattr_file f, char *names, size_t size)
{
    return f.path ? llistxattr(f.path, names, size) : flistxattr(f.fd, names, size);
}

static ssize_t get(struct xattr_file f, const char *name, void *value, size_t size)
{
    return f.path ? lgetxattr(f.path, name, value, size) : fgetxattr(f.fd, name, value, size);
}

static int set(struct xattr_file f, const char *name, const void *value, size_t size)
{
    int code = f.path ? lsetxattr(f.path, name, value, size, 0) : fsetxattr(f.fd, name, value, size, 0);
    return code < 0 ? -errno : 0;
}

static int drop(struct xattr_file f, const char *name)
{
    int code = f.path ? lremovexattr(f.path, name) : fremovexattr(f.fd, name);
    return code < 0 ? -errno : 0;
}

static bool is_acl(const char *name) { return strncmp(name, ACL, strlen(ACL)) == 0; }
static bool is_user(const char *name) { return strncmp(name, "user.", 5) == 0; }

static bool is_wanted(const char *name, bool root)
{
    if (is_user(name) || is_acl(name))
        return true;
    if (strncmp(name, "trusted.SGI_ACL_", 16) == 0)
        return false;    /* XFS's own face of an ACL, which is copied as an ACL */
    return root && (strncmp(name, "security.", 9) == 0 || strncmp(name, "trusted.", 8) == 0);
}

/*
 * What a copy takes away where the source has none of it: what users give, and a capability, or a right that was revoked would stay.
 * The rest belongs to the system that the disk is mounted on, or to the filesystem.
 */
static bool is_taken_away(const char *name, bool root)
{
    return is_wanted(name, false) || (root && strcmp(name, "security.capability") == 0);
}

/* The file will not say: it has none to show to us, or has it no more. */
static bool is_unsaid(int code)
{
    return code == -EPERM || code == -EACCES || code == -EOPNOTSUPP || code == -ENOSYS || code == -EINVAL || code == -E2BIG ||
           code == -ERANGE || code == -ENODATA || code == -ENOENT;
}

static bool refuses(struct xattr_file f, int code)
{
    int fd = f.path ? open(f.path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : f.fd;
    bool refused = fault_refuses_attribute(-code, fd);

    if (f.path && fd >= 0)
        close(fd);
    return refused;
}

/* Sizes can change between the question and the answer: ask until they fit. 0 or -errno. */
static int get_all(struct xattr_file f, const char *name, struct buf *out)
{
    for (int tries = 0; tries < 10; tries++) {
        ssize_t size = name ? get(f, name, NULL, 0) : list(f, NULL, 0);
        if (size < 0)
            return -errno;
        buf_clear(out);
        buf_reserve(out, (size_t)size + 1);
        size = name ? get(f, name, out->data, (size_t)size) : list(f, out->data, (size_t)size);
        if (size >= 0) {
            out->len = (size_t)size;
            return 0;
        }
        if (errno != ERANGE)
            return -errno;
    }
    return -ERANGE;
}

/* Most files have none: one call with room for a few names finds out. */
static int get_names(struct xattr_file f, struct buf *out)
{
    buf_clear(out);
    buf_reserve(out, 512);
    ssize_t size = list(f, out->data, 512);
    if (size < 0 && errno == ERANGE)
        return get_all(f, NULL, out);
    if (size < 0)
        return errno == EOPNOTSUPP ? 0 : -errno;
    out->len = (size_t)size;
    return 0;
}

static const char *next_name(const struct buf *names, const char *name)
{
    name = name ? name + strlen(name) + 1 : names->data;
    return name < names->data + names->len ? name : NULL;
}

static bool contains(const struct buf *names, const char *wanted)
{
    for (const char *name = next_name(names, NULL); name; name = next_name(names, name))
        if (strcmp(name, wanted) == 0)
            return true;
    return false;
}

static unsigned lost_of(const char *name, int code)
{
    unsigned other = fault_refuses_kind_of_attribute(-code) ? 0 : XATTR_AGAIN;
    unsigned why = code == -ENOSPC ? XATTR_NO_ROOM : code == -EDQUOT ? XATTR_QUOTA : other;

    return (is_acl(name) ? XATTR_LOST_ACL : XATTR_LOST_PLAIN) | why;
}

/* 1 with the value, 0 when there is none, or -errno. */
static int get_one(struct xattr_file f, const char *name, struct buf *value)
{
    int code = get_all(f, name, value);
    return code == -ENODATA ? 0 : code ? code : 1;
}

static bool are_equal(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

/* Does an attribute stay as `to` has it, whatever the source has of that name? has: that, or NULL. */
static bool stays(const struct xattr_rules *rules, struct xattr_file from, struct xattr_file to, const char *name, const struct buf *has)
{
    struct buf value = {0};
    bool kept = rules->stays && is_taken_away(name, true) && get_one(to, name, &value) == 1 &&
                rules->stays(rules->arg, from, name, has, &value);

    buf_free(&value);
    return kept;
}

/* May what the destination has of its own stay? */
static bool is_kept(const struct xattr_rules *rules) { return rules->clean && !rules->fresh; }

static int copy_one(struct xattr_file from, struct xattr_file to, const char *name, const struct xattr_rules *rules, unsigned *lost)
{
    struct buf value = {0};
    int code = get_all(from, name, &value);
    bool gone = code == -ENODATA || code == -ENOENT, lacks = code && is_unsaid(code);

    if (code && !lacks)
        *lost |= XATTR_UNREAD;
    if (!code && !(is_kept(rules) && stays(rules, from, to, name, &value)) && (code = set(to, name, value.data, value.len)))
        lacks = refuses(to, code);
    buf_free(&value);
    if (lacks && !gone)
        *lost |= lost_of(name, code);
    return lacks ? 0 : code;
}

/* What the destination has and the source has not. root: those that only root sets, too. from: NULL for a list, which has all. */
static int remove_others(struct xattr_file to, const struct buf *wanted, bool root, const struct xattr_file *from,
                         const struct xattr_rules *rules)
{
    struct buf names = {0};
    int code = get_names(to, &names);

    for (const char *name = next_name(&names, NULL); !code && name; name = next_name(&names, name)) {
        bool ours = from ? is_taken_away(name, root) : is_wanted(name, root);
        if (ours && !contains(wanted, name) && !(from && is_kept(rules) && stays(rules, *from, to, name, NULL)))
            code = drop(to, name);
        if (code && refuses(to, code))
            code = 0;
    }
    buf_free(&names);
    return code;
}

static int carry_one(struct xattr_file from, struct xattr_file to, const char *name, const struct xattr_rules *rules)
{
    struct buf has = {0}, value = {0};
    int found = get_one(from, name, &has), code = 0;

    if (stays(rules, from, *rules->old, name, found == 1 ? &has : NULL) && get_one(*rules->old, name, &value) == 1)
        code = set(to, name, value.data, value.len);
    bool carried = value.len && !code;
    buf_free(&has);
    buf_free(&value);
    return code && !refuses(to, code) ? code : carried;
}

/* From the file that is replaced to the new one; what cannot be read there is in nobody's way. How many, or -errno. */
static int carry(struct xattr_file from, struct xattr_file to, const struct xattr_rules *rules)
{
    struct buf names = {0};
    int code = 0, carried = 0;

    if (rules->old && get_names(*rules->old, &names) < 0)
        buf_clear(&names);
    for (const char *name = next_name(&names, NULL); code >= 0 && name; name = next_name(&names, name))
        if (is_wanted(name, false) && (code = carry_one(from, to, name, rules)) > 0)
            carried++;
    buf_free(&names);
    return code < 0 ? code : carried;
}

int xattr_copy(struct xattr_file from, struct xattr_file to, bool root, const struct xattr_rules *rules, unsigned *lost)
{
    struct buf names = {0};
    int code = get_names(from, &names), given = 0;

    if (is_unsaid(code)) {
        *lost |= XATTR_LOST_PLAIN;
        code = 0;
    } else if (code) {
        *lost |= XATTR_UNREAD;
    } else if (rules->clean) {
        code = remove_others(to, &names, root, &from, rules);
    }
    for (const char *name = next_name(&names, NULL); !code && name; name = next_name(&names, name))
        if (is_wanted(name, root)) {
            code = copy_one(from, to, name, rules, lost);
            given++;
        }
    buf_free(&names);
    int carried = code ? 0 : carry(from, to, rules);
    return code ? code : carried < 0 ? carried : given + carried;
}

static int values_agree(struct xattr_file from, struct xattr_file to, const char *name, const struct xattr_rules *rules,
                        bool *ret_from)
{
    struct buf a = {0}, b = {0};
    int code = get_one(from, name, &a);

    *ret_from = code < 0;
    if (code > 0)
        code = get_one(to, name, &b);
    if (code > 0)
        code = are_equal(&a, &b) || stays(rules, from, to, name, &a);
    buf_free(&a);
    buf_free(&b);
    return code;
}

/* All that `from` has, and nothing that would be removed from `to`. */
static int names_agree(struct xattr_file from, struct xattr_file to, const struct buf *have, const struct buf *has, bool root,
                       const struct xattr_rules *rules, bool *ret_from)
{
    int code = 1;

    for (const char *name = next_name(has, NULL); name; name = next_name(has, name))
        if (is_taken_away(name, root) && !contains(have, name) && !stays(rules, from, to, name, NULL))
            return 0;
    for (const char *name = next_name(have, NULL); code == 1 && name; name = next_name(have, name))
        if (is_wanted(name, root))
            code = contains(has, name) ? values_agree(from, to, name, rules, ret_from) : 0;
    return code;
}

int xattr_agree(struct xattr_file from, struct xattr_file to, bool root, const struct xattr_rules *rules, bool *ret_from)
{
    struct buf have = {0}, has = {0};
    int code = get_names(from, &have);

    *ret_from = code < 0;
    if (!code)
        code = get_names(to, &has);
    if (!code)
        code = names_agree(from, to, &have, &has, root, rules, ret_from);
    buf_free(&have);
    buf_free(&has);
    return code;
}

int xattr_differences(struct xattr_file from, struct xattr_file to, bool root,
                      void (*tell)(void *arg, const char *name, const struct buf *value, const struct buf *has), void *arg)
{
    struct buf names = {0}, value = {0}, has = {0};
    int code = get_names(from, &names);

    for (const char *name = next_name(&names, NULL); code >= 0 && name; name = next_name(&names, name)) {
        if (!is_wanted(name, root) || (code = get_one(from, name, &value)) <= 0)
            continue;
        int found = get_one(to, name, &has);
        if (found == 0 || found == -EOPNOTSUPP || (found == 1 && !are_equal(&value, &has)))
            tell(arg, name, &value, found == 1 ? &has : NULL);
        else if (found < 0)
            code = found;
    }
    buf_free(&names);
    buf_free(&value);
    buf_free(&has);
    return code < 0 ? code : 0;
}

#define BLOCK 4096u      /* ext4 and f2fs give a file this much for its attributes, or the size of a block */
#define HEADERS 256u     /* of that, for their own */
#define ENTRY 32u        /* for each */

static size_t room_of(struct xattr_file f)
{
    int fd = f.path ? open(f.path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : f.fd;
    struct statfs fs;
    bool known = fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_bsize > 0;

    if (f.path && fd >= 0)
        close(fd);
    if (!known || ((unsigned long)fs.f_type != EXT4_SUPER_MAGIC && (unsigned long)fs.f_type != F2FS_SUPER_MAGIC))
        return SIZE_MAX;
    return (fs.f_bsize < BLOCK ? (size_t)fs.f_bsize : BLOCK) - HEADERS;
}

/* What its attributes take. SIZE_MAX when nobody can tell. */
static size_t taken_of(struct xattr_file f)
{
    struct buf names = {0};
    size_t taken = get_names(f, &names) ? SIZE_MAX : 0;

    for (const char *name = next_name(&names, NULL); taken != SIZE_MAX && name; name = next_name(&names, name)) {
        ssize_t size = get(f, name, NULL, 0);
        taken = size < 0 ? SIZE_MAX : taken + ENTRY + strlen(name) + (size_t)size;
    }
    buf_free(&names);
    return taken;
}

bool xattr_has_room(struct xattr_file f, const char *name, size_t size)
{
    if (get(f, name, NULL, 0) < 0 && errno != ENODATA)
        return false;
    size_t room = room_of(f), taken = room == SIZE_MAX ? 0 : taken_of(f);
    return taken < room && room - taken >= size + strlen(name) + ENTRY;
}

static void add_hex(struct buf *out, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%02x", (unsigned char)data[i]);
}

int xattr_pack(struct xattr_file from, bool root, struct buf *out)
{
    struct buf names = {0}, value = {0};
    size_t start = out->len;
    int code = get_names(from, &names);

    for (const char *name = next_name(&names, NULL); !code && name; name = next_name(&names, name)) {
        if (!is_wanted(name, root))
            continue;
        code = get_all(from, name, &value);
        if (out->len > start)
            buf_add_byte(out, ',');
        add_hex(out, name, strlen(name));
        buf_add_byte(out, '=');
        add_hex(out, value.data, value.len);
    }
    buf_free(&names);
    buf_free(&value);
    return is_unsaid(code) ? 0 : code;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits up to another character as bytes. Where they end, or NULL for an odd number of them. */
static const char *read_hex(const char *text, struct buf *out)
{
    buf_clear(out);
    for (; hex_digit(*text) >= 0; text += 2) {
        if (hex_digit(text[1]) < 0)
            return NULL;
        buf_add_byte(out, (unsigned char)(hex_digit(text[0]) << 4 | hex_digit(text[1])));
    }
    return text;
}

/* One NAME=VALUE at *at, which is moved behind it and its comma. False when it is malformed. */
static bool read_pair(const char **at, struct buf *name, struct buf *value)
{
    const char *text = read_hex(*at, name);

    if (!text || *text != '=' || !name->len || memchr(name->data, 0, name->len))
        return false;
    text = read_hex(text + 1, value);
    if (!text || (*text && *text != ','))
        return false;
    *at = *text ? text + 1 : text;
    return !*text || **at;
}

/* The names in a list, each with a NUL. False when it is malformed. */
static bool listed_names(const char *list, struct buf *ret_names)
{
    struct buf name = {0}, value = {0};
    bool good = true;

    while (*list && good) {
        good = read_pair(&list, &name, &value);
        if (good)
            buf_add(ret_names, buf_str(&name), name.len + 1);
    }
    buf_free(&name);
    buf_free(&value);
    return good;
}

static void put_one(struct xattr_file to, const char *name, const struct buf *value, unsigned *lost, int *code)
{
    *code = set(to, name, value->data ? value->data : "", value->len);
    if (!*code || !refuses(to, *code))
        return;
    *lost |= lost_of(name, *code);
    *code = 0;
}

static int put_all(struct xattr_file to, const char *list, bool root, unsigned *lost)
{
    struct buf name = {0}, value = {0};
    int code = 0;

    while (!code && *list && read_pair(&list, &name, &value))
        if (is_wanted(buf_str(&name), root))
            put_one(to, buf_str(&name), &value, lost, &code);
    buf_free(&name);
    buf_free(&value);
    return code;
}

int xattr_put(struct xattr_file to, const char *list, bool root, unsigned *lost)
{
    struct buf names = {0};
    int code = listed_names(list, &names) ? remove_others(to, &names, root, NULL, NULL) : -EBADMSG;

    if (!code)
        code = put_all(to, list, root, lost);
    buf_free(&names);
    return code;
}

bool xattr_has_default_acl(int dir) { return fgetxattr(dir, ACL "default", NULL, 0) > 0; }
