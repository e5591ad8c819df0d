#include "verify/choice.h"

#include "base/sum.h"

/* Part of an age of which `room` bytes are read. */
static int64_t part_of(const struct age *age, int64_t room)
{
    return age->bytes ? (int64_t)((double)age->files * (double)room / (double)age->bytes) : age->files;
}

void choice_make(struct choice *c, const struct ages *ages, int64_t before, int64_t max_bytes)
{
    int64_t left = max_bytes < 0 ? INT64_MAX : max_bytes;

    *c = (struct choice){.before = before, .last_minute = -1, .room = left};
    for (size_t i = 0; i < ages->count; i++) {
        const struct age *age = &ages->list[i];
        c->due_files += age->files;
        c->due_bytes = sum_add(c->due_bytes, age->bytes);
        if (left <= 0)
            continue;
        c->last_minute = age->minute;
        c->room = max_bytes < 0 ? INT64_MAX : left;
        c->files += age->bytes <= left ? age->files : part_of(age, left);
        c->bytes += age->bytes <= left ? age->bytes : left;
        left -= age->bytes <= left ? age->bytes : left;
    }
}

bool choice_is_due(const struct choice *c, int64_t verified) { return verified < c->before; }

bool choice_takes(struct choice *c, int64_t verified, uint64_t size)
{
    int64_t minute = verified / VERIFIED_GRAIN;

    if (minute != c->last_minute || c->room == INT64_MAX)
        return minute <= c->last_minute;
    if (c->room <= 0)
        return false;
    c->room -= (int64_t)size;
    return true;
}
