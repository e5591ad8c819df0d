/*
 * A pump: large content on its way from one reader to several sinks, each written by a thread of its own. What is read
 * ahead is bounded, so the slowest sink sets the pace.
 */
#ifndef AUTOBACKUP_COPY_PUMP_H
#define AUTOBACKUP_COPY_PUMP_H

#include "copy/sink.h"

#define PUMP_PIECE (2u << 20)    /* bytes read and written at once */
#define PUMP_SINKS 16            /* at most */

struct pump;

/* Its memory is made when it is first started. */
struct pump *pump_new(void);
void pump_free(struct pump *p);    /* NULL is fine */

/* Start a thread for each sink. 0, or -errno when one cannot be started: then none runs. */
int pump_start(struct pump *p, struct sink *sinks, int count);

/* Memory for the next piece (PUMP_PIECE bytes, aligned): waits until all sinks have let go of it. NULL: all are out. */
char *pump_room(struct pump *p);

/* The piece in that memory is ready. */
void pump_give(struct pump *p, size_t len, uint64_t at);

/* Nobody waits for more: each sink is out, or asked to stop. Does not wait. */
bool pump_is_over(struct pump *p);

/* No more comes: wait until all is written. The sinks say how it went. */
void pump_finish(struct pump *p);

#endif
