#include "base/typing.h"

#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/interrupt.h"

static struct termios before;
static volatile sig_atomic_t hidden;

/* In the background it would stop the program. */
static bool is_foreground(void) { return tcgetpgrp(STDIN_FILENO) == getpgrp(); }

/* Also in a signal handler. */
static void give_back(void)
{
    if (hidden)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    hidden = 0;
}

void typing_hide(void)
{
    static bool registered;

    if (hidden || !is_foreground() || tcgetattr(STDIN_FILENO, &before) < 0)
        return;
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (!registered)
        atexit(give_back);
    registered = true;
    interrupt_at_death(INTERRUPT_TYPING, give_back);
    hidden = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
}

bool typing_show(void)
{
    bool was = hidden;

    give_back();
    return was;
}
