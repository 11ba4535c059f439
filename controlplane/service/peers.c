/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/peers.h"

#include <stdlib.h>
#include <string.h>

static bool is_in_group(const struct grpc_peer *peer, uint32_t gid)
{
	if (peer->gid == gid)
		return true;
	for (unsigned i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == gid)
			return true;
	return false;
}

static bool has(char *const *names, unsigned count, const char *name)
{
	if (count == 0)
		return true;
	for (unsigned i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool applies(const struct peer_rule *rule, const struct grpc_peer *peer,
	const char *organisation, const char *user)
{
	if (rule->by_group ? !is_in_group(peer, rule->id) : peer->uid != rule->id)
		return false;
	if (rule->level == PEER_OPERATOR)
		return true;
	if (!has(rule->organisations, rule->organisation_count, organisation))
		return false;
	return rule->level == PEER_ORGANISATION ||
	       (*user != '\0' && has(rule->users, rule->user_count, user));
}

enum peer_level peers_level(const struct peers *peers, const struct grpc_peer *peer,
	const char *organisation, const char *user)
{
	enum peer_level level = PEER_NOBODY;

	for (unsigned i = 0; i < peers->count; i++)
		if (peers->rules[i].level > level &&
			applies(&peers->rules[i], peer, organisation, user))
			level = peers->rules[i].level;
	return level;
}

void peers_fini(struct peers *peers)
{
	for (unsigned i = 0; i < peers->count; i++) {
		for (unsigned n = 0; n < peers->rules[i].organisation_count; n++)
			free(peers->rules[i].organisations[n]);
		for (unsigned n = 0; n < peers->rules[i].user_count; n++)
			free(peers->rules[i].users[n]);
	}
	peers->count = 0;
}
