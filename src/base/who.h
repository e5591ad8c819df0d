/*
 * Who runs this: what a journal keeps of a process, so that another can tell later whether it still runs.
 */
#ifndef AUTOBACKUP_BASE_WHO_H
#define AUTOBACKUP_BASE_WHO_H

#include <stdbool.h>
#include <stdint.h>

/* What is not known is "" or 0. */
struct who {
    char host[256];
    char user[64];      /* the name of the effective user, or its number */
    char boot[64];      /* the kernel's id of this start of the machine, "/", the number of the PID namespace */
    int64_t pid;
    int64_t began;      /* when the process started, in the kernel's ticks since the boot */
};

/* This process, now: another after a fork. */
void who_am_i(struct who *ret_who);

/*
 * Does the process run on this machine that had this pid since then, in this boot? 1 or 0; -1 where that cannot be told:
 * pids of its namespace mean others here, the kernel shows processes only to their users (hidepid), or boot or began are
 * not known ("", 0) and some process has that pid.
 */
int who_runs(const char *boot, int64_t pid, int64_t began);

/* Was this the boot of a process on the machine that we run on, in whatever namespace, and since its last start? */
bool who_is_here(const char *boot);

#endif
