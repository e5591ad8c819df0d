#include "base/screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/interrupt.h"

#define ESCAPE_WAIT 100    /* ms after which an Esc is the key: what a key sends comes in one piece, also over ssh */

enum { AT_STOP, AT_RESIZE };    /* the first of these; all others are deadly */
static const int signals[] = {SIGTSTP, SIGWINCH, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#define SIGNALS (sizeof signals / sizeof *signals)

/* Sent by a signal handler, which may only write bytes that are ready. */
struct bytes {
    char data[256];
    size_t len;
};

static struct {
    SCREEN *screen;           /* NULL: none is open */
    WINDOW *input;            /* a pad: reading from it never draws */
    TERMINAL *editors;        /* the line editor's terminal */
    int line, column;         /* where the next text goes */
    unsigned style;
    struct sigaction before[SIGNALS];
} now;

static struct termios theirs, ours;
static struct bytes take_it, give_it_back;
static volatile sig_atomic_t is_taken, is_drawing, wants_stop, is_resized;

/* ---- taking the terminal and giving it back: all of it may run in a signal handler ---- */

static void send_bytes(const struct bytes *b)
{
    ssize_t written = write(STDOUT_FILENO, b->data, b->len);
    (void)written;    /* a terminal that takes nothing any more needs nothing */
}

static void give_back(void)
{
    if (!is_taken)
        return;
    is_taken = 0;
    send_bytes(&give_it_back);
    tcsetattr(STDIN_FILENO, TCSANOW, &theirs);
}

static void take(void)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &ours);
    send_bytes(&take_it);
    is_taken = is_resized = 1;
}

/* Stop as a program does that does not catch the signal; goes on from here when it is continued. */
static void stop(void)
{
    struct sigaction caught, plain = {.sa_handler = SIG_DFL};
    sigset_t this, before;

    wants_stop = 0;
    give_back();
    sigaction(SIGTSTP, &plain, &caught);
    raise(SIGTSTP);
    sigemptyset(&this);
    sigaddset(&this, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &this, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &caught, NULL);
    take();
}

static void on_stop(int signum)
{
    int saved = errno;

    (void)signum;
    if (is_drawing)
        wants_stop = 1;
    else
        stop();
    errno = saved;
}

static void on_resize(int signum)
{
    (void)signum;
    is_resized = 1;
}

static void on_death(int signum)
{
    give_back();
    signal(signum, SIG_DFL);
    raise(signum);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        action.sa_handler = i == AT_STOP ? on_stop : i == AT_RESIZE ? on_resize : on_death;
        sigaction(signals[i], &action, NULL);
    }
    interrupt_at_death(INTERRUPT_SCREEN, give_back);
}

static void release_signals(void)
{
    interrupt_at_death(INTERRUPT_SCREEN, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &now.before[i], NULL);
}

/* ---- opening and closing ---- */

static struct bytes *collecting;

static int collect(int c)
{
    if (collecting->len < sizeof collecting->data)
        collecting->data[collecting->len++] = (char)c;
    return c;
}

static void add_capability(struct bytes *b, const char *name)
{
    char *text = tigetstr(name);

    collecting = b;
    if (text && text != (char *)-1)
        tputs(text, 1, collect);
}

static void learn_capabilities(void)
{
    take_it.len = give_it_back.len = 0;
    add_capability(&take_it, "smcup");
    add_capability(&take_it, "smkx");
    add_capability(&take_it, "civis");
    add_capability(&give_it_back, "sgr0");
    add_capability(&give_it_back, "rmkx");
    add_capability(&give_it_back, "cnorm");
    add_capability(&give_it_back, "rmcup");
}

/* The line editor has a terminal description of its own, which stays the current one outside the screen. */
static bool can_place_cursor(void)
{
    TERMINAL *before = set_curterm(NULL);
    int found = 0;

    bool can = setupterm(NULL, STDOUT_FILENO, &found) == OK && tigetstr("cup");
    TERMINAL *ours_only = set_curterm(before);
    if (ours_only)
        del_curterm(ours_only);
    return can;
}

static int check_terminal(struct error *err)
{
    const char *name = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_say(err, "ETERMINAL", ENOTTY, "a full screen needs a terminal for input and output");
    if (!name || !*name || !can_place_cursor())
        return error_say(err, "ETERMINAL", EINVAL, "a full screen needs a real terminal: TERM is '%s'",
                         name ? name : "");
    return 0;
}

