/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_WATCH_H
#define BRIDGETAP_SERVICE_WATCH_H

#include "service/watchers.h"

/* Server streams of a snapshot and then every change, of calls or of extensions. A watcher
 * remembers how far it has seen (monitor/changes.h) and takes as much as its client takes; it sees
 * last states only, so that however slow it is it slows nothing. All watchers of an organisation
 * are fed in turns, a few messages at a time. */

#define WATCH_ITEMS 100 /* of one message */

struct watcher {
	struct watcher *next, *prev;
	struct watchers *watchers;
	struct grpc_call *grpc;
	const struct watch_kind *kind;
	char user[USER_ID_MAX + 1]; /* who watches; "" for the organisation itself */
	uint64_t epoch;		    /* of what the viewer may see */
	bool restarting;	    /* the next message begins a snapshot */
	bool snapshot;		    /* the snapshot is not complete */
	uint64_t seen;		    /* number of the last change it was sent, or is not to be */
	void *state;		    /* of the kind */
};

struct watch_kind {
	struct changes *(*changes)(struct organisation *organisation);
	/* Whether this user may watch; NULL for the organisation itself. */
	bool (*permits)(const struct user *user);
	/* Begin a snapshot. */
	void (*rewind)(void *state);
	/* Send the next message, of the snapshot or of changes: 1; 0 where there is none; -ENOMEM
	 * ends the stream. */
	int (*send)(struct watcher *watcher, const struct user *viewer);
	/* Some time has passed; NULL where that is nothing to it. */
	int (*age)(struct watcher *watcher);
	void (*free_state)(void *state);
};

/* Begin to watch. `state` is the watcher's in any case. */
void watch_begin(struct grpc_call *grpc, const struct actor *actor, const struct watch_kind *kind,
	void *state);

/* For watch_kind.send: the next change after what the watcher has seen, NULL for none. Asked after
 * the snapshot is complete: what has changed since it began comes after it. */
struct change *watch_next(struct watcher *watcher);

/* Methods: grpc_message_fn. */
void watch_calls(struct grpc_call *grpc, const ProtobufCMessage *message);
void watch_extensions(struct grpc_call *grpc, const ProtobufCMessage *message);

/* Of world.changed, with a struct services. */
void watch_changed(void *arg, struct organisation *organisation);

/* Free what is kept for an organisation. All calls must have been cancelled. */
void watch_fini(struct organisation *organisation);

/* End every stream that watches something of an organisation, which is to be deleted. */
void watch_end_all(struct organisation *organisation);

#endif
