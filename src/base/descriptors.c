#include "base/descriptors.h"

#include <pthread.h>
#include <sys/resource.h>

#define ENOUGH 65536

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct rlimit before, now;

static void raise_limit(void)
{
    if (getrlimit(RLIMIT_NOFILE, &before) < 0)
        before = (struct rlimit){.rlim_cur = 256, .rlim_max = 256};
    now = before;
    if (now.rlim_cur < ENOUGH)
        now.rlim_cur = now.rlim_max < ENOUGH ? now.rlim_max : ENOUGH;
    if (now.rlim_cur != before.rlim_cur && setrlimit(RLIMIT_NOFILE, &now) < 0)
        now = before;
}

long descriptors_raise(void)
{
    pthread_once(&once, raise_limit);
    return now.rlim_cur < ENOUGH ? (long)now.rlim_cur : ENOUGH;
}

void descriptors_restore(pid_t child)
{
    pthread_once(&once, raise_limit);
    if (before.rlim_cur != now.rlim_cur)
        (void)prlimit(child, RLIMIT_NOFILE, &before, NULL);
}
