/*
 * The manifest reader: a file that another workstation may have left half written. Input: a byte, and a manifest.
 * Is the byte even, the records' checks are missing and put in here; else the manifest is taken as it is.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "undo/past.h"

#define OPERATION "20311123T020000Z-7f3a"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fields of a verb without the check, as manifest.h documents them; 0 for one that is not known. */
static int fields_of(const char *verb)
{
    static const struct {
        const char *name;
        int fields;
    } verbs[] = {{"autobackup-manifest", 10}, {"create", 9}, {"replace", 16}, {"remove", 9},
                 {"touch", 16},               {"void", 2},   {"taken", 10},   {"end", 5},
                 {"folder", 9},               {"attributes", 3}, {"above", 9}, {"gone", 9},
                 {"expire", 4},               {"counts", 6},     {"links", 4},      {"run", 5}};

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verb, verbs[i].name) == 0)
            return verbs[i].fields;
    return 0;
}

/* The bytes of the record at `at`, its check missing; NULL when there is no whole one. */
static const char *record_end(const char *at, const char *end)
{
    const char *stop = memchr(at, 0, (size_t)(end - at));
    int left = stop ? fields_of(at) : 0;

    for (; stop && left > 1; left--)
        stop = stop + 1 < end ? memchr(stop + 1, 0, (size_t)(end - stop - 1)) : NULL;
    return stop && left == 1 ? stop + 1 : NULL;
}

static struct buf seal(const char *at, const char *end)
{
    struct buf out = {0};
    const char *next;

    for (; at < end && (next = record_end(at, end)); at = next) {
        buf_add(&out, at, (size_t)(next - at));
        buf_printf(&out, "%016" PRIx64, hash64_of(at, (size_t)(next - at)));
        buf_add_byte(&out, 0);
    }
    buf_add(&out, at, (size_t)(end - at));
    return out;
}

static void use(const struct manifest_record *rec)
{
    struct manifest_file file;
    struct taken taken, source;
    int64_t number;

    if (rec->count < 1 || rec->count > MANIFEST_FIELDS)
        abort();
    for (int i = 0; i < rec->count; i++)
        if (strlen(rec->fields[i]) > SIZE_MAX / 2)
            abort();
    manifest_taken(rec, &taken, &source);
    for (int at = 2; at < rec->count; at += 7)
        manifest_file(rec, at, &file);
    for (int at = 0; at < rec->count; at++)
        manifest_number(rec, at, &number);
    manifest_is_operation(rec->fields[0]);
}

static int root = -1;
static char folder[] = "/tmp/autobackup-fuzz-XXXXXX";

static void remove_folder(void)
{
    (void)unlinkat(root, OPERATIONS "/" OPERATION, 0);
    (void)unlinkat(root, OPERATIONS, AT_REMOVEDIR);
    (void)unlinkat(root, ".autobackup", AT_REMOVEDIR);
    (void)rmdir(folder);
}

/* The manifest as what an undo would follow. No path of it may lead out of the replica. */
static void follow(const struct buf *bytes)
{
    struct past past;
    struct deed deed;

    if (root < 0 && (!mkdtemp(folder) || (root = open(folder, O_RDONLY | O_DIRECTORY)) < 0 ||
                     mkdirat(root, ".autobackup", 0700) < 0 || mkdirat(root, OPERATIONS, 0700) < 0 ||
                     atexit(remove_folder) != 0))
        abort();
    int fd = openat(root, OPERATIONS "/" OPERATION, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || (bytes->len && pwrite(fd, bytes->data, bytes->len, 0) != (ssize_t)bytes->len))
        abort();
    close(fd);
    if (past_open(root, OPERATION, "a-1", &past) == 0) {
        if (!path_is_safe(past.replica))
            abort();
        while (past_next(&past, &deed) == 1) {
            if (!path_is_safe(deed.path) || !*deed.path)
                abort();
            deed_free(&deed);
        }
    }
    past_close(&past);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest_reader reader = {.fd = memfd_create("manifest", MFD_CLOEXEC)};
    struct manifest_record rec;
    struct buf bytes = {0};
    const char *text = (const char *)data;

    if (size && *data % 2 == 0)
        bytes = seal(text + 1, text + size);
    else if (size)
        buf_add(&bytes, text + 1, size - 1);
    if (reader.fd < 0 || (bytes.len && pwrite(reader.fd, bytes.data, bytes.len, 0) != (ssize_t)bytes.len))
        abort();
    while (manifest_next(&reader, &rec) == 1)
        use(&rec);
    manifest_reader_close(&reader);
    follow(&bytes);
    buf_free(&bytes);
    return 0;
}
