#include "copy/rehearse.h"

#include <errno.h>

#include "base/job.h"
#include "copy/feed.h"
#include "copy/partials.h"

int rehearse_measure(struct work *w, struct plan *plan, struct error *err)
{
    int64_t bytes = 0;
    int code = partials_foresee(w, plan, err);

    if (!code)
        code = space_measure(w, plan, &bytes, err);
    if (code)
        return code;
    struct event *ev = event_new("room");
    event_int(ev, "bytes", bytes);
    event_int(ev, "inodes", w->report.plan.inodes);
    job_emit(w->report.job, ev);
    return 0;
}

int rehearse(struct work *w, struct plan *plan, const struct space *space, struct error *err)
{
    struct error full = {0};
    int code = partials_foresee(w, plan, err);

    if (code)
        return code;
    code = space_check(w, plan, space, &full);
    if (code == -ENOSPC) {
        report_note(&w->report, full.code, full.message);
        error_clear(&full);
        code = 0;
    }
    error_move(err, &full);
    return code ? code : feed_actions(w, plan, err);
}
