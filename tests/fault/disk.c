/*
 * A disk with a volatile cache, whose power can be cut at any moment.
 *
 *     disk serve FOLDER IMAGE LOG
 *         serves FOLDER/image (for a loop mount), until FOLDER is unmounted. What is written to it goes to IMAGE and,
 *         with the flushes, to LOG. With $DISK_FAILS_AT=N the N-th write after a SIGUSR1, and all that follows, fails
 *         with $DISK_ERRNO (a number). With $DISK_DAMAGES=HEX,... sectors that are written after a SIGUSR1 and begin
 *         with one of these runs of 8 bytes lie on IMAGE with another last byte: the write goes well, and what is read
 *         is not what was written. A second SIGUSR1 ends that.
 *     disk count LOG
 *         how many records the log has
 *     disk cut IMAGE LOG N SEED
 *         makes IMAGE, the state before the log, what a disk may hold whose power was cut after N records: all that was
 *         flushed; of the later writes any, in part or not at all (SEED 0: none)
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define MOST (1u << 20)    /* bytes of one request */
#define MOST_MARKS 8

/* In the log, before the bytes that were written. size 0: a flush. */
struct record {
    uint64_t at, size;
};

static int image, log_fd;
static long fails_at, writes;
static volatile sig_atomic_t armed;
static int error_number = EIO;
static unsigned char marks[MOST_MARKS][8];    /* what a sector that is damaged begins with */
static int mark_count;

static bool is_failing(void) { return fails_at && writes >= fails_at; }

static int note(uint64_t at, uint64_t size, const char *data)
{
    struct record r = {at, size};

    if (write(log_fd, &r, sizeof r) != sizeof r || write(log_fd, data, size) != (ssize_t)size)
        return -EIO;
    return 0;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    struct stat is;

    (void)fi;
    *st = (struct stat){.st_mode = S_IFDIR | 0700, .st_nlink = 2};
    if (strcmp(path, "/") == 0)
        return 0;
    if (strcmp(path, "/image") != 0 || fstat(image, &is) < 0)
        return -ENOENT;
    *st = (struct stat){.st_mode = S_IFREG | 0600, .st_nlink = 1, .st_size = is.st_size};
    return 0;
}

static int open_image(const char *path, struct fuse_file_info *fi)
{
    fi->direct_io = 1;
    return strcmp(path, "/image") == 0 ? 0 : -ENOENT;
}

static int read_image(const char *path, char *data, size_t size, off_t at, struct fuse_file_info *fi)
{
    (void)path;
    (void)fi;
    ssize_t n = pread(image, data, size, at);
    return n < 0 ? -errno : (int)n;
}

static bool is_marked(const char *sector)
{
    for (int i = 0; i < mark_count; i++)
        if (memcmp(sector, marks[i], sizeof marks[i]) == 0)
            return true;
    return false;
}

static int damage(const char *data, size_t size, off_t at)
{
    for (size_t done = 0; done + SECTOR <= size; done += SECTOR) {
        char last = (char)(data[done + SECTOR - 1] ^ 1);
        if (is_marked(data + done) && pwrite(image, &last, 1, at + (off_t)(done + SECTOR - 1)) != 1)
            return -EIO;
    }
    return 0;
}

static int write_image(const char *path, const char *data, size_t size, off_t at, struct fuse_file_info *fi)
{
    (void)path;
    (void)fi;
    writes += armed;
    if (is_failing())
        return -error_number;
    if (pwrite(image, data, size, at) != (ssize_t)size || (armed && damage(data, size, at) < 0))
        return -EIO;
    return note((uint64_t)at, size, data) < 0 ? -EIO : (int)size;
}

static int flush_image(const char *path, int data_only, struct fuse_file_info *fi)
{
    (void)path;
    (void)data_only;
    (void)fi;
    return is_failing() ? -error_number : note(0, 0, "");
}

