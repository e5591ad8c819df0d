/*
 * SIGINT, SIGTERM and SIGHUP: caught once for the whole program, remembered as a flag.
 *
 * Engine threads block all signals, so the handler always runs on the main thread.
 */
#ifndef AUTOBACKUP_BASE_INTERRUPT_H
#define AUTOBACKUP_BASE_INTERRUPT_H

/*
 * Catch the three signals (one that is ignored from the start, as under nohup, stays ignored) and ignore SIGPIPE.
 * wake: called from the handler unless held, so it may only do what a signal handler may; NULL for none.
 * A second SIGINT within two seconds of one that nobody has cleared kills the program as it would by default.
 */
void interrupt_catch(void (*wake)(void));

/* The number of the last signal caught, or 0 when there was none since interrupt_clear. Any thread. */
int interrupt_signal(void);

/* Call `wake` again if a signal is remembered: for one whose effect was lost on the way. Main thread. */
void interrupt_again(void);

/* Forget the signal. */
void interrupt_clear(void);

/* What is done right before such a second SIGINT kills, in its handler, in this order; NULL for nothing. */
enum interrupt_who { INTERRUPT_SCREEN, INTERRUPT_TYPING, INTERRUPT_LAST };
void interrupt_at_death(enum interrupt_who who, void (*last)(void));

/*
 * Between hold and release signals are only remembered; release calls `wake` if one is remembered then.
 * For a wait that wants to look at the flag itself. Does not nest.
 */
void interrupt_hold(void);
void interrupt_release(void);

#endif
