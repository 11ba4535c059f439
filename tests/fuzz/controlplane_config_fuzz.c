/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The control plane's configuration file, and who may do what by it. */
#include "config.h"
#include "fuzz.h"
#include "text_file.h"

static void check(const struct config *config)
{
	const struct grpc_peer stranger = { .uid = 4000000000, .gid = 4000000000 };

	REQUIRE(config->listen[0] != '\0' && config->dataplane[0] != '\0');
	REQUIRE(config->store[0] != '\0' && config->mode <= 0777);
	REQUIRE(config->end_dead_calls_after_s <= 86400);
	REQUIRE(config->peers.count <= PEER_RULES_MAX);
	for (unsigned i = 0; i < config->peers.count; i++)
		REQUIRE(config->peers.rules[i].level != PEER_NOBODY &&
			config->peers.rules[i].level <= PEER_OPERATOR);
	REQUIRE(peers_level(&config->peers, &stranger, "acme", "sue") == PEER_NOBODY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	const char *path = text_file(data, size);

	if (path == NULL)
		return 0;
	memset(&config, 0, sizeof(config));
	if (config_load(&config, path) == 0)
		check(&config);
	peers_fini(&config.peers);
	return 0;
}