/* What terminals send that do not follow smkx, or differ from their terminfo: it must not be taken for an Esc. */
static void define_keys(void)
{
    static const struct {
        const char *bytes;
        int code;
    } more[] = {
        {"\033[A", KEY_UP}, {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT}, {"\033[D", KEY_LEFT}, {"\033[H", KEY_HOME},
        {"\033[F", KEY_END}, {"\033OA", KEY_UP}, {"\033OB", KEY_DOWN}, {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT},
        {"\033OH", KEY_HOME}, {"\033OF", KEY_END}, {"\033[1~", KEY_HOME}, {"\033[4~", KEY_END},
        {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
    };

    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        define_key(more[i].bytes, more[i].code);
}

static void set_modes(void)
{
    cbreak();
    noecho();
    nonl();
    if (has_colors() && start_color() == OK && use_default_colors() == OK)
        for (short c = 0; c < 8; c++)
            init_pair((short)(c + 1), c, -1);
    now.input = newpad(1, 1);
    keypad(now.input, TRUE);
    nodelay(now.input, TRUE);
    define_keys();
}

int screen_open(struct error *err)
{
    static bool at_exit;

    if (now.screen)
        return error_say(err, "EBUSY", EBUSY, "the screen is in use");
    int code = check_terminal(err);
    if (code)
        return code;
    fflush(stdout);
    tcgetattr(STDIN_FILENO, &theirs);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], NULL, &now.before[i]);
    set_escdelay(ESCAPE_WAIT);
    now.editors = set_curterm(NULL);
    now.screen = newterm(NULL, stdout, stdin);
    if (!now.screen) {
        set_curterm(now.editors);
        return error_say(err, "ETERMINAL", EINVAL, "the terminal cannot show a full screen");
    }
    if (!at_exit)
        atexit(give_back);
    at_exit = true;
    learn_capabilities();
    set_modes();
    refresh();    /* takes the terminal: its modes are ours from here on */
    tcgetattr(STDIN_FILENO, &ours);
    is_taken = 1;
    catch_signals();
    return 0;
}

void screen_close(void)
{
    if (!now.screen)
        return;
    screen_leave();
    delwin(now.input);
    delscreen(now.screen);
    set_curterm(now.editors);
    now.screen = NULL;
}

void screen_leave(void)
{
    if (!is_taken)
        return;
    is_drawing = 1;
    endwin();
    is_taken = is_drawing = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &theirs);
    release_signals();
}

void screen_enter(void)
{
    if (!now.screen || is_taken)
        return;
    catch_signals();
    is_drawing = 1;
    clearok(curscr, TRUE);
    refresh();
    is_drawing = 0;
    is_taken = is_resized = 1;
}

/* ---- drawing ---- */

void screen_size(int *ret_columns, int *ret_lines) { getmaxyx(stdscr, *ret_lines, *ret_columns); }

static attr_t attributes(unsigned style)
{
    attr_t a = A_NORMAL;

    a |= style & SCREEN_BOLD ? A_BOLD : 0;
    a |= style & SCREEN_DIM ? A_DIM : 0;
    a |= style & SCREEN_REVERSE ? A_REVERSE : 0;
    a |= style & SCREEN_UNDERLINE ? A_UNDERLINE : 0;
    if (style & SCREEN_COLORED && has_colors())
        a |= (attr_t)COLOR_PAIR((style >> 8 & 7) + 1);
    return a;
}

void screen_begin(int line)
{
    now.line = line;
    now.column = 0;
    now.style = 0;
}

/* The next character and its columns; what cannot be shown is a question mark. Returns the bytes it took. */
static size_t next_character(const char *text, size_t len, wchar_t *ret_wide, int *ret_columns)
{
    mbstate_t state = {0};
    size_t used = mbrtowc(ret_wide, text, len, &state);

    if (used == 0 || used > len) {
        *ret_wide = L'?';
        used = 1;
    }
    *ret_columns = wcwidth(*ret_wide);
    if (*ret_columns < 0) {
        *ret_wide = L'?';
        *ret_columns = 1;
    }
    return used;
}

void screen_text(const char *text, size_t len, unsigned style)
{
    int width, height, taken;
    wchar_t wide[2] = {0};

    screen_size(&width, &height);
    now.style = style;
    attrset(attributes(style));
    if (now.line >= height || move(now.line, now.column) == ERR)
        return;
    while (len) {
        size_t used = next_character(text, len, wide, &taken);
        if (now.column + taken > width)
            break;
        addnwstr(wide, 1);
        now.column += taken;
        text += used;
        len -= used;
    }
}

