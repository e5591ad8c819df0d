#include "index/volume.h"

#include <blkid/blkid.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libudev.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "index/mount.h"

#define SECTOR 512            /* what the kernel counts a device's size in */
#define DEPTH_MAX 4           /* FUSE programs that show a folder of a FUSE program that... */
#define REMEMBERED 64
#define FIRST_BLOCK 4096
#define FRESH NSEC_PER_SEC    /* nobody changes a disk in less */

static int describe(int fd, int depth, struct volume *v);

__attribute__((format(printf, 3, 4))) static void say(char *room, size_t size, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        abort();
    if ((size_t)len < size)
        memcpy(room, text, (size_t)len + 1);
    else
        snprintf(room, size, "%.*s~%016" PRIx64, (int)size - 18, text, hash64_of(text, (size_t)len));
    free(text);
}

static void copy(char *room, size_t size, const char *text) { snprintf(room, size, "%s", text ? text : ""); }

/* ---- on a block device ---- */

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

/* Formats that are written once, as a whole, and have no UUID: the first block says when, and how much lies where. */
static void take_first_block(int fd, struct volume *v)
{
    char block[FIRST_BLOCK];

    if (!v->name[0] && is_one_of(v->format, (const char *const[]){"squashfs", "cramfs", "romfs", NULL}) &&
        io_read_at(fd, block, sizeof block, 0) == sizeof block)
        say(v->name, sizeof v->name, "sum:%016" PRIx64, hash64_of(block, sizeof block));
}

/* Numbers of FAT, exFAT and NTFS that a careless program leaves at zero are no names. */
static bool is_some(const char *uuid)
{
    return uuid && uuid[strspn(uuid, "0-")] != '\0';
}

static void take_format(struct volume *v, const char *type, const char *uuid, const char *label)
{
    copy(v->format, sizeof v->format, type);
    copy(v->label, sizeof v->label, label);
    if (is_some(uuid))
        say(v->name, sizeof v->name, "uuid:%s", uuid);
}

static const char *value(blkid_probe probe, const char *name)
{
    const char *text = NULL;

    return blkid_probe_lookup_value(probe, name, &text, NULL) == 0 ? text : NULL;
}

/*
 * Probes for what the kernel has mounted there (type), for everything where that has no such name: a look for every format
 * there is reads a megabyte, and the far end of the disk too. False: it could not be told, or is several at once.
 */
static bool probe_blocks(blkid_probe probe, char *type)
{
    static char *families[][6] = {    /* the kernel's name, blkid's */
        {"ext2", "ext4", "ext3", "ext2", "ext4dev"}, {"ext3", "ext4", "ext3", "ext2", "ext4dev"}, {"ext4", "ext4", "ext3", "ext2", "ext4dev"},
        {"msdos", "vfat"}, {"ntfs3", "ntfs"}, {"fuseblk", "ntfs", "exfat"},
    };
    char *own[] = {type, NULL}, **names = own;

    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i][0], type) == 0)
            names = families[i] + 1;
    blkid_probe_enable_superblocks(probe, 1);
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
    if (blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_ONLYIN, names) == 0 && blkid_do_safeprobe(probe) == 0)
        return true;
    blkid_probe_reset_superblocks_filter(probe);
    blkid_reset_probe(probe);
    return blkid_do_safeprobe(probe) == 0;
}

/* What its first blocks say. 0, or -errno where they may not be read. */
static int read_blocks(const char *path, dev_t device, struct volume *v)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != device) {
        close(fd);
        return -ENODEV;
    }
    blkid_probe probe = blkid_new_probe();
    if (!probe)
        abort();
    int code = blkid_probe_set_device(probe, fd, 0, 0) == 0 && probe_blocks(probe, v->type) ? 0 : -EIO;
    if (!code)
        take_format(v, value(probe, "TYPE"), value(probe, "UUID"), value(probe, "LABEL"));
    blkid_free_probe(probe);
    take_first_block(fd, v);
    close(fd);
    return code;
}

/* What udev noted of it, for who may not read the device. */
static void ask_udev(dev_t device, struct volume *v)
{
    char notes[64];

    snprintf(notes, sizeof notes, "/run/udev/data/b%u:%u", major(device), minor(device));
    if (access(notes, F_OK) < 0)    /* where no udev runs: the library looks through all of /sys first */
        return;
    struct udev *udev = udev_new();
    struct udev_device *dev = udev ? udev_device_new_from_devnum(udev, 'b', device) : NULL;

    if (dev)
        take_format(v, udev_device_get_property_value(dev, "ID_FS_TYPE"), udev_device_get_property_value(dev, "ID_FS_UUID"),
                    udev_device_get_property_value(dev, "ID_FS_LABEL"));
    udev_device_unref(dev);
    udev_unref(udev);
}

