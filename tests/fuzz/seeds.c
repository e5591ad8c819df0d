/*
 * seeds CORPUS ROOT: what the fuzzers start from. Listings of the real directories below ROOT, and a manifest and
 * a marker as the program writes them, in CORPUS/listing, CORPUS/manifest and CORPUS/marker.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/manifest.h"
#include "index/identity.h"
#include "scan/walk.h"

#define MOST 200
#define CHECKSUM 8

struct seeds {
    const char *corpus;
    int count;
    struct buf before;          /* the listing of the directory before, without its checksum */
};

static void save(const struct seeds *s, const char *target, const char *name, const struct buf *bytes)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", s->corpus, target);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/seed-%s", s->corpus, target, name);
    FILE *f = fopen(path, "we");
    if (!f || fwrite(bytes->data, 1, bytes->len, f) != bytes->len || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void add_length(struct buf *out, size_t len)
{
    buf_add_byte(out, (unsigned char)len);
    buf_add_byte(out, (unsigned char)(len >> 8));
}

/* Two listings and digests for each entry of the first; see listing.c. */
static int add_listing(const struct walk_dir *dir, void *arg)
{
    struct seeds *s = arg;
    struct buf listing = {0}, out = {0};
    char name[20];

    listing_encode(dir->entries, dir->count, &listing);
    buf_truncate(&listing, listing.len - CHECKSUM);
    if (listing.len < 4096 && s->count < MOST) {
        add_length(&out, listing.len);
        add_length(&out, s->before.len);
        buf_add(&out, listing.data, listing.len);
        buf_add(&out, s->before.data, s->before.len);
        for (size_t i = 0; i < dir->count * DIGEST_SLOT; i++)
            buf_add_byte(&out, i % DIGEST_SLOT ? (unsigned char)i : (unsigned char)(i / DIGEST_SLOT % 3));
        snprintf(name, sizeof name, "%04d", s->count++);
        save(s, "listing", name, &out);
        buf_free(&s->before);
        s->before = listing;
        listing = (struct buf){0};
    }
    buf_free(&listing);
    buf_free(&out);
    return 0;
}

static int write_manifest(int root)
{
    const struct who who = {.host = "host", .user = "anna", .boot = "8c1f", .pid = 4711, .began = 12};
    const struct manifest_head head = {.operation = "20311123T020000Z-7f3a", .kind = "copy",
                                       .replica = "scratch/render/acme/spot", .target = "a-1", .source = "b-2",
                                       .run = "20311123T020000Z-9c1e", .who = &who, .started_at = 1};
    const struct manifest_file file = {.mode = S_IFREG | 0644, .size = 10, .mtime = -5, .has_digest = true};
    const struct manifest_file link = {.mode = S_IFLNK | 0777};
    struct taken taken = {.path = (char *)"frame.0001.exr", .size = 10, .mtime = 1, .ctime = 2, .young = true};
    struct manifest m = {0};

    int code = manifest_create(root, &head, &m);
    if (code)
        return code;
    manifest_add_create(&m, "frame.0001.exr", &file);
    manifest_add_replace(&m, "a\nname", &file, &link);
    manifest_add_remove(&m, "gone", &link);
    manifest_add_touch(&m, "touched", &file, &file);
    manifest_add_attributes(&m, "touched", "757365722e61=00ff,757365722e62=");
    manifest_add_links(&m, "a\nname", &(struct stat){.st_ino = 99, .st_nlink = 3});
    manifest_add_folder(&m, "dir", &(struct manifest_file){.mode = S_IFDIR | 0755});
    manifest_add_above(&m, "scratch/render/acme", &(struct manifest_file){.mode = S_IFDIR | 0755});
    manifest_add_gone(&m, "scratch", &(struct manifest_file){.mode = S_IFDIR | 0755});
    manifest_add_rename(&m, "Shot_010", "shot_010");
    manifest_add_expire(&m, "20301123T020000Z-7f3a", 3, 4);
    manifest_add_void(&m, MANIFEST_CREATE, S_IFREG, "gone");
    manifest_add_taken(&m, &taken, &taken);
    taken.renewed = true;
    manifest_add_taken(&m, &taken, &taken);
    code = manifest_end(&m, "done", 1, 10);
    manifest_close(&m);
    return code;
}

/* As manifest.c of this folder wants it: a byte, then the records without their checks. */
static int add_manifest(struct seeds *s, int root)
{
    struct manifest_reader reader;
    struct manifest_record rec;
    struct buf out = {0};

    int code = write_manifest(root);
    if (!code)
        code = manifest_open(root, "20311123T020000Z-7f3a", &reader);
    if (code)
        return code;
    buf_add_byte(&out, 0);
    while (manifest_next(&reader, &rec) == 1)
        for (int i = 0; i < rec.count - 1; i++)
            buf_add(&out, rec.fields[i], strlen(rec.fields[i]) + 1);
    manifest_reader_close(&reader);
    save(s, "manifest", "whole", &out);
    buf_free(&out);
    return 0;
}

static int add_marker(struct seeds *s, int root)
{
    char id[IDENTITY_SIZE], text[4096];
    struct buf out = {0};

    int code = identity_write(root, "NAS \"one\"", id, NULL);
    if (code)
        return code;
    int fd = path_open(root, OUR_FOLDER "/database.json", O_RDONLY, 0);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (got < 0)
        return -EIO;
    close(fd);
    buf_add(&out, text, (size_t)got);
    save(s, "marker", "written", &out);
    buf_free(&out);
    return 0;
}

int main(int argc, char **argv)
{
    struct seeds s = {.corpus = argc == 3 ? argv[1] : NULL};
    const struct walk_tree tree = {.path = ".", .user = &s};
    const struct walk_options options = {.jobs = 1, .visit = add_listing, .arg = &s};

    int root = s.corpus ? path_open_root(argv[2]) : -1;
    if (root < 0) {
        fprintf(stderr, "usage: seeds CORPUS ROOT\n");
        return 2;
    }
    mkdir(s.corpus, 0755);
    int code = walk_run(root, &tree, 1, &options);
    if (!code)
        code = add_manifest(&s, root);
    if (!code)
        code = add_marker(&s, root);
    buf_free(&s.before);
    close(root);
    if (code)
        fprintf(stderr, "seeds: %s\n", strerror(-code));
    return code ? 1 : 0;
}
