/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_SERVICES_H
#define BRIDGETAP_SERVICE_SERVICES_H

#include "dataplane_link/link.h"
#include "grpc/call.h"
#include "loop/loop.h"
#include "monitor/world.h"
#include "service/actor.h"
#include "service/dead_calls.h"
#include "service/peers.h"
#include "store/store.h"

struct settle;

/* Who acts at the moment, and on which call, for the audit; all zero but peer_uid for the appliance
 * itself. Of a request until it has been answered, and stale after that. */
struct acting {
	const char *user;
	const char *call; /* NULL until it is found */
	int64_t peer_uid;
};
#define ACTING_ITSELF ((struct acting){ .peer_uid = -1 })

/* What the gRPC services work on, and what they have in common. A service decodes, asks monitor/,
 * has the data plane follow, and encodes. Loop thread only. */
struct services {
	struct loop *loop;
	struct world *world;
	struct link *link;
	struct store *store;
	const struct peers *peers;
	uint64_t (*wall_ms)(void); /* milliseconds since 1970 */
	uint64_t started_ms;	   /* by loop_now_ms() */

	struct acting acting;
	struct dead_calls dead_calls;
	struct settle *settle;	/* gathers the sessions that end (settle.h) */
	struct loop_task flush; /* of the audit */
	struct loop_timer flush_retry;
	bool flush_failed;
};

/* Fill in what the services need of their own, and hook into the world. */
void services_init(struct services *services);

/* All of them, for grpc_server.services; their number into `count`. `services` outlives them. */
const struct grpc_service *services_list(struct services *services, unsigned *count);

/* Free what the services have attached to organisations. All calls must have been cancelled. */
void services_fini(struct services *services);

/* --- for the services themselves --- */

extern const struct grpc_method calls_methods[], monitor_methods[], directory_methods[],
	access_methods[], admin_methods[], health_methods[], reflection_methods[];

/* The call of this id; NULL after finishing with NOT_FOUND. */
struct call *service_find_call(
	struct grpc_call *call, struct organisation *organisation, const char *id);

/* Finish with the status that fits a refusal, its sentence, and its reasons and field as details.
 * One that has reasons is in the audit. */
void service_refuse(struct grpc_call *call, const struct refusal *refusal);
void service_refuse_memory(struct grpc_call *call);

/* Whether what must be audited can be; finishes the call where not: a full disk, say. */
bool service_check_audit(struct grpc_call *call);

/* The same for an error and sentence of the link. */
void service_refuse_link(struct grpc_call *call, int error, const char *sentence);

/* Whether calls can be changed; finishes with UNAVAILABLE where the data plane was never there. */
bool service_check_link(struct grpc_call *call);

/* Waits for the data plane to follow a change, then answers. `succeed` gets the call in question
 * (NULL where it has ended meanwhile) and answers; `undo` takes the change back when the data
 * plane has refused it, and is NULL for what stays (link.h). Either is called even when the client
 * has gone: `grpc` is NULL then. */
struct pending {
	struct link_waiter waiter;
	struct services *services;
	struct grpc_call *grpc;
	char wire_id[RANDOM_ID_SIZE];
	void (*succeed)(struct pending *pending, struct call *call);
	void (*undo)(struct pending *pending, struct call *call);
	char session_id[RANDOM_ID_SIZE];
	int mode;		   /* that was asked for */
	struct call_memento *made; /* of a change of the call; freed with the pending */
};

/* Allocate one, filled in but for the functions; NULL after finishing the call. */
struct pending *pending_create(struct grpc_call *grpc, const struct call *call);

/* Have the data plane follow; the pending frees itself. */
void pending_start(struct pending *pending);

/* There is nothing to follow: the call has been finished with a status. */
void pending_abort(struct pending *pending);

#endif
