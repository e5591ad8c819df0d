#include "base/line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/buf.h"
#include "base/interrupt.h"
#include "base/typing.h"

static struct {
    struct line_help help;
    char **candidates, **next;
    char *line;
    bool done;
    bool has_lines;    /* the terminal shows a text of several lines */
} editor;

/* ---- completion ---- */

static char *next_candidate(const char *text, int again)
{
    (void)text;
    if (!again)
        editor.next = editor.candidates;
    return *editor.next ? *editor.next++ : NULL;
}

/* Candidates that do not begin alike must not take away what was typed. */
static void keep_typed(char **matches, const char *text)
{
    if (matches && matches[1] && strncmp(matches[0], text, strlen(text)) != 0) {
        free(matches[0]);
        matches[0] = mem_strdup(text);
    }
}

static char **complete(const char *text, int start, int stop)
{
    int append = ' ';

    rl_attempted_completion_over = 1;    /* file names only where the completer says so */
    if (!editor.help.complete)
        return NULL;
    editor.candidates = editor.help.complete(rl_line_buffer, start, stop, &append, editor.help.arg);
    rl_completion_append_character = append;
    if (!append)
        rl_completion_suppress_append = 1;
    if (!editor.candidates)
        return NULL;
    char **matches = rl_completion_matches(text, next_candidate);    /* takes the strings */
    free(editor.candidates);
    keep_typed(matches, text);
    return matches;
}

/* ---- texts of several lines ---- */

/* How many bytes a text takes on the screen, whose further lines begin with the continuation. */
static int shown_length(const char *text, int len, const char *continuation)
{
    int more = (int)strlen(continuation), shown = len;

    for (int i = 0; i < len; i++)
        shown += text[i] == '\n' ? more : 0;
    return shown;
}

static char *with_continuations(const char *text, const char *continuation)
{
    struct buf shown = {0};

    for (; *text; text++) {
        buf_add_byte(&shown, (unsigned char)*text);
        if (*text == '\n')
            buf_add_str(&shown, continuation);
    }
    return buf_take(&shown);
}

/* readline draws line feeds as such, but nothing before a further line: it is shown a text that has more in it. */
static void redisplay(void)
{
    const char *continuation = editor.help.continuation;
    char *text = rl_line_buffer;
    int point = rl_point, end = rl_end, mark = rl_mark;

    if (!editor.has_lines || !continuation || !memchr(text, '\n', (size_t)end)) {
        rl_redisplay();
        return;
    }
    char *shown = with_continuations(text, continuation);
    rl_line_buffer = shown;
    rl_point = shown_length(text, point, continuation);
    rl_mark = shown_length(text, mark < end ? mark : end, continuation);
    rl_end = (int)strlen(shown);
    rl_redisplay();
    rl_line_buffer = text;
    rl_point = point;
    rl_mark = mark;
    rl_end = end;
    free(shown);
}

/* Enter: the text is taken when it is whole, else a further line begins. */
static int take_or_go_on(int count, int key)
{
    if (!editor.has_lines || !editor.help.is_whole || editor.help.is_whole(rl_line_buffer, editor.help.arg))
        return rl_newline(count, key);
    rl_insert_text("\n");
    return 0;
}

static int line_start(int at)
{
    while (at > 0 && rl_line_buffer[at - 1] != '\n')
        at--;
    return at;
}

static int line_end(int at)
{
    while (at < rl_end && rl_line_buffer[at] != '\n')
        at++;
    return at;
}

static bool is_inside_character(int at) { return (rl_line_buffer[at] & 0xC0) == 0x80; }

static int characters(int from, int to)
{
    int count = 0;

    for (; from < to; from++)
        count += !is_inside_character(from);
    return count;
}

/* The place in the line that begins at `start` which as many characters stand before as at the cursor. */
static int same_column(int start)
{
    int column = characters(line_start(rl_point), rl_point), at = start, end = line_end(start);

    while (at < end && column > 0) {
        at++;
        while (at < end && is_inside_character(at))
            at++;
        column--;
    }
    return at;
}

