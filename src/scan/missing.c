#include "scan/missing.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

#define LOST_AT_LEAST 5

static bool below_unread(const struct missing *m, const struct roster_replica *r)
{
    for (size_t i = 0; i < m->levels->unread_count; i++) {
        const struct level_unread *u = &m->levels->unread[i];
        if (u->category == r->category && (!u->client || strcmp(u->client, r->client) == 0) &&
            (!u->project || strcmp(u->project, r->project) == 0))
            return true;
    }
    return false;
}

enum { FOUND = 1, LOOKED_FOR = 2 };

static void mark(const struct missing *m, char *marks, int64_t category, const char *client, const char *project, char bit)
{
    const struct roster_replica *r = roster_find(m->roster, category, client, project);
    if (r)
        marks[r - m->roster->replicas] |= bit;
}

char *missing_mark(const struct missing *m)
{
    const struct load_request *q = m->request;
    char *marks = mem_zalloc(m->roster->replica_count + 1);

    if (!q->only_count)
        memset(marks, LOOKED_FOR, m->roster->replica_count);
    for (size_t i = 0; i < q->only_count; i++)
        mark(m, marks, q->only[i].category, q->only[i].client, q->only[i].project, LOOKED_FOR);
    for (size_t i = 0; i < m->levels->replica_count; i++) {
        const struct level_replica *v = &m->levels->replicas[i];
        mark(m, marks, v->category->id, v->client, v->project, FOUND);
    }
    return marks;
}

bool missing_is_gone(const struct missing *m, const char *marks, size_t at)
{
    return marks[at] == LOOKED_FOR && !below_unread(m, &m->roster->replicas[at]);
}

/* A disk that lost most of what it had was more likely emptied or replaced than worked on. */
int missing_check(const struct missing *m, const char *marks, struct error *err)
{
    size_t gone = 0;

    for (size_t i = 0; i < m->roster->replica_count; i++)
        gone += missing_is_gone(m, marks, i);
    if (m->request->only_count || gone < LOST_AT_LEAST || gone * 2 <= m->roster->replica_count)
        return 0;
    return error_say(err, "ECONFIRM", ECANCELED,
                     "%zu of the %zu project folders known in %s are gone; if that is right, load it again with --yes",
                     gone, m->roster->replica_count, m->roster->name);
}
