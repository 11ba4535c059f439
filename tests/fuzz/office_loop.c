/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The event loop of an office: timers and tasks by a clock that is moved by hand, and no I/O. */
#include <utlist.h>

#include "loop/loop.h"
#include "office.h"

struct loop {
	uint64_t now_ms;
	struct loop_timer *timers;
	struct loop_task *tasks;
};

struct loop *office_loop_create(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	loop->now_ms = 1000000;
	return loop;
}

void office_loop_destroy(struct loop *loop)
{
	REQUIRE(loop->timers == NULL && loop->tasks == NULL);
	free(loop);
}

void office_loop_advance(struct loop *loop, uint64_t ms)
{
	loop->now_ms += ms;
}

bool office_loop_round(struct loop *loop)
{
	struct loop_timer *timer;
	struct loop_task *task = loop->tasks;

	if (task != NULL) {
		loop_task_drop(loop, task);
		task->run(task->arg);
		return true;
	}
	DL_FOREACH (loop->timers, timer)
		if (timer->due_ms <= loop->now_ms) {
			loop_timer_clear(loop, timer);
			timer->expired(timer->arg);
			return true;
		}
	return false;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t after_ms)
{
	loop_timer_clear(loop, timer);
	timer->due_ms = loop->now_ms + after_ms;
	DL_APPEND(loop->timers, timer);
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	if (timer->due_ms == 0)
		return;
	timer->due_ms = 0;
	DL_DELETE(loop->timers, timer);
}

void loop_task_queue(struct loop *loop, struct loop_task *task)
{
	if (task->queued)
		return;
	task->queued = true;
	DL_APPEND(loop->tasks, task);
}

void loop_task_drop(struct loop *loop, struct loop_task *task)
{
	if (!task->queued)
		return;
	task->queued = false;
	DL_DELETE(loop->tasks, task);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}
