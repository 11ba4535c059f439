/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/post.h"

#include <rte_pause.h>
#include <rte_ring_elem.h>

#define REPLY_BURST 64

static void enqueue(struct post *post, unsigned worker, const struct command *command)
{
	struct rte_ring *ring = post->workers[worker].commands;

	while (rte_ring_sp_enqueue_elem(ring, (void *)(uintptr_t)command, sizeof(*command)) != 0)
		rte_pause();
}

void post_hold(struct post_waiter *waiter)
{
	waiter->outstanding++;
}

void post_release(struct post_waiter *waiter)
{
	if (--waiter->outstanding == 0)
		waiter->done(waiter);
}

void post_request(
	struct post *post, unsigned worker, struct command *command, struct post_waiter *waiter)
{
	/* The reply ring must have room for every answer: the worker cannot wait for it. */
	while (post->outstanding[worker] >= COMMAND_RING_SIZE - 1) {
		post_collect(post);
		rte_pause();
	}
	post_hold(waiter);
	post->outstanding[worker]++;
	command->token = waiter;
	enqueue(post, worker, command);
}

void post_note(struct post *post, unsigned worker, const struct command *command)
{
	enqueue(post, worker, command);
}

void post_note_all(struct post *post, const struct command *command)
{
	for (unsigned i = 0; i < post->count; i++)
		post_note(post, i, command);
}

void post_collect(struct post *post)
{
	struct reply replies[REPLY_BURST];

	for (unsigned w = 0; w < post->count; w++) {
		unsigned count = rte_ring_sc_dequeue_burst_elem(
			post->workers[w].replies, replies, sizeof(replies[0]), REPLY_BURST, NULL);

		post->outstanding[w] -= count;
		for (unsigned i = 0; i < count; i++) {
			if (replies[i].released != NULL)
				post->released(post->arg, replies[i].released);
			post_release(replies[i].token);
		}
	}
}

bool post_is_waiting(const struct post *post)
{
	for (unsigned w = 0; w < post->count; w++)
		if (post->outstanding[w] > 0)
			return true;
	return false;
}
