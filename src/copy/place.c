#include "copy/place.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "copy/temp.h"
#include "index/still.h"

static int rename_if_free(int from_dir, const char *from, int to_dir, const char *to)
{
    struct stat st;

    if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    if (errno != ENOENT)
        return -errno;
    return renameat(from_dir, from, to_dir, to) < 0 ? -errno : 0;
}

/*
 * The last resort, on filesystems with neither: between the look and the rename others could slip in. Our own threads
 * do not: two names that such a filesystem takes for one (File, file) may come at the same time.
 */
static int look_and_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&lock);
    int code = rename_if_free(from_dir, from, to_dir, to);
    pthread_mutex_unlock(&lock);
    return code;
}

int place_new(int from_dir, const char *from, int to_dir, const char *to)
{
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    int code = -errno;
    if (!fault_refuses_call(-code))
        return code;
    if (linkat(from_dir, from, to_dir, to, 0) == 0)
        return unlinkat(from_dir, from, 0) < 0 ? -errno : 0;
    code = -errno;
    return fault_refuses_link(-code) ? look_and_rename(from_dir, from, to_dir, to) : code;
}

int place_remove(int dir, const char *name, const struct stat *expected, atomic_bool *left)
{
    char temp[TEMP_NAME_SIZE];

    temp_exchange_name(temp);
    if (renameat(dir, name, dir, temp) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    int code = still_seen(dir, temp, expected, STILL_SAME);
    if (!code && unlinkat(dir, temp, 0) < 0)
        code = -errno;
    if (code && place_new(dir, temp, dir, name) < 0)
        temp_leave(dir, temp, left);
    return code;
}

static ino_t inode_of(int dir, const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_ino;
}

/*
 * What came out was not ours to replace. Should somebody have renamed yet another file over the name meanwhile,
 * that one comes out now instead of ours, and goes back in.
 */
static int exchange_back(int temp_dir, const char *temp, int dir, const char *name, ino_t ours, bool *ret_foreign)
{
    *ret_foreign = true;
    for (int i = 0; i < 2 && *ret_foreign; i++) {
        if (renameat2(temp_dir, temp, dir, name, RENAME_EXCHANGE) < 0)
            return -errno;
        *ret_foreign = inode_of(temp_dir, temp) != ours;
    }
    return -ESTALE;
}

int place_exchange_from(int temp_dir, const char *temp, int dir, const char *name, const struct stat *expected,
                        bool *ret_foreign)
{
    *ret_foreign = false;
    int code = still_seen(dir, name, expected, STILL_SAME);
    if (code)
        return code;
    ino_t ours = inode_of(temp_dir, temp);
    if (renameat2(temp_dir, temp, dir, name, RENAME_EXCHANGE) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    if (!still_seen(temp_dir, temp, expected, STILL_SAME))
        return 0;
    return exchange_back(temp_dir, temp, dir, name, ours, ret_foreign);
}

int place_exchange(int dir, const char *temp, const char *name, const struct stat *expected, bool *ret_foreign)
{
    return place_exchange_from(dir, temp, dir, name, expected, ret_foreign);
}
