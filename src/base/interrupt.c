#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define TWICE_WITHIN (2 * NSEC_PER_SEC)

static atomic_int caught;
static atomic_int held;
static _Atomic int64_t caught_at;
static void (*wake_up)(void);
static void (*_Atomic last_acts[INTERRUPT_LAST])(void);

/* The user insists: die of the signal as if it had never been caught, once the handler returns. */
static void give_up(int signum)
{
    for (int i = 0; i < INTERRUPT_LAST; i++) {
        void (*last)(void) = atomic_load(&last_acts[i]);
        if (last)
            last();
    }
    signal(signum, SIG_DFL);
    raise(signum);
}

static void handler(int signum)
{
    int saved = errno;
    int64_t now = clock_monotonic();

    /* Not while another program has the terminal: there the keys are meant for that one. */
    bool again = atomic_load(&caught) == SIGINT && now - atomic_load(&caught_at) < TWICE_WITHIN;

    if (signum == SIGINT && again && !atomic_load(&held))
        give_up(signum);
    atomic_store(&caught_at, now);
    atomic_store(&caught, signum);
    if (!atomic_load(&held) && wake_up)
        wake_up();
    errno = saved;
}

static void catch_one(int signum)
{
    struct sigaction old, new = {.sa_handler = handler};

    sigemptyset(&new.sa_mask);
    if (sigaction(signum, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(signum, &new, NULL);
}

void interrupt_catch(void (*wake)(void))
{
    wake_up = wake;
    catch_one(SIGINT);
    catch_one(SIGTERM);
    catch_one(SIGHUP);
    signal(SIGPIPE, SIG_IGN);
}

int interrupt_signal(void) { return atomic_load(&caught); }
void interrupt_clear(void) { atomic_store(&caught, 0); }
void interrupt_at_death(enum interrupt_who who, void (*last)(void)) { atomic_store(&last_acts[who], last); }
void interrupt_hold(void) { atomic_store(&held, 1); }

void interrupt_again(void)
{
    if (interrupt_signal() && wake_up)
        wake_up();
}

void interrupt_release(void)
{
    atomic_store(&held, 0);
    interrupt_again();
}
