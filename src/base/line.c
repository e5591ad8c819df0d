#include "base/line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/interrupt.h"

static struct {
    line_complete_fn *complete;
    void *arg;
    char **candidates, **next;
    char *line;
    bool done;
} editor;

static char *next_candidate(const char *text, int again)
{
    (void)text;
    if (!again)
        editor.next = editor.candidates;
    return *editor.next ? *editor.next++ : NULL;
}

static char **complete(const char *text, int start, int stop)
{
    int append = ' ';

    rl_attempted_completion_over = 1;    /* file names only where the completer says so */
    if (!editor.complete)
        return NULL;
    editor.candidates = editor.complete(rl_line_buffer, start, stop, &append, editor.arg);
    rl_completion_append_character = append;
    if (!append)
        rl_completion_suppress_append = 1;
    if (!editor.candidates)
        return NULL;
    char **matches = rl_completion_matches(text, next_candidate);    /* takes the strings */
    free(editor.candidates);
    return matches;
}

void line_set_completer(line_complete_fn *complete_line, void *arg)
{
    editor.complete = complete_line;
    editor.arg = arg;
}

static void take_line(char *line)
{
    rl_callback_handler_remove();
    editor.line = line;
    editor.done = true;
}

static void set_up(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    rl_readline_name = "autobackup";
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n\"'(){}[],=;";
    rl_completer_quote_characters = "\"'";
    using_history();
}

/* One round: wait for a key or a signal, with signals let in nowhere else, so that none slips between. */
static void step(const sigset_t *while_waiting)
{
    struct pollfd key = {.fd = fileno(rl_instream), .events = POLLIN};

    if (ppoll(&key, 1, NULL, while_waiting) > 0)
        rl_callback_read_char();
    else
        rl_check_signals();
}

static void give_up(void)
{
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_replace_line("", 0);
    rl_crlf();
    rl_callback_handler_remove();
}

int line_read(const char *prompt, char **ret_line)
{
    sigset_t caught, before;

    set_up();
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigaddset(&caught, SIGWINCH);
    interrupt_hold();
    pthread_sigmask(SIG_BLOCK, &caught, &before);
    editor.done = false;
    rl_callback_handler_install(prompt, take_line);
    while (!editor.done && !interrupt_signal())
        step(&before);
    bool interrupted = !editor.done;
    if (interrupted)
        give_up();
    if (interrupt_signal() == SIGINT)
        interrupt_clear();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    interrupt_release();
    if (interrupted)
        return -EINTR;
    *ret_line = editor.line;
    return editor.line ? 1 : 0;
}

static void forget(const char *line)
{
    for (int i = history_length - 1; i >= 0; i--)
        if (strcmp(history_get(history_base + i)->line, line) == 0)
            free_history_entry(remove_history(i));
}

void line_add_history(const char *line)
{
    if (!line[strspn(line, " \t\n")])
        return;
    forget(line);
    add_history(line);
}

int line_read_history(const char *path, struct error *err)
{
    int code = read_history(path);

    using_history();
    return code ? error_set(err, code, "%s", path) : 0;
}

int line_write_history(const char *path, int max, struct error *err)
{
    struct buf text = {0};

    for (int i = history_length > max ? history_length - max : 0; i < history_length; i++)
        buf_printf(&text, "%s\n", history_get(history_base + i)->line);
    int code = file_write(path, 0600, buf_str(&text), text.len, err);
    buf_free(&text);
    return code;
}
