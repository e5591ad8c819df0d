/*
 * Auto backup: which disks hold which project, and copying them so that nothing is lost.
 *
 * The map of the house. Calls run downwards only; `make layers` checks it.
 *
 *     main.c     arguments -> host -> exit status
 *     host/      one Lua state: what `require` finds, tracebacks, signals that stop a script
 *     bind/      core.*: the primitives that Lua calls; argument checks and results, no logic
 *     undo/      what operations did: their history, taking one back, expiring old versions
 *     scan/      walking directory trees with many threads; a walk into the catalog
 *     copy/      one file: temporary name, content, metadata, commit; many files: workers, batches, versions
 *     verify/    reading replicas back from their disks, and what their digests say of that
 *     index/     the catalog (SQLite), packed listings, the compare of two replicas, a database's identity
 *     base/      errors, bytes, paths, whole reads and writes, jobs, digests, signals, other programs
 *
 *     lua/       everything a user meets, embedded in the program: lua/main.lua is where it begins
 *
 * Nothing outside host/ and bind/ knows Lua. The engine (undo, scan, copy, verify, index, base) runs on its own
 * threads, which never touch the Lua state: a long work is a struct job, whose events Lua pulls (base/job.h).
 */
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include "host/host.h"

/* Started with a standard stream closed, the first file opened would take its place: the catalog under print. */
static void hold_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char *argv[])
{
    hold_standard_streams();
    setlocale(LC_CTYPE, "");
    return host_run(argc, argv);
}
