#include "copy/queue.h"

#include <stdlib.h>

#include "base/buf.h"

void queue_init(struct queue *q)
{
    *q = (struct queue){.last = &q->first};
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
}

void queue_free(struct queue *q)
{
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
}

void queue_push(struct queue *q, struct items *items)
{
    struct task *task = mem_zalloc(sizeof *task);

    if (!items->count) {
        free(task);
        return;
    }
    items_init(&task->items);
    items_move(&task->items, items);
    pthread_mutex_lock(&q->lock);
    while (q->items >= QUEUE_ITEMS)
        pthread_cond_wait(&q->changed, &q->lock);
    *q->last = task;
    q->last = &task->next;
    q->items += task->items.count;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool queue_pop(struct queue *q, struct items *ret_items)
{
    pthread_mutex_lock(&q->lock);
    while (!q->first && !q->closed)
        pthread_cond_wait(&q->changed, &q->lock);
    struct task *task = q->first;
    if (task) {
        q->first = task->next;
        if (!q->first)
            q->last = &q->first;
        q->items -= task->items.count;
        q->busy++;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    if (!task)
        return false;
    items_init(ret_items);
    items_move(ret_items, &task->items);
    free(task);
    return true;
}

void queue_done(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->busy--;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void queue_drain(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->first || q->busy)
        pthread_cond_wait(&q->changed, &q->lock);
    pthread_mutex_unlock(&q->lock);
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}
