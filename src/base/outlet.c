#include "base/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/output.h"
#include "base/process.h"

/* Start the last program first: each needs the end of a pipe that the next one reads. Returns the first one's in *feed. */
static int start_all(struct outlet *o, char *const *const argvs[], size_t count, int out, int *feed, struct error *err)
{
    for (size_t i = count; i-- > 0;) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return error_set(err, errno, "cannot make a pipe");
        int code = process_start(argvs[i], ends[0], *feed >= 0 ? *feed : out, &o->pids[i], err);
        close(ends[0]);
        if (*feed >= 0)
            close(*feed);
        *feed = ends[1];
        if (code)
            return code;
        o->count++;
    }
    return 0;
}

/* Those that were started are the last ones. */
static void gather(struct outlet *o, size_t count)
{
    for (size_t i = 0; i < o->count; i++)
        o->pids[i] = o->pids[count - o->count + i];
}

static int divert(struct outlet *o, int to, struct error *err)
{
    fflush(stdout);
    o->ours = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (o->ours < 0 || dup2(to, STDOUT_FILENO) < 0)
        return error_set(err, errno, "standard output");
    output_lend(true);
    return 0;
}

int outlet_open(struct outlet *o, char *const *const argvs[], size_t count, const char *path, bool append,
                struct error *err)
{
    int feed = -1, code = 0;

    *o = (struct outlet){.ours = -1, .has_file = path != NULL};
    if (count > OUTLET_MOST)
        return error_set(err, E2BIG, "%zu programs", count);
    if (path)
        code = list_file_open(&o->file, path, append, err);
    if (code) {
        o->has_file = false;
        return code;
    }
    code = start_all(o, argvs, count, path ? o->file.fd : STDOUT_FILENO, &feed, err);
    if (code)
        gather(o, count);
    else
        code = divert(o, count ? feed : o->file.fd, err);
    if (feed >= 0)
        close(feed);
    if (code)
        outlet_close(o);
    return code;
}

int outlet_restore(struct outlet *o)
{
    if (o->ours < 0)
        return 0;
    int code = fflush(stdout) ? -errno : 0;
    output_forget();
    output_lend(false);
    dup2(o->ours, STDOUT_FILENO);
    close(o->ours);
    o->ours = -1;
    return code;
}

static void pass_on(const struct outlet *o, size_t from, int signum)
{
    for (size_t i = from; (signum == SIGTERM || signum == SIGHUP) && i < o->count; i++)
        kill(o->pids[i], signum);
}

static int wait_one(const struct outlet *o, size_t at)
{
    int status, passed_on = 0;

    for (;;) {
        if (interrupt_signal() != passed_on)
            pass_on(o, at, passed_on = interrupt_signal());
        if (waitpid(o->pids[at], &status, 0) >= 0)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (errno != EINTR)
            return 0;
    }
}

void outlet_wait(struct outlet *o)
{
    outlet_restore(o);
    if (!o->count)
        return;
    interrupt_hold();
    if (interrupt_signal() == SIGINT)    /* the command has ended of it; the next one is the programs' */
        interrupt_clear();
    for (size_t i = 0; i < o->count; i++) {
        o->status[i] = wait_one(o, i);
        o->interrupted |= interrupt_signal() == SIGINT && o->status[i] == 128 + SIGINT;
    }
    if (interrupt_signal() == SIGINT)
        interrupt_clear();
    interrupt_release();
    o->count = 0;
}

int outlet_keep(struct outlet *o, struct error *err) { return o->has_file ? list_file_keep(&o->file, err) : 0; }

void outlet_close(struct outlet *o)
{
    outlet_wait(o);
    if (o->has_file)
        list_file_close(&o->file);
    o->has_file = false;
}
