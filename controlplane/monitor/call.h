/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_CALL_H
#define BRIDGETAP_MONITOR_CALL_H

#include "monitor/desk.h"
#include "monitor/notice.h"
#include "monitor/world.h"

/* Calls. Their legs are in leg.h, their recording in recording.h. Functions that can say no return
 * 0 or `refusal`'s -errno, and then have changed nothing. */

#define CALL_ID_MAX	128
#define LIST_MAX	16 /* groups, or tags, of a call */
#define LABEL_MAX_BYTES 64 /* of one of them */

enum codec { CODEC_NONE, CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_COUNT };

enum recording_state { RECORDING_OFF, RECORDING_ON, RECORDING_PAUSED };

/* The far end of a leg. */
struct media {
	char realm[32]; /* "" for the first that fits */
	struct address remote;
	struct address source; /* where media comes from, if not from `remote` */
	bool learn;
	bool learned;	   /* it has been: `remote` is where it comes from */
	uint32_t learn_ms; /* how long there is to; 0 for the data plane's own time */
	uint32_t far_end;  /* how many the leg has had before; each is learned anew */
	enum codec codec;
	uint8_t payload_type;
	uint8_t telephone_event; /* payload type; 0 for none */
	bool comfort_noise;
	bool rtcp_mux;
	uint16_t rtcp_port; /* 0 for the one above that of RTP */
	bool on_hold;	    /* sends nothing for now */
};

/* Whether media that should come from a leg does not. The numbers are those of
 * proto/bridgetap/v1/calls.proto. */
enum silence { SILENCE_NONE, SILENCE_FELL, SILENCE_NEVER_SPOKE };

/* One end that the appliance holds. All zero is no leg. */
struct leg {
	uint32_t id; /* in its call */
	struct media media;
	struct realm *realm;
	uint16_t local_port;
	uint32_t ssrc;
	enum silence silence;
};

struct recording_target {
	char realm[32];
	struct address agent, customer, mix; /* the first two, or the third */
	uint8_t telephone_event;	     /* payload type; 0: no keys are in it */
};

struct recording {
	enum recording_state state;
	struct recording_target target;
	struct leg legs[2];
	unsigned leg_count;
};

/* The agent asks for a supervisor (hand.h). */
struct hand {
	uint64_t raised_ms; /* 0 while it is down */
	char *attended_by;  /* id of the monitor; NULL while nobody attends */
};

struct call {
	struct change change; /* first: what is buried is found by it */
	UT_hash_handle hh;    /* by id, in its organisation */
	UT_hash_handle by_wire_id;
	struct organisation *organisation;
	char *id;
	char wire_id[RANDOM_ID_SIZE]; /* its name in the data plane, unique in the appliance */
	struct leg agent, customer;
	char *agent_user;
	struct desk *desk; /* the agent's; NULL where the call has none */
	struct call *desk_next, *desk_prev;
	char *contact_number;
	int direction; /* of proto/bridgetap/v1/calls.proto */
	struct text_list groups, tags;
	uint64_t labelled; /* number of the change that has changed what filters look at */
	struct session *sessions;
	unsigned session_count;
	struct invitation *invitations;
	struct hand hand;
	struct recording recording;
	uint64_t created_ms;
	uint64_t serial; /* calls are listed in this order */
	uint32_t next_leg_id;
	unsigned undecided;	       /* changes between call_change_begin() and _end() */
	struct call_memento *in_force; /* what the media plane has followed last, while there are */
};

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

/* Another agent takes over, whose media is at `media` (NULL: where the last agent's is). A monitor
 * whom the new agent's extension does not permit loses their leg; the hand is lowered; invitations
 * end. */
int call_transfer(struct call *call, const char *agent_user, const struct media *media,
	struct refusal *refusal);

/* What call_update(), call_transfer() and recording_start() may change. NULL where memory is short.
 */
struct call_memento;
struct call_memento *call_remember(const struct call *call);
void call_memento_free(struct call_memento *memento); /* NULL is allowed */

/* Each of those three comes between these, because the media plane may refuse it. `made` is the
 * call as it was remembered after the change, and is the call's from now on; NULL where the change
 * was not made, or was refused. When all changes under way are decided, and the last was not made,
 * the call is what the media plane has followed last. Who has lost their seat by a change stays
 * out. */
int call_change_begin(struct call *call); /* 0 or -ENOMEM */
void call_change_end(struct call *call, struct call_memento *made);

/* The last call of this id that has ended and is still remembered; NULL where there is none. */
const struct call *call_find_ended(const struct organisation *organisation, const char *id);

/* End the call and all that goes on in it. Watchers are told; the call is gone. */
void call_end(struct call *call);

/* Of changes.free_tombstone. */
void call_free_tombstone(struct change *change);

/* Note a change that watchers are to see; and one of what filters look at. */
void call_note(struct call *call);
void call_note_labels(struct call *call);

/* Enter a call that is otherwise complete in the tables. 0 or -ENOMEM. For call.c and restore.c. */
int call_enter(struct call *call);

/* Free a call that is in no table. Likewise. */
void call_free(struct call *call);

#endif
