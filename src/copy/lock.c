#include "copy/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/ours.h"
#include "base/path.h"
#include "copy/beat.h"
#include "copy/writable.h"
#include "index/identity.h"

#define POLL (50 * NSEC_PER_MSEC)    /* how long a wait may keep others from running */
#define LOOK NSEC_PER_SEC            /* at a holder that is watched */

static int add_advice(struct error *err)
{
    struct error busy = {0};

    error_move(&busy, err);
    int code = error_say(err, busy.code, EBUSY, "%s; wait for it with --lock-wait", busy.message);
    error_clear(&busy);
    return code;
}

static int explain(int code, const char *database, struct error *err)
{
    return code == -EBUSY && err && err->message ? add_advice(err) : writable_explain(code, database, err);
}

/* ---- waiting ---- */

struct taking {
    int dir;                       /* OUR_FOLDER */
    const char *database, *text;
    int64_t until;                 /* monotonic */
    const atomic_bool *cancel;
    struct lock_ear ear;
    struct holder me;
    bool refused;                  /* the disk takes no holder's file of ours */
};

static void tell_report(void *arg, const char *code, const char *text) { report_note(arg, code, text); }

struct lock_ear lock_report(struct report *report) { return (struct lock_ear){.tell = tell_report, .arg = report}; }

static void tell(const struct taking *t, const char *code, const char *fmt, const char *who, int64_t seconds)
{
    struct buf text = {0};

    buf_printf(&text, fmt, who, (long long)seconds);
    if (t->ear.tell)
        t->ear.tell(t->ear.arg, code, buf_str(&text));
    buf_free(&text);
}

/* A moment. 0, or -errno with err when the wait shall end. */
static int pause_a_moment(const struct taking *t, struct error *err)
{
    const struct timespec moment = clock_split(POLL);

    if (t->cancel && atomic_load(t->cancel))
        return error_say(err, "ECANCELED", ECANCELED, "cancelled while waiting for %s", t->database);
    if (t->ear.is_over && t->ear.is_over(t->ear.arg))
        return error_say(err, "EINTR", EINTR, "interrupted while waiting for %s", t->database);
    nanosleep(&moment, NULL);
    return 0;
}

static bool is_late(const struct taking *t) { return clock_monotonic() >= t->until; }

static int take_file(const struct taking *t, struct error *err)
{
    int fd, code;

    while ((fd = lock_file(t->dir, "lock", t->database, t->text, 0, t->cancel, err)) == -EBUSY && !is_late(t))
        if ((code = pause_a_moment(t, err)))
            return code;
    if (fd >= 0)
        error_clear(err);    /* of a round that found it busy */
    return fd;
}

/* ---- a holder that may be elsewhere ---- */

/*
 * Look at the holder until it has not moved for so long: 0. -EAGAIN when it went away, -EBUSY when it moves and we are late,
 * -errno when nothing is seen any more, or an end of the wait. *look: what it was first and last. A look that fails says
 * nothing of the holder: only two that saw the same, so far apart, do.
 */
static int watch(const struct taking *t, struct holder_look *look, struct error *err)
{
    struct holder_look seen;
    bool moved = false;
    int64_t since = clock_monotonic(), looked_at = since;
    int code;

    while (!(code = pause_a_moment(t, err))) {
        int64_t now = clock_monotonic();
        if (now - looked_at < LOOK)
            continue;
        looked_at = now;
        code = holder_look(t->dir, &seen);
        if (code == -ENOENT)
            return -EAGAIN;
        if (!code && seen.print != look->print) {
            moved = true;
            since = now;
            *look = seen;
        }
        if (moved && is_late(t))
            return -EBUSY;
        if (!code && now - since >= BEAT_SILENCE)
            return 0;
        if (code && is_late(t) && now - since >= BEAT_SILENCE + BEAT_SETTLE)
            return code;
    }
    return code;
}

static int settle(const struct taking *t, struct error *err)
{
    int64_t until = clock_monotonic() + BEAT_SETTLE;
    struct holder_look look;
    int code = 0;

    while (!code && clock_monotonic() < until)
        code = pause_a_moment(t, err);
    if (!code)
        code = holder_look(t->dir, &look);
    if (!code && look.readable && strcmp(look.holder.token, t->me.token) == 0)
        return 0;
    if (!code || code == -ENOENT)
        return -EAGAIN;
    holder_remove(t->dir, &t->me);
    return code;
}

static int put_ours(struct taking *t, const struct holder_look *old)
{
    int code = old ? holder_replace(t->dir, &t->me, old) : holder_create(t->dir, &t->me);

    t->refused = code && code != -EEXIST && code != -EAGAIN;
    return code;
}