static uint64_t size_of(dev_t device)
{
    unsigned long long sectors = 0;
    char path[64];

    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/size", major(device), minor(device));
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%llu", &sectors) != 1)
        sectors = 0;
    if (file)
        fclose(file);
    return sectors * SECTOR;
}

static void take_device(const struct mount *m, dev_t device, struct volume *v)
{
    char path[64];

    v->size = size_of(device);
    snprintf(path, sizeof path, "/dev/block/%u:%u", major(device), minor(device));
    if (read_blocks(m->source, device, v) < 0 && read_blocks(path, device, v) < 0)
        ask_udev(device, v);
}

/* ---- without one ---- */

/* The kernel's number of those that make it of the filesystem's own UUID. */
static void take_number(const struct mount *m, uint64_t number, struct volume *v)
{
    static const char *const lasting[] = {"ext2", "ext3", "ext4", "btrfs", "zfs", "bcachefs", NULL};

    if (!v->name[0] && number && is_one_of(m->type, lasting))
        say(v->name, sizeof v->name, "fsid:%s:%016" PRIx64, m->type, number);
}

/* A FUSE program that shows a folder names it as its source. */
static bool take_folder(const struct mount *m, int depth, struct volume *v)
{
    struct volume behind = {0};
    int fd = m->source[0] == '/' && depth < DEPTH_MAX ? open(m->source, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd < 0)
        return false;
    if (describe(fd, depth + 1, &behind) == 0 && behind.name[0])
        say(v->name, sizeof v->name, "in:%s:%s", behind.name, m->source);
    close(fd);
    return true;
}

/* What stands in many a table and names nothing: "none", the program's own name, "overlay". */
static bool is_generic(const struct mount *m)
{
    static const char *const words[] = {"", "none", "fuse", "overlay", "tmpfs", "ramfs", "dev", NULL};
    const char *dot = strchr(m->type, '.');

    return is_one_of(m->source, words) || strcmp(m->source, m->type) == 0 || (dot && strcmp(m->source, dot + 1) == 0) ||
           strncmp(m->source, "/dev/", 5) == 0;
}

static void take_source(const struct mount *m, int depth, struct volume *v)
{
    if (strcmp(m->type, "overlay") == 0)
        say(v->name, sizeof v->name, "at:overlay:%016" PRIx64, hash64_of(m->options, strlen(m->options)));
    else if (!is_generic(m) && !take_folder(m, depth, v))
        say(v->name, sizeof v->name, "at:%s", m->source);
}

/* ---- all of them ---- */

static bool has_parts(const char *type)
{
    return strcmp(type, "btrfs") == 0 || strcmp(type, "bcachefs") == 0 || strcmp(type, "zfs") == 0;
}

static void describe_mount(const struct mount *m, uint64_t number, int depth, struct volume *v)
{
    dev_t device;

    copy(v->type, sizeof v->type, m->type);
    copy(v->device, sizeof v->device, m->source);
    v->part = has_parts(m->type) ? number : 0;
    if (mount_device(m, &device))
        take_device(m, device, v);
    else if (strcmp(m->type, "tmpfs") != 0 && strcmp(m->type, "ramfs") != 0)    /* another one may have the same source */
        take_source(m, depth, v);
    take_number(m, number, v);
}

