#include "copy/committer.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "copy/commit.h"

struct committer {
    struct work *w;
    struct journal *journal;
    pthread_t thread;
};

static void *run(void *arg)
{
    struct committer *c = arg;
    struct work *w = c->w;
    struct commit commit;
    struct items batch;

    commit_init(&commit, w);
    while (stage_take(&w->stage, &batch)) {
        commit_batch(&commit, &batch);
        if (c->journal)
            journal_progress(c->journal, atomic_load(&w->report.tally.files_copied),
                             atomic_load(&w->report.tally.bytes_copied));
        stage_taken(&w->stage);
    }
    commit_free(&commit);
    return NULL;
}

int committer_start(struct work *w, struct journal *journal, struct committer **ret_committer, struct error *err)
{
    struct committer *c = mem_zalloc(sizeof *c);

    *c = (struct committer){.w = w, .journal = journal};
    int code = pthread_create(&c->thread, NULL, run, c);
    if (code) {
        free(c);
        return error_set(err, code, "cannot start a thread");
    }
    *ret_committer = c;
    return 0;
}

void committer_stop(struct committer *c)
{
    if (!c)
        return;
    stage_close(&c->w->stage);
    pthread_join(c->thread, NULL);
    free(c);
}
