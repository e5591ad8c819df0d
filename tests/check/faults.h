/*
 * A filesystem that is not as the one the tests run on: these functions of the C library stand before the real
 * ones in the suites, and do what a test asks for. Everything is off at first.
 */
#ifndef AUTOBACKUP_TESTS_FAULTS_H
#define AUTOBACKUP_TESTS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

struct faults {
    const char *below;         /* fstatfs: paths that begin so are of `type` */
    uint32_t type;             /* a magic number; 0: off */
    int mknod_errno;           /* mknodat makes the file and says that it did not */
    int mkdir_errno;           /* mkdirat */
    int times_left;            /* futimens: so many go well, then the disk is full, and fsync says so; 0: off */
    int deadly_name;           /* renameat2, linkat: the process dies at this one, counted from 1; 0: off */
    int64_t bytes_free;        /* fstatvfs; -1: it does not even count its blocks; 0: off */
    bool no_way_to_place;      /* linkat, renameat2 without replacing: not here */
    bool windows_names;        /* mkdirat, linkat, renameat, renameat2: names with : are refused */
    void (*looked)(void);      /* fstatfs: called before each */
    void (*synced)(void);      /* fsync, syncfs: called before each */
    void (*named)(const char *name);    /* renameat2: called with each name that it gave */
    bool caseless;             /* mkdirat, linkat, renameat2 without replacing: names differ in more than case */
};

extern struct faults faults;

#endif
