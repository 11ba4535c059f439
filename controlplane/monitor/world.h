/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_WORLD_H
#define BRIDGETAP_MONITOR_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/changes.h"
#include "monitor/port_pool.h"
#include "monitor/refusal.h"
#include "monitor/table.h"

/* The product's rules and all they are about. Pure: no I/O, no clock, no SQL; time and randomness
 * are passed in. One thread. Texts that are passed in are copied. */

#define ORGANISATION_ID_MAX 64
#define USER_ID_MAX	    64
#define CALL_ID_MAX	    128
#define NAME_MAX_BYTES	    256
#define LIST_MAX	    16 /* groups, or tags, of a call */
#define LABEL_MAX_BYTES	    64 /* of one of them */
#define REALMS_MAX	    16
#define SEATS_DEFAULT	    3

/* --- the appliance's realms, as the data plane has them --- */

struct address {
	uint8_t bytes[16];
	uint8_t length; /* 4 or 16; 0 for none */
	uint16_t port;
};

struct realm {
	char name[32];
	struct address address; /* its port is 0 */
	bool recording;
	struct port_pool ports;
};

/* --- who is who --- */

enum user_role {
	USER_ROLE_NONE,
	USER_ROLE_AGENT,
	USER_ROLE_SUPERVISOR,
	USER_ROLE_ADMIN,
};

struct user {
	UT_hash_handle hh; /* by id, in its organisation */
	char *id;
	char *name;
	enum user_role role;
};

struct organisation {
	UT_hash_handle hh; /* by id */
	struct world *world;
	char *id;
	char *name;
	struct user *users;
	struct call *calls;
	struct session *sessions;
	struct session *sessions_by_user;
	struct changes changes; /* of the calls */
	void *watchers;		/* the service's */
};

/* --- calls --- */

enum codec { CODEC_NONE, CODEC_PCMU, CODEC_PCMA };

/* As it goes to the data plane. */
enum mode { MODE_NONE, MODE_LISTEN, MODE_WHISPER, MODE_BARGE };

enum recording_state { RECORDING_OFF, RECORDING_ON, RECORDING_PAUSED };

/* The far end of a leg. */
struct media {
	char realm[32]; /* "" for the first that fits */
	struct address remote;
	struct address source; /* where media comes from, if not from `remote` */
	bool learn;
	enum codec codec;
	uint8_t payload_type;
};

/* One end that the appliance holds. All zero is no leg. */
struct leg {
	uint32_t id; /* in its call */
	struct media media;
	struct realm *realm;
	uint16_t local_port;
	uint32_t ssrc;
};

struct recording_target {
	char realm[32];
	struct address agent, customer, mix; /* the first two, or the third */
};

struct recording {
	enum recording_state state;
	struct recording_target target;
	struct leg legs[2];
	unsigned leg_count;
};

/* A user who monitors a call. */
struct session {
	UT_hash_handle hh;	     /* by id, in its organisation */
	UT_hash_handle by_user;	     /* likewise: a user monitors one call at a time */
	struct session *next, *prev; /* of its call */
	struct call *call;
	char id[24];
	char *user;
	enum mode mode;
	struct leg leg;
	uint64_t joined_ms;
};

struct text_list {
	unsigned count;
	char **texts;
};

struct call {
	struct change change; /* first: what is buried is found by it */
	UT_hash_handle hh;    /* by id, in its organisation */
	UT_hash_handle by_wire_id;
	struct organisation *organisation;
	char *id;
	char wire_id[24]; /* its name in the data plane, unique in the appliance */
	struct leg agent, customer;
	char *agent_user;
	char *contact_number;
	int direction; /* of proto/bridgetap/v1/calls.proto */
	struct text_list groups, tags;
	struct session *sessions;
	unsigned session_count;
	struct recording recording;
	uint64_t created_ms;
	uint64_t serial; /* calls are listed in this order */
	uint32_t next_leg_id;
};

struct world {
	struct organisation *organisations;
	struct call *calls_by_wire_id;
	struct realm realms[REALMS_MAX];
	unsigned realm_count;
	unsigned seats_max;
	uint64_t last_serial; /* of a call */
	uint32_t (*random)(void *arg);
	void *random_arg;

	/* Called whenever a call of an organisation is new, has changed or has ended. */
	void (*changed)(void *arg, struct organisation *organisation);
	void *changed_arg;
};

/* `random` returns 32 unpredictable bits. */
void world_init(struct world *world, uint32_t (*random)(void *arg), void *arg);
void world_fini(struct world *world);

/* Take over the data plane's realms; those that were known under the same name and range keep
 * their ports. 0 or -ENOMEM. */
struct realm_description {
	const char *name;
	struct address address;
	uint16_t first_port, last_port;
	bool recording;
};
int world_set_realms(struct world *world, const struct realm_description *realms, unsigned count);

/* --- who is who: 0 or `refusal` --- */

/* The checks alone, before anything is stored. */
int organisation_check(const char *id, const char *name, struct refusal *refusal);
int user_check(const char *id, const char *name, enum user_role role, struct refusal *refusal);

struct organisation *organisation_find(const struct world *world, const char *id);
int organisation_put(struct world *world, const char *id, const char *name,
	struct organisation **organisation, struct refusal *refusal);

struct user *user_find(const struct organisation *organisation, const char *id);
int user_put(struct organisation *organisation, const char *id, const char *name,
	enum user_role role, struct user **user, struct refusal *refusal);
void user_delete(struct organisation *organisation, struct user *user);

#endif
