#include "copy/spare.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/plan.h"
#include "copy/tree.h"
#include "copy/versions.h"

static bool is_in_place(int top, const char *path, const char *name, const struct stat *kept)
{
    struct stat live;
    int dir = path_open(top, path, O_PATH | O_DIRECTORY, 0);

    if (dir < 0)
        return false;
    bool same = fstatat(dir, name, &live, AT_SYMLINK_NOFOLLOW) == 0 && live.st_ino == kept->st_ino &&
                live.st_dev == kept->st_dev;
    close(dir);
    return same;
}

static int see_version(void *arg, int dir, const char *path, const char *name)
{
    const int *top = arg;
    struct stat kept;

    if (fstatat(dir, name, &kept, AT_SYMLINK_NOFOLLOW) == 0 && kept.st_nlink > 1 && is_in_place(*top, path, name, &kept))
        (void)unlinkat(dir, name, 0);
    return 0;
}

static int pass_by(void *arg, const char *path, int code)
{
    (void)arg, (void)path, (void)code;
    return 0;
}

int spare_drop(int root, const char *operation, const char *replica, const atomic_bool *cancel)
{
    int top = path_open(root, replica, O_PATH | O_DIRECTORY, 0), code = 0;
    struct tree_visitor visitor = {.name = see_version, .refused = pass_by, .arg = &top, .cancel = cancel};
    char *all = plan_join(VERSIONS, operation), *kept = plan_join(all, replica);

    if (top >= 0) {
        code = tree_walk(root, kept, &visitor);
        close(top);
    }
    if (!code)
        tree_remove_folders(root, all);
    free(kept);
    free(all);
    return code;
}