/* The arrows move in a text of several lines first; at its first and last line they go through the history. */
static int go_up(int count, int key)
{
    int start = line_start(rl_point);

    if (start == 0)
        return rl_get_previous_history(count, key);
    rl_point = same_column(line_start(start - 1));
    return 0;
}

static int go_down(int count, int key)
{
    int end = line_end(rl_point);

    if (end == rl_end)
        return rl_get_next_history(count, key);
    rl_point = same_column(end + 1);
    return 0;
}

static int go_to_start(int count, int key)
{
    (void)count;
    (void)key;
    rl_point = line_start(rl_point);
    return 0;
}

static int go_to_end(int count, int key)
{
    (void)count;
    (void)key;
    rl_point = line_end(rl_point);
    return 0;
}

/* ---- keys ---- */

/* What ~/.inputrc binds stays bound. */
static void replace_key(const char *keys, Keymap map, rl_command_func_t *old, rl_command_func_t *new)
{
    int type = ISFUNC;

    if (keys && rl_function_of_keyseq(keys, map, &type) == old && type == ISFUNC)
        rl_bind_keyseq_in_map(keys, new, map);
}

static void set_up_keys(const char *keymap)
{
    static const char *const starts[] = {"\001", "\033[H", "\033OH", "\033[1~"};
    static const char *const ends[] = {"\005", "\033[F", "\033OF", "\033[4~"};
    Keymap map = rl_get_keymap_by_name(keymap);

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        replace_key(starts[i], map, rl_beg_of_line, go_to_start);
        replace_key(ends[i], map, rl_end_of_line, go_to_end);
    }

    replace_key("\r", map, rl_newline, take_or_go_on);
    replace_key("\n", map, rl_newline, take_or_go_on);
    replace_key("\033[A", map, rl_get_previous_history, go_up);
    replace_key("\033OA", map, rl_get_previous_history, go_up);
    replace_key("\033[B", map, rl_get_next_history, go_down);
    replace_key("\033OB", map, rl_get_next_history, go_down);
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
    rl_add_defun("autobackup-take-or-go-on", take_or_go_on, -1);
    rl_add_defun("autobackup-go-up", go_up, -1);
    rl_add_defun("autobackup-go-down", go_down, -1);
    rl_initialize();    /* reads ~/.inputrc; and with another redisplay would not ask what the terminal can do */
    rl_redisplay_function = redisplay;
    set_up_keys("emacs-standard");
    set_up_keys("vi-insert");
    using_history();
}

static bool can_show_lines(void)
{
    const char *scrolls = rl_variable_value("horizontal-scroll-mode");
    return rl_get_termcap("up") && !(scrolls && strcmp(scrolls, "on") == 0);
}

/* ---- reading ---- */

/* One round: wait for a key or a signal, with signals let in nowhere else, so that none slips between. */
static void step(const sigset_t *while_waiting)
{
    struct pollfd key = {.fd = fileno(rl_instream), .events = POLLIN};

    if (ppoll(&key, 1, NULL, while_waiting) > 0)
        rl_callback_read_char();
    else
        rl_check_signals();
}

/* What was typed stays on the screen; the next prompt stands below all of it. */
static void give_up(void)
{
    rl_point = rl_end;
    redisplay();
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_replace_line("", 0);
    rl_crlf();
    rl_callback_handler_remove();
}

int line_read(const char *prompt, const struct line_help *help, char **ret_line)
{
    sigset_t caught, before;

    bool was_hidden = typing_show();    /* readline shows what it reads only where the terminal does */
    set_up();
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigaddset(&caught, SIGWINCH);
    interrupt_hold();
    pthread_sigmask(SIG_BLOCK, &caught, &before);
    editor.done = false;
    editor.help = *help;
    editor.has_lines = can_show_lines();
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
    if (was_hidden)
        typing_hide();
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

void line_clear_history(void) { clear_history(); }

void line_push_history(const char *line)
{
    if (line[strspn(line, " \t\n")])
        add_history(line);
}

void line_add_history(const char *line)
{
    forget(line);
    line_push_history(line);
}
