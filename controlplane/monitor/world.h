/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_WORLD_H
#define BRIDGETAP_MONITOR_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/call_index.h"
#include "monitor/changes.h"
#include "monitor/directory.h"
#include "monitor/port_pool.h"
#include "monitor/refusal.h"
#include "monitor/table.h"

/* The product's rules and all they are about. Pure: no I/O, no clock, no SQL; time and randomness
 * are passed in. One thread. Texts that are passed in are copied. */

#define ORGANISATION_ID_MAX 64
#define REALMS_MAX	    64
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
	bool gone; /* the data plane has it no more; calls may have legs in it yet */
	struct port_pool ports;
};

/* --- organisations --- */

struct organisation_settings {
	uint64_t version;
	bool consent_accepted;
	char *consent_accepted_by; /* NULL for nobody */
	uint64_t consent_accepted_ms;
	bool consent_of_users_required;
	bool supervisors_monitor_by_default;
	bool users_edit_own_access;
};

struct organisation {
	UT_hash_handle hh; /* by id */
	struct world *world;
	char *id;
	char *name;
	bool monitoring_off; /* the operator's switch */
	struct organisation_settings settings;

	struct entry *directory[DIRECTORY_KINDS];
	struct entry **sorted[DIRECTORY_KINDS]; /* by id; NULL: to be sorted */
	uint64_t epoch;		  /* goes up when what every viewer may do has changed */
	uint64_t last_user_epoch; /* of any user, so that none who comes back has an old one */

	struct call *calls;
	struct call_index call_index;
	struct desk *desks;
	struct session *sessions;
	struct session *sessions_by_user;
	struct invitation *invitations;
	struct offer *offers;
	struct changes changes; /* of the calls */
	struct changes extension_changes;
	void *watchers; /* the service's */
};

/* --- the whole --- */

struct media_event;
struct notice;

struct world {
	struct organisation *organisations;
	struct call *calls_by_wire_id;
	struct realm realms[REALMS_MAX];
	unsigned realm_count;
	struct port_classes port_classes; /* of all realms */
	unsigned seats_max;
	uint64_t last_serial; /* of a call */
	uint32_t (*random)(void *arg);
	void *random_arg;

	/* Something of an organisation that can be watched has changed. */
	void (*changed)(void *arg, struct organisation *organisation);
	/* Something has happened that a user must be told; notice.h. */
	void (*notify)(void *arg, const struct notice *notice);
	/* Something has happened in a call's media; media_event.h. */
	void (*media)(void *arg, const struct media_event *event);
	void *hooks_arg;
};

/* `random` returns 32 unpredictable bits. */
void world_init(struct world *world, uint32_t (*random)(void *arg), void *arg);
void world_fini(struct world *world);

/* A new id of 16 random hexadecimal digits. */
#define RANDOM_ID_SIZE 24
void world_random_id(const struct world *world, char id[static RANDOM_ID_SIZE]);

/* Take over the data plane's realms. Calls keep their ports, whatever has become of the realm and
 * its range; nobody else gets them. 0 or -ENOMEM. */
struct realm_description {
	const char *name;
	struct address address;
	uint16_t first_port, last_port;
	bool recording;
};
int world_set_realms(struct world *world, const struct realm_description *realms, unsigned count);

/* Take over which ports' packets arrive at one worker of the data plane, for the realms there are
 * and those to come. Calls keep the ports they have. */
void world_set_port_classes(struct world *world, const struct port_classes *classes);

/* --- organisations: 0 or `refusal` --- */

/* The checks alone, before anything is stored. */
int organisation_check(const char *id, const char *name, struct refusal *refusal);

struct organisation *organisation_find(const struct world *world, const char *id);
int organisation_put(struct world *world, const char *id, const char *name,
	struct organisation **organisation, struct refusal *refusal);

/* It must have no calls. */
void organisation_delete(struct organisation *organisation);

/* Other settings, whose text is copied; the version must have been checked. Who loses a right by
 * it loses their leg. 0 or -ENOMEM. */
int organisation_set_settings(
	struct organisation *organisation, const struct organisation_settings *settings);

/* Throw the operator's switch: `off` ends every monitoring under way. */
void organisation_set_monitoring(struct organisation *organisation, bool off);

/* Call world.changed. */
void organisation_tell(struct organisation *organisation);

#endif