void screen_end(void)
{
    int width, height;

    screen_size(&width, &height);
    if (now.line < height && now.column < width && move(now.line, now.column) == OK) {
        bkgdset(attributes(now.style) | ' ');
        clrtoeol();
        bkgdset(A_NORMAL | ' ');
    }
    attrset(A_NORMAL);
}

void screen_redraw(void) { clearok(curscr, TRUE); }

void screen_show(int line, int column)
{
    is_drawing = 1;
    curs_set(line >= 0);
    move(line < 0 ? 0 : line, line < 0 ? 0 : column);
    refresh();
    is_drawing = 0;
    if (wants_stop)
        stop();
}

/* ---- keys ---- */

static const struct {
    int code;
    const char *name;
} named[] = {
    {KEY_UP, "up"}, {KEY_DOWN, "down"}, {KEY_LEFT, "left"}, {KEY_RIGHT, "right"}, {KEY_PPAGE, "pageup"},
    {KEY_NPAGE, "pagedown"}, {KEY_HOME, "home"}, {KEY_END, "end"}, {KEY_ENTER, "enter"}, {KEY_BTAB, "backtab"},
    {KEY_BACKSPACE, "backspace"}, {KEY_DC, "delete"}, {KEY_RESIZE, "resize"},
};

static void name_code(int code, char key[SCREEN_KEY])
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (named[i].code == code) {
            snprintf(key, SCREEN_KEY, "%s", named[i].name);
            return;
        }
    if (code >= KEY_F(1) && code <= KEY_F(24))
        snprintf(key, SCREEN_KEY, "f%d", code - KEY_F0);
    else
        snprintf(key, SCREEN_KEY, "other");
}

static void name_character(wint_t c, char key[SCREEN_KEY])
{
    mbstate_t state = {0};

    if (c == '\r' || c == '\n')
        snprintf(key, SCREEN_KEY, "enter");
    else if (c == '\t')
        snprintf(key, SCREEN_KEY, "tab");
    else if (c == 27)
        snprintf(key, SCREEN_KEY, "escape");
    else if (c == 127 || c == 8)
        snprintf(key, SCREEN_KEY, "backspace");
    else if (c < 32)
        snprintf(key, SCREEN_KEY, "C-%c", (int)c ? (int)c + (c < 27 ? 'a' - 1 : '@') : ' ');
    else {
        size_t len = wcrtomb(key, (wchar_t)c, &state);
        key[len == (size_t)-1 ? 0 : len] = 0;
    }
}

static bool take_key(char key[SCREEN_KEY])
{
    wint_t c;
    int kind = wget_wch(now.input, &c);

    if (kind == ERR)
        return false;
    if (kind == KEY_CODE_YES)
        name_code((int)c, key);
    else
        name_character(c, key);
    return *key;
}

static void fit(void)
{
    struct winsize size;

    is_resized = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resize_term(size.ws_row, size.ws_col);
    screen_redraw();
}

/* Wait for input or a signal. 0, or -EPIPE when there will be no input any more. */
static int wait_input(int64_t timeout, const sigset_t *while_waiting)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    struct timespec left = clock_split(timeout > 0 ? timeout : 0);
    int waiting = 0;

    if (ppoll(&input, 1, timeout < 0 ? NULL : &left, while_waiting) <= 0)
        return 0;
    bool any = ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
    return any ? 0 : -EPIPE;
}

static int next_key(int64_t timeout, char key[SCREEN_KEY], const sigset_t *while_waiting)
{
    int64_t end = clock_monotonic() + timeout;

    for (int code = 0;;) {
        if (interrupt_signal())
            return -EINTR;
        if (is_resized) {
            fit();
            snprintf(key, SCREEN_KEY, "resize");
            return 1;
        }
        if (take_key(key))
            return 1;
        int64_t left = timeout < 0 ? -1 : end - clock_monotonic();
        if (code || (timeout >= 0 && left < 0))
            return code;
        code = wait_input(left, while_waiting);
    }
}

int screen_key(int64_t timeout, char ret_key[SCREEN_KEY])
{
    static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};
    sigset_t caught, before;

    sigemptyset(&caught);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        sigaddset(&caught, held[i]);
    interrupt_hold();
    pthread_sigmask(SIG_BLOCK, &caught, &before);
    int code = next_key(timeout, ret_key, &before);
    if (code == -EINTR && interrupt_signal() == SIGINT) {
        interrupt_clear();
        snprintf(ret_key, SCREEN_KEY, "C-c");
        code = 1;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    interrupt_release();
    return code;
}
