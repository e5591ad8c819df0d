/*
 * What became of standard output: a result that did not reach its file is a failure, whoever ends the program.
 */
#ifndef AUTOBACKUP_BASE_OUTPUT_H
#define AUTOBACKUP_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether standard output is lent to programs or a file of the user's (outlet.h). */
void output_lend(bool is_lent);

/*
 * Write all the bytes to standard output, past stdio. While it is lent a signal ends the waiting for a program that reads
 * nothing, as a pager does: -EINTR, and nobody's failure. 0 or -errno.
 */
int output_write(const void *bytes, size_t len);

/* A write to standard output that bypassed stdio failed with this errno. */
void output_failed(int errnum);

/* Forget what could not be written, and that it could not: standard output was lent to somebody else meanwhile. */
void output_forget(void);

/*
 * Write out what stdio holds, and return the program's exit status: `status`, or when it is 0 and bytes were lost,
 * 1, said once on standard error; 128 + SIGPIPE, quietly, where the reader has gone (`| head` has seen enough).
 */
int output_status(int status);

#endif
