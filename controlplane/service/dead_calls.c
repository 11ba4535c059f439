/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/dead_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <utlist.h>

#include "log.h"
#include "monitor/call.h"
#include "service/ending.h"

#define LOOK_MS	    1000  /* between two looks at those that wait */
#define WAIT_MAX_MS 60000 /* a call that is gone, or alive again, is forgotten by then */
#define ASKED_MAX   64	  /* questions under way: a network that fails has all calls die at once */

/* A call of which both parties were silent when it was looked at last. */
struct dead_call {
	struct link_stats_waiter waiter; /* first: what the link hands back */
	UT_hash_handle hh;		 /* by wire id */
	struct dead_call *next, *prev;	 /* of the list it is in */
	struct services *services;
	uint64_t due_ms; /* by loop_now_ms() */
	char wire_id[RANDOM_ID_SIZE];
};

static bool is_silent(const struct leg *leg)
{
	return leg->silence != SILENCE_NONE && !leg->media.on_hold;
}

static bool is_dead(const struct call *call)
{
	return is_silent(&call->agent) && is_silent(&call->customer);
}

/* Of one that is in no list. */
static void forget(struct dead_calls *calls, struct dead_call *dead)
{
	HASH_DEL(calls->by_wire_id, dead);
	free(dead);
}

/* --- the end --- */

static void ended(struct ending *ending, int error, const char *sentence)
{
	(void)error;
	(void)sentence;
	free(ending);
}

/* False where memory is short. */
static bool end_call(struct services *services, struct call *call)
{
	struct ending *ending = calloc(1, sizeof(*ending));

	if (ending == NULL)
		return false;
	log_line(LOG_NOTICE, "call %s ends: neither party has sent media for %u s", call->id,
		services->dead_calls.after_s);
	services->acting = ACTING_ITSELF;
	ending->services = services;
	ending->reason = BRIDGETAP__V1__CALL_END_REASON__CALL_END_REASON_DEAD;
	ending->done = ended;
	ending_begin(ending, call);
	return true;
}

/* --- for how long --- */

/* Milliseconds for which neither party has given a sign of life; 0 where the data plane does not
 * have them both. */
static uint64_t lifeless_ms(const Bridgetap__Dataplane__V1__Stats *stats)
{
	uint64_t agent_ms = 0, customer_ms = 0;

	for (size_t i = 0; i < stats->n_legs; i++) {
		const Bridgetap__Dataplane__V1__LegStats *leg = stats->legs[i];

		if (leg->role == BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_AGENT)
			agent_ms = leg->lifeless_ms;
		else if (leg->role == BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_CUSTOMER)
			customer_ms = leg->lifeless_ms;
	}
	return agent_ms < customer_ms ? agent_ms : customer_ms;
}

static void wait_for(struct dead_calls *calls, struct dead_call *dead, uint64_t after_ms)
{
	struct loop *loop = dead->services->loop;

	dead->due_ms = loop_now_ms(loop) + (after_ms < WAIT_MAX_MS ? after_ms : WAIT_MAX_MS);
	DL_APPEND(calls->waiting, dead);
	if (calls->look.due_ms == 0)
		loop_timer_set(loop, &calls->look, LOOK_MS);
}

/* Without statistics the planes have lost touch, and what is silent will be told anew. */
static void answered(struct link_stats_waiter *waiter, const Bridgetap__Dataplane__V1__Stats *stats)
{
	struct dead_call *dead = (struct dead_call *)waiter;
	struct services *services = dead->services;
	struct dead_calls *calls = &services->dead_calls;
	struct call *call = call_find_by_wire_id(services->world, dead->wire_id);
	uint64_t after_ms = 1000ull * calls->after_s, silent_ms;

	calls->asked--;
	loop_task_queue(services->loop, &calls->ask);
	if (call == NULL || stats == NULL || !is_dead(call)) {
		forget(calls, dead);
		return;
	}
	silent_ms = lifeless_ms(stats);
	if (silent_ms < after_ms)
		wait_for(calls, dead, after_ms - silent_ms);
	else if (end_call(services, call))
		forget(calls, dead);
	else
		wait_for(calls, dead, LOOK_MS);
}

static void ask(void *arg)
{
	struct services *services = arg;
	struct dead_calls *calls = &services->dead_calls;
	struct dead_call *dead;

	while ((dead = calls->due) != NULL && calls->asked < ASKED_MAX) {
		const struct call *call = call_find_by_wire_id(services->world, dead->wire_id);

		DL_DELETE(calls->due, dead);
		if (call == NULL || !is_dead(call)) {
			forget(calls, dead);
			continue;
		}
		calls->asked++;
		link_leg_stats(services->link, dead->wire_id, &dead->waiter);
	}
}

static void look(void *arg)
{
	struct services *services = arg;
	struct dead_calls *calls = &services->dead_calls;
	uint64_t now_ms = loop_now_ms(services->loop);
	struct dead_call *dead, *next;

	DL_FOREACH_SAFE (calls->waiting, dead, next) {
		if (dead->due_ms > now_ms)
			continue;
		DL_DELETE(calls->waiting, dead);
		DL_APPEND(calls->due, dead);
	}
	loop_task_queue(services->loop, &calls->ask);
	if (calls->waiting != NULL)
		loop_timer_set(services->loop, &calls->look, LOOK_MS);
}

/* --- from outside --- */

void dead_calls_note(struct services *services, const struct call *call)
{
	struct dead_calls *calls = &services->dead_calls;
	struct dead_call *dead;

	if (calls->after_s == 0 || !is_dead(call))
		return;
	HASH_FIND_STR(calls->by_wire_id, call->wire_id, dead);
	if (dead != NULL)
		return;
	dead = calloc(1, sizeof(*dead));
	if (dead == NULL)
		return;
	dead->waiter.done = answered;
	dead->services = services;
	memcpy(dead->wire_id, call->wire_id, sizeof(dead->wire_id));
	HASH_ADD_STR(calls->by_wire_id, wire_id, dead);
	if (!table_has(dead)) {
		free(dead);
		return;
	}
	DL_APPEND(calls->due, dead);
	loop_task_queue(services->loop, &calls->ask);
}

void dead_calls_init(struct services *services)
{
	services->dead_calls.look = (struct loop_timer){ .expired = look, .arg = services };
	services->dead_calls.ask = (struct loop_task){ .run = ask, .arg = services };
}

void dead_calls_fini(struct services *services)
{
	struct dead_calls *calls = &services->dead_calls;
	struct dead_call *dead, *next;

	loop_timer_clear(services->loop, &calls->look);
	loop_task_drop(services->loop, &calls->ask);
	HASH_ITER (hh, calls->by_wire_id, dead, next)
		forget(calls, dead);
}
