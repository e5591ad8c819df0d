/* The marker of a database: .autobackup/database.json of a disk that may come from anyone. Input: its bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "index/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[4096];
static int root = -1, marker = -1;

static void clean_up(void)
{
    if (root < 0)
        return;
    unlinkat(root, ".autobackup/database.json", 0);
    unlinkat(root, ".autobackup", AT_REMOVEDIR);
    rmdir(folder);
}

static void start(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/autobackup-fuzz-XXXXXX", tmp ? tmp : "/tmp");
    root = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
    if (root >= 0 && mkdirat(root, ".autobackup", 0700) == 0)
        marker = openat(root, ".autobackup/database.json", O_RDWR | O_CREAT, 0600);
    if (marker < 0)
        abort();
    atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char id[IDENTITY_SIZE];
    struct error err = {0};
    bool from_marker;

    if (root < 0)
        start();
    if (ftruncate(marker, 0) < 0 || (size && pwrite(marker, data, size, 0) != (ssize_t)size))
        abort();
    memset(id, 'x', sizeof id);
    int code = identity_read(root, id, &from_marker, &err);
    /* An empty marker is a damaged one, never a missing one: the disk must not turn into another. */
    if (code == 0 && (!from_marker || !memchr(id, 0, sizeof id)))
        abort();
    if (code == 0 && strspn(id, "0123456789abcdefABCDEF-") != strlen(id))
        abort();
    if (code != 0 && !err.message)
        abort();
    error_clear(&err);
    return 0;
}
