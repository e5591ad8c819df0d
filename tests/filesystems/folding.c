/*
 * folding FOLDER MOUNTPOINT: shows FOLDER at MOUNTPOINT, and names that differ in case or in their form of Unicode alone
 * are one, as on exFAT, HFS+, or ext4 with casefold: a name keeps the spelling that it was made with, until it is
 * renamed. Serves until it is unmounted. FOLDING=stubborn: not even then.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8proc.h>

#include "passing.h"

#define LONGEST 4096
#define AT_ONCE 4

static bool is_one(const char *a, const char *b)
{
    const int fold = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_uint8_t *x = NULL, *y = NULL;
    bool one = utf8proc_map((const utf8proc_uint8_t *)a, 0, &x, (utf8proc_option_t)fold) >= 0 &&
               utf8proc_map((const utf8proc_uint8_t *)b, 0, &y, (utf8proc_option_t)fold) >= 0 &&
               strcmp((char *)x, (char *)y) == 0;

    free(x);
    free(y);
    return one;
}

/* How `name` is spelled in this folder, if it is there; else as it is. */
static void spell(const char *in, const char *name, char *ret_name)
{
    struct stat st;
    char path[2 * LONGEST];
    int fd = openat(passing.folder, *in ? in : ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    snprintf(ret_name, LONGEST, "%s", name);
    snprintf(path, sizeof path, "%s%s%s", in, *in ? "/" : "", name);
    if (dir && fstatat(passing.folder, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        for (struct dirent *d; (d = readdir(dir));)
            if (is_one(d->d_name, name))
                snprintf(ret_name, LONGEST, "%s", d->d_name);
    if (dir)
        closedir(dir);
}

static const char *find(const char *path)
{
    static _Thread_local char paths[AT_ONCE][LONGEST];
    static _Thread_local int turn;
    char *found = paths[turn++ % AT_ONCE], name[LONGEST], part[LONGEST];

    *found = 0;
    for (const char *end; *path; path = *end ? end + 1 : end) {
        end = strchrnul(path, '/');
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        spell(found, part, name);
        size_t len = strlen(found);
        snprintf(found + len, LONGEST - len, "%s%s", len ? "/" : "", name);
    }
    return *found ? found : ".";
}

/* Its own new spelling is what a rename of a file to itself is for; another file's name stays as that had it. */
static const char *rename_to(const char *source, const char *to)
{
    const char *target = find(to), *slash = strrchr(target, '/'), *last = strrchr(to, '/');
    const char *stubborn = getenv("FOLDING");
    static _Thread_local char path[2 * LONGEST];

    if (strcmp(source, target) != 0 || (stubborn && strcmp(stubborn, "stubborn") == 0))
        return target;
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - target) + 1 : 0, target, last ? last + 1 : to);
    return path;
}

int main(int argc, char **argv)
{
    passing.below = find;
    passing.renamed = rename_to;
    return passing_serve(argc, argv);
}
