/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_POST_H
#define BRIDGETAP_CONTROL_POST_H

#include <stdbool.h>

#include "worker/worker.h"

/* The main lcore's end of the rings to and from the workers. Requests are answered; notes are
 * not. Workers never wait, the main lcore may, for the moment a worker needs to catch up. */

/* What waits for the answers to one or more requests. Embedded in what it is about. */
struct post_waiter {
	unsigned outstanding;
	void (*done)(struct post_waiter *waiter); /* all were answered; may free the waiter */
};

/* Takes back the call that a worker let go of. */
typedef void post_released_fn(void *arg, struct call *call);

struct post {
	struct worker *workers;
	unsigned count;
	unsigned outstanding[WORKER_MAX];
	post_released_fn *released;
	void *arg;
};

/* Send a request on behalf of `waiter`. Its done() is called from post_collect(), or from
 * post_release() below. */
void post_request(
	struct post *post, unsigned worker, struct command *command, struct post_waiter *waiter);

/* A waiter that will send several requests holds itself open meanwhile. */
void post_hold(struct post_waiter *waiter);
void post_release(struct post_waiter *waiter);

/* Send a note to one worker. */
void post_note(struct post *post, unsigned worker, const struct command *command);

/* Send a note to all workers. */
void post_note_all(struct post *post, const struct command *command);

/* Take the answers that are there. */
void post_collect(struct post *post);

/* Whether answers are outstanding: collect again soon. */
bool post_is_waiting(const struct post *post);

#endif