struct memory {
    dev_t dev;
    int mount;
    uint64_t number;
    int64_t until;
    struct volume volume;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct memory memories[REMEMBERED];
static unsigned next;

static bool recall(const struct memory *asked, struct volume *v)
{
    bool found = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < REMEMBERED && !found; i++) {
        const struct memory *m = &memories[i];
        found = m->until > asked->until && m->dev == asked->dev && m->mount == asked->mount && m->number == asked->number;
        if (found)
            *v = m->volume;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void remember(const struct memory *asked, const struct volume *v)
{
    pthread_mutex_lock(&lock);
    memories[next] = *asked;
    memories[next].until += FRESH;
    memories[next].volume = *v;
    next = (next + 1) % REMEMBERED;
    pthread_mutex_unlock(&lock);
}

static int describe(int fd, int depth, struct volume *v)
{
    struct memory asked = {.until = clock_monotonic()};
    struct mount m = {0};
    struct statfs fs;
    struct stat st;

    *v = (struct volume){0};
    if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return -errno;
    asked.dev = st.st_dev;
    asked.mount = mount_number(fd);
    memcpy(&asked.number, &fs.f_fsid, sizeof asked.number);
    if (recall(&asked, v))
        return 0;
    int code = mount_of(fd, &m);
    if (code)
        return code;
    describe_mount(&m, asked.number, depth, v);
    mount_free(&m);
    remember(&asked, v);
    return 0;
}

/* Of a program that shows a folder less is said here than where the folder is looked at, so that is not remembered. */
static void describe_once(const struct mount *m, uint64_t number, struct volume *v)
{
    const struct memory asked = {.dev = m->dev, .mount = m->id, .number = number, .until = clock_monotonic()};
    dev_t device;

    *v = (struct volume){0};
    if (recall(&asked, v))
        return;
    describe_mount(m, number, DEPTH_MAX, v);
    if (mount_device(m, &device))
        remember(&asked, v);
}

void volume_of_mount(const struct mount *m, struct volume *ret_volume)
{
    struct statfs fs;
    uint64_t number = 0;
    dev_t device;

    if (mount_device(m, &device) && statfs(m->target, &fs) == 0)
        memcpy(&number, &fs.f_fsid, sizeof number);
    describe_once(m, number, ret_volume);
}

int volume_at(const char *path, struct volume *ret_volume)
{
    const struct mount *found = NULL;
    struct mount *list;
    size_t count;
    int code = mount_list(&list, &count);

    if (code)
        return code;
    for (size_t i = 0; i < count; i++)    /* the last of several at one point is the one to be seen */
        if (mount_covers(list[i].target, path) && (!found || strlen(list[i].target) >= strlen(found->target)))
            found = &list[i];
    if (found)
        volume_of_mount(found, ret_volume);
    mount_list_free(list, count);
    return found ? 0 : -ENOENT;
}

int volume_of(int fd, struct volume *ret_volume) { return describe(fd, 0, ret_volume); }

#define NAMELESS "none:"

void volume_say(const struct volume *v, char ret_text[VOLUME_NAME])
{
    if (v->name[0])
        copy(ret_text, VOLUME_NAME, v->name);
    else
        say(ret_text, VOLUME_NAME, NAMELESS "%s", v->type);
}

bool volume_is_nameless(const char *text) { return !text[0] || strncmp(text, NAMELESS, strlen(NAMELESS)) == 0; }

bool volume_is_in_memory(const char *text)
{
    return is_one_of(text, (const char *const[]){NAMELESS "tmpfs", NAMELESS "ramfs", NULL});
}

/* Of two texts, one of them without a name. Another type may be another program that shows the same disk. */
static enum volumes compare_nameless(const char *a, const char *b)
{
    return a[0] && b[0] && strcmp(a, b) != 0 && (volume_is_in_memory(a) || volume_is_in_memory(b)) ? VOLUMES_OTHER : VOLUMES_UNKNOWN;
}

static bool is_number(const char *name) { return strncmp(name, "fsid:", 5) == 0; }

/* The number that ext2, ext3 and ext4 give a filesystem of this UUID. False: it is no UUID. */
static bool number_of(const char *uuid, uint64_t *ret_number)
{
    uint64_t halves[2] = {0};
    size_t digits = 0;

    for (; *uuid && digits <= 32; uuid++) {
        if (*uuid == '-')
            continue;
        if (!isxdigit((unsigned char)*uuid) || digits == 32)
            return false;
        uint64_t digit = (uint64_t)(isdigit((unsigned char)*uuid) ? *uuid - '0' : tolower((unsigned char)*uuid) - 'a' + 10);
        halves[digits / 16] |= digit << (digits % 16 / 2 * 8 + (digits % 2 ? 0 : 4));
        digits++;
    }
    uint64_t both = halves[0] ^ halves[1];
    const uint32_t parts[2] = {(uint32_t)both, (uint32_t)(both >> 32)};    /* f_fsid, as describe takes it */
    memcpy(ret_number, parts, sizeof *ret_number);
    return digits == 32;
}

/* Who may not read the device knows the number alone: of these it is made of the UUID and nothing else. */
static enum volumes compare_number(const char *name, const char *uuid)
{
    uint64_t number, made;
    char type[8];

    if (sscanf(name, "fsid:%7[^:]:%16" SCNx64, type, &number) != 2 || !number_of(uuid + strlen("uuid:"), &made) ||
        !is_one_of(type, (const char *const[]){"ext2", "ext3", "ext4", NULL}))
        return VOLUMES_UNKNOWN;
    return number == made ? VOLUMES_SAME : VOLUMES_OTHER;
}

enum volumes volumes_compare(const char *a, const char *b)
{
    if (volume_is_nameless(a) || volume_is_nameless(b))
        return compare_nameless(a, b);
    if (strcmp(a, b) == 0)
        return VOLUMES_SAME;
    const char *number = is_number(a) ? a : b, *uuid = number == a ? b : a;
    if (!is_number(number) || strncmp(uuid, "uuid:", 5) != 0)
        return VOLUMES_OTHER;
    return compare_number(number, uuid);
}
