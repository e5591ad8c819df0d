/*
 * What became of standard output: a result that did not reach its file is a failure, whoever ends the program.
 */
#ifndef AUTOBACKUP_BASE_OUTPUT_H
#define AUTOBACKUP_BASE_OUTPUT_H

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
