/*
 * measure [-n TIMES] -o FILE PROGRAM [ARGUMENT...]: runs a program and writes one line about the whole process,
 * with the children it waited for: seconds of wall clock, user and system time, peak resident KiB, exit status
 * (128+n: ended by signal n). With -n the times are the mean of TIMES runs, the memory is the largest. Signals are
 * passed on, and the end of the program is waited for: when this process is gone, nothing of it is left.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t child, caught;

static void pass_on(int signal)
{
    caught = signal;
    if (child > 0)
        kill(child, signal);
}

struct cost {
    double wall, user, system;
    long kib;
    int status;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

/* posix_spawn shares this process's memory until exec, so that its size does not count as the program's. */
static int run(char **argv, struct cost *c)
{
    struct rusage usage;
    pid_t pid;
    int status;
    double began = now();

    int code = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
    if (code)
        return code;
    child = pid;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return errno;
    child = 0;
    c->wall += now() - began;
    c->user += seconds(usage.ru_utime);
    c->system += seconds(usage.ru_stime);
    c->kib = usage.ru_maxrss > c->kib ? usage.ru_maxrss : c->kib;
    if (!c->status)
        c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct cost c = {0};
    const char *file = NULL;
    int opt, times = 1;

    while ((opt = getopt(argc, argv, "+n:o:")) != -1) {
        if (opt == 'n')
            times = atoi(optarg);
        if (opt == 'o')
            file = optarg;
        if (opt == '?')
            return 2;
    }
    FILE *out = file && optind < argc && times > 0 ? fopen(file, "we") : NULL;
    if (!out) {
        fprintf(stderr, "usage: measure [-n TIMES] -o FILE PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &(struct sigaction){.sa_handler = pass_on}, NULL);
    for (int i = 0; i < times && !caught; i++) {
        int code = run(argv + optind, &c);
        if (code) {
            fprintf(stderr, "measure: %s: %s\n", argv[optind], strerror(code));
            return 127;
        }
    }
    fprintf(out, "%.6f %.6f %.6f %ld %d\n", c.wall / times, c.user / times, c.system / times, c.kib, c.status);
    return fclose(out) ? 1 : 0;
}