static void *start(struct fuse_conn_info *connection, struct fuse_config *config)
{
    (void)config;
    connection->max_write = MOST;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = start, .getattr = get_attributes, .open = open_image, .read = read_image, .write = write_image,
    .fsync = flush_image,
};

static void arm(int signal)
{
    (void)signal;
    armed = !armed;
}

static void read_marks(const char *text)
{
    for (; text && mark_count < MOST_MARKS; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL) {
        for (int i = 0; i < 8; i++)
            if (sscanf(text + 2 * i, "%2hhx", &marks[mark_count][i]) != 1)
                return;
        mark_count++;
    }
}

static int serve(char *folder, const char *image_path, const char *log_path)
{
    const char *at = getenv("DISK_FAILS_AT"), *number = getenv("DISK_ERRNO");
    char *argv[] = {"disk", folder, "-f", "-s", NULL};

    fails_at = at ? atol(at) : 0;
    error_number = number ? atoi(number) : EIO;
    read_marks(getenv("DISK_DAMAGES"));
    signal(SIGUSR1, arm);
    image = open(image_path, O_RDWR | O_CLOEXEC);
    log_fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (image < 0 || log_fd < 0)
        return 1;
    return fuse_main(4, argv, &operations, NULL);
}

/* ---- afterwards ---- */

static bool next(FILE *file, struct record *r, char *data)
{
    return fread(r, sizeof *r, 1, file) == 1 && r->size <= MOST && (!r->size || fread(data, r->size, 1, file) == 1);
}

static char *room(void)
{
    char *data = malloc(MOST);

    if (!data)
        abort();
    return data;
}

static int count_records(const char *log_path)
{
    FILE *file = fopen(log_path, "re");
    char *data = room();
    struct record r;
    long count = 0;

    while (file && next(file, &r, data))
        count++;
    printf("%ld\n", count);
    return file ? 0 : 1;
}

/* The number of records up to and with the last flush among the first n. */
static long find_flush(FILE *file, char *data, long n)
{
    struct record r;
    long flushed = 0;

    for (long i = 0; i < n && next(file, &r, data); i++)
        if (!r.size)
            flushed = i + 1;
    rewind(file);
    return flushed;
}

/* Of a write that was not flushed: all, nothing, or some of its sectors. */
static bool put_some(const struct record *r, const char *data)
{
    int kind = rand() % 3;

    if (kind == 0)
        return true;
    for (uint64_t done = 0; done < r->size; done += SECTOR) {
        if (kind == 2 && rand() % 2)
            continue;
        size_t size = r->size - done < SECTOR ? r->size - done : SECTOR;
        if (pwrite(image, data + done, size, (off_t)(r->at + done)) != (ssize_t)size)
            return false;
    }
    return true;
}

static int cut(const char *image_path, const char *log_path, long n, unsigned seed)
{
    FILE *file = fopen(log_path, "re");
    char *data = room();
    struct record r;
    bool good = file != NULL;

    image = open(image_path, O_WRONLY | O_CLOEXEC);
    long flushed = good ? find_flush(file, data, n) : 0;
    srand(seed);
    for (long i = 0; good && i < n && next(file, &r, data); i++) {
        if (i < flushed)
            good = pwrite(image, data, r.size, (off_t)r.at) == (ssize_t)r.size;
        else if (seed)
            good = put_some(&r, data);
    }
    return good ? 0 : 1;
}

int main(int argc, char *argv[])
{
    if (argc == 5 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], argv[3], argv[4]);
    if (argc == 3 && strcmp(argv[1], "count") == 0)
        return count_records(argv[2]);
    if (argc == 6 && strcmp(argv[1], "cut") == 0)
        return cut(argv[2], argv[3], atol(argv[4]), (unsigned)atol(argv[5]));
    fprintf(stderr, "usage: disk serve FOLDER IMAGE LOG | count LOG | cut IMAGE LOG N SEED\n");
    return 2;
}
