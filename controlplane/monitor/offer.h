/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_OFFER_H
#define BRIDGETAP_MONITOR_OFFER_H

#include "monitor/notice.h"
#include "monitor/world.h"

/* A call comes in for a user who is monitoring another (M13). */

#define OFFERS_MAX  8 /* of one user */
#define CONTACT_MAX 64

struct offer {
	UT_hash_handle hh; /* by id, in its organisation */
	struct organisation *organisation;
	char id[RANDOM_ID_SIZE];
	char *user;
	char *contact_number;
	uint64_t created_ms;
	void *waiter; /* the service's: whoever waits for the answer */
};

struct offer *offer_find(const struct organisation *organisation, const char *id);

/* 0 or `refusal`. */
int offer_create(struct organisation *organisation, const struct user *user,
	const char *contact_number, uint64_t now_ms, struct offer **offer, struct refusal *refusal);

/* Whether this is for `user` to answer. 0 or `refusal`. */
int offer_check_answer(const struct offer *offer, const struct user *user, struct refusal *refusal);

/* It is over; the user is told why. */
void offer_end(struct offer *offer, enum why why);

#endif
