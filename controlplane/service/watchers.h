/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_WATCHERS_H
#define BRIDGETAP_SERVICE_WATCHERS_H

#include "service/services.h"

/* All who watch something of one organisation: made with the first of them, kept from then on in
 * organisation->watchers. For watch.c and notices.c. */

struct mailbox;
struct media_watcher;
struct watcher;

struct watchers {
	struct services *services;
	struct organisation *organisation;
	struct watcher *list;	     /* of calls and extensions */
	struct loop_task task;	     /* feeds them */
	struct loop_timer ageing;    /* filters by duration */
	struct mailbox *mailboxes;   /* of notices, by user */
	struct loop_task catch_up;   /* of notices, for those who lagged */
	struct media_watcher *media; /* of media events */
};

/* NULL where memory is short. */
struct watchers *watchers_of(struct services *services, struct organisation *organisation);

#endif
