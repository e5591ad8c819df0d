#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/typing.h"

/* The new program starts with no signal blocked or ignored on our account. */
static void plain_signals(posix_spawnattr_t *attr, short more_flags)
{
    sigset_t none, defaults;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(attr);
    posix_spawnattr_setsigmask(attr, &none);
    posix_spawnattr_setsigdefault(attr, &defaults);
    posix_spawnattr_setflags(attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | more_flags));
}

/* posix_spawnp reports a failed exec as its own result, so no pipe is needed for that. */
static int start(char *const argv[], short flags, const posix_spawn_file_actions_t *files, pid_t *ret_pid,
                 struct error *err)
{
    posix_spawnattr_t attr;

    plain_signals(&attr, flags);
    int code = posix_spawnp(ret_pid, argv[0], files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    return code ? error_set(err, code, "%s", argv[0]) : 0;
}

static void *reap(void *arg)
{
    pid_t pid = (pid_t)(intptr_t)arg;

    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return NULL;
}

/* Nobody waits for a detached program; without this it would stay a zombie as long as we run. */
static void reap_later(pid_t pid)
{
    pthread_t thread;
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&thread, NULL, reap, (void *)(intptr_t)pid) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int process_detach(char *const argv[], struct error *err)
{
    posix_spawn_file_actions_t files;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int code = start(argv, POSIX_SPAWN_SETSID, &files, &pid, err);
    posix_spawn_file_actions_destroy(&files);
    if (!code)
        reap_later(pid);
    return code;
}

/* A signal sent to us alone, not to the whole terminal, has to reach the program too. */
static int wait_for(pid_t pid)
{
    int status, passed_on = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        int signum = interrupt_signal();
        if (signum != passed_on && (signum == SIGTERM || signum == SIGHUP))
            kill(pid, signum);
        passed_on = signum;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int start_with_nothing(char *const argv[], pid_t *ret_pid, struct error *err)
{
    posix_spawn_file_actions_t files;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    int code = start(argv, 0, &files, ret_pid, err);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* Start with the read end of a pipe as standard input; returns the write end in *ret_feed. */
static int start_fed(char *const argv[], pid_t *ret_pid, int *ret_feed, struct error *err)
{
    posix_spawn_file_actions_t files;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot make a pipe");
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[0], STDIN_FILENO);
    int code = start(argv, 0, &files, ret_pid, err);
    posix_spawn_file_actions_destroy(&files);
    close(ends[0]);
    if (code)
        close(ends[1]);
    else
        *ret_feed = ends[1];
    return code;
}

static int start_run(char *const argv[], const struct process_input *input, pid_t *ret_pid, int *ret_feed,
                     struct error *err)
{
    if (input->bytes)
        return start_fed(argv, ret_pid, ret_feed, err);
    return input->ours ? start(argv, 0, NULL, ret_pid, err) : start_with_nothing(argv, ret_pid, err);
}

int process_start(char *const argv[], int in, int out, pid_t *ret_pid, struct error *err)
{
    posix_spawn_file_actions_t files;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    int code = start(argv, 0, &files, ret_pid, err);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

int process_run(char *const argv[], const struct process_input *input, int *ret_status, struct error *err)
{
    pid_t pid = 0;
    int feed = -1;

    bool was_hidden = typing_show();
    interrupt_hold();
    int code = start_run(argv, input, &pid, &feed, err);
    if (!code) {
        if (feed >= 0) {
            (void)io_write(feed, input->bytes, input->len);    /* a reader that stops early, as a pager may, is no failure */
            close(feed);
        }
        *ret_status = wait_for(pid);
        if (interrupt_signal() == SIGINT && *ret_status != 128 + SIGINT)
            interrupt_clear();
    }
    interrupt_release();
    if (was_hidden)
        typing_hide();
    return code;
}

static bool runnable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int process_which(const char *program, struct buf *ret_path)
{
    const char *dirs = getenv("PATH"), *end;
    size_t start = ret_path->len;

    if (!*program)
        return -ENOENT;
    if (strchr(program, '/'))
        dirs = "";
    else if (!dirs)
        dirs = "/usr/local/bin:/usr/bin:/bin";
    for (;; dirs = end + 1) {
        end = strchrnul(dirs, ':');
        buf_add(ret_path, dirs, (size_t)(end - dirs));
        if (end > dirs)
            buf_add_byte(ret_path, '/');
        buf_add_str(ret_path, program);
        if (runnable(buf_str(ret_path)))
            return 0;
        buf_truncate(ret_path, start);
        if (!*end)
            return -ENOENT;
    }
}