static int take_over(struct taking *t, struct holder_look *look, struct error *err)
{
    char *who = holder_describe(look);

    tell(t, "EHOLDER", "it is locked by %s: waiting up to %lld s to see whether that one is still at work", who,
         (BEAT_SILENCE + BEAT_SETTLE) / NSEC_PER_SEC);
    int code = watch(t, look, err);
    if (code == -EBUSY) {
        char *last = holder_describe(look);
        error_say(err, "EBUSY", EBUSY, "%s is busy: %s", t->database, last);
        free(last);
    }
    if (!code)
        code = put_ours(t, look);
    if (!code)
        code = settle(t, err);
    if (!code)
        tell(t, "EHOLDER", "the lock of %s was taken over: nothing of it moved for %lld s", who, BEAT_SILENCE / NSEC_PER_SEC);
    free(who);
    return code;
}

/* The holder's file is there. 0 once it is ours, -EAGAIN to try again, or -errno. */
static int contend(struct taking *t, struct error *err)
{
    struct holder_look look;
    int code = holder_look(t->dir, &look);

    if (code)
        return code == -ENOENT ? -EAGAIN : code;
    return holder_is_dead(&look) ? put_ours(t, &look) : take_over(t, &look, err);
}

/* As contend, from the beginning. A disk may refuse a file whether one is there or not. */
static int try_once(struct taking *t, struct error *err)
{
    struct holder_look look;
    int code = put_ours(t, NULL);

    if (!code || (t->refused && holder_look(t->dir, &look) == -ENOENT))
        return code;
    t->refused = false;
    return contend(t, err);
}

static bool is_end(int code) { return code == -EBUSY || code == -ECANCELED || code == -EINTR; }

static int say_unknown(const struct taking *t, int code, struct error *err)
{
    return error_say(err, error_name(-code), -code, "whether another workstation is at work on %s cannot be told, because "
                     OUR_FOLDER "/" HOLDER " there cannot be read (%s): nothing was written; run it again", t->database,
                     strerror(-code));
}

/* A disk that takes no file of ours is written to all the same, as it always was: prune must be able to make room. */
static int hold(struct taking *t, int root, int lock, struct error *err)
{
    int code;

    holder_init(&t->me, t->text);
    while ((code = try_once(t, err)) == -EAGAIN && !(code = pause_a_moment(t, err)))
        ;
    if (t->refused) {
        tell(t, "EHOLDER", OUR_FOLDER "/" HOLDER " cannot be written (%s), so another workstation may not see that this one is at "
             "work: where it stays so, remove that file by hand", strerror(-code), 0);
        return 0;
    }
    if (code)
        return is_end(code) ? code : say_unknown(t, code, err);
    code = beat_start(root, lock, &t->me, t->database);
    if (code) {
        holder_remove(t->dir, &t->me);
        error_set(err, -code, "lock of %s", t->database);
    }
    return code;
}

/* ---- taking ---- */

static int take(struct taking *t, int root, struct error *err)
{
    int fd = take_file(t, err);

    if (fd < 0)
        return fd;
    ours_share(root, fd);
    ours_mend(root);
    int code = hold(t, root, fd, err);
    if (!code)
        return fd;
    lock_release(fd);
    return code;
}

int lock_take(int root, const char *database, const char *text, int64_t wait, const atomic_bool *cancel,
              const struct lock_ear *ear, struct error *err)
{
    struct taking t = {.dir = ours_make_dirs(root, OUR_FOLDER, NULL), .database = database, .text = text,
                       .until = clock_monotonic() + wait, .cancel = cancel, .ear = ear ? *ear : (struct lock_ear){0}};

    if (t.dir < 0) {
        error_set(err, -t.dir, "lock of %s", database);
        return explain(t.dir, database, err);
    }
    int fd = take(&t, root, err);
    close(t.dir);
    return fd < 0 ? explain(fd, database, err) : fd;
}

int lock_open(const char *root, const char *identity, const char *database, const char *text, int64_t wait,
              const struct lock_ear *ear, struct error *err)
{
    int fd = identity_open(root, identity, err);
    if (fd < 0)
        return fd;
    int lock = lock_take(fd, database, text, wait, NULL, ear, err);
    close(fd);
    return lock;
}

void lock_give_back(int lock)
{
    if (lock < 0)
        return;
    if (beat_stop(lock))
        lock_release(lock);
    else
        close(lock);    /* its text is the other's */
}
