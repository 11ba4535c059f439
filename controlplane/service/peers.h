/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_PEERS_H
#define BRIDGETAP_SERVICE_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grpc/call.h"

/* Which Unix peers may act for whom. Whoever no rule speaks of may do nothing. */

enum peer_level {
	PEER_NOBODY,
	PEER_USER,	   /* as a user */
	PEER_ORGANISATION, /* as the organisation itself, or as any of its users */
	PEER_OPERATOR,	   /* as anything, in all organisations */
};

#define PEER_RULES_MAX 64
#define PEER_NAMES_MAX 64

struct peer_rule {
	enum peer_level level;
	bool by_group; /* `id` is of a group, not of a user */
	uint32_t id;
	/* Ids; none of either kind is any. Not looked at for operators. */
	char *organisations[PEER_NAMES_MAX], *users[PEER_NAMES_MAX];
	unsigned organisation_count, user_count;
};

/* All zero is nobody. */
struct peers {
	struct peer_rule rules[PEER_RULES_MAX];
	unsigned count;
};

/* The most that this peer may be in this organisation, as this user or, where that is "", as none:
 * PEER_USER only where there is one. */
enum peer_level peers_level(const struct peers *peers, const struct grpc_peer *peer,
	const char *organisation, const char *user);

void peers_fini(struct peers *peers);

#endif
