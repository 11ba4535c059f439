/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_CALL_H
#define BRIDGETAP_MONITOR_CALL_H

#include "monitor/world.h"

/* Calls, their legs and their recording. Functions that can say no return 0 or `refusal`'s
 * -errno, and then have changed nothing. */

/* A call as a client describes it; texts and lists are the caller's. */
struct call_description {
	const char *id; /* "": the appliance chooses one */
	struct media agent, customer;
	const char *agent_user;
	const char *contact_number;
	int direction;
	char *const *groups;
	size_t group_count;
	char *const *tags;
	size_t tag_count;
	bool record;
	struct recording_target recording;
};

struct call *call_find(const struct organisation *organisation, const char *id);
struct call *call_find_by_wire_id(const struct world *world, const char *wire_id);

/* Check a description without doing anything. */
int call_check(const struct organisation *organisation, const struct call_description *description,
	struct refusal *refusal);

int call_create(struct organisation *organisation, const struct call_description *description,
	uint64_t now_ms, struct call **call, struct refusal *refusal);

/* Take on another description. Ports, SSRCs, monitors and the state of the recording stay. */
int call_update(
	struct call *call, const struct call_description *description, struct refusal *refusal);

/* What call_update() may change, kept to bring it back. NULL where memory is short. */
struct call_memento;
struct call_memento *call_remember(const struct call *call);
void call_bring_back(struct call *call, struct call_memento *memento);
void call_memento_free(struct call_memento *memento); /* NULL is allowed */

/* End the call and all that goes on in it. Watchers are told; the call is gone. */
void call_end(struct call *call);

/* Of changes.free_tombstone. */
void call_free_tombstone(struct change *change);

/* Note a change that watchers are to see. */
void call_note(struct call *call);

int recording_start(
	struct call *call, const struct recording_target *target, struct refusal *refusal);
int recording_pause(struct call *call, struct refusal *refusal);
int recording_resume(struct call *call, struct refusal *refusal);
int recording_stop(struct call *call, struct refusal *refusal);

/* Enter a call that is otherwise complete in the tables. 0 or -ENOMEM. For call.c and restore.c. */
int call_enter(struct call *call);

/* Free a call that is in no table. Likewise. */
void call_free(struct call *call);

/* Give a leg a realm, a port and an SSRC, or take them away. For call.c and session.c. */
int leg_open(struct call *call, struct leg *leg, const struct media *media, bool recording,
	const char *field, struct refusal *refusal);
void leg_close(struct leg *leg);

#endif
