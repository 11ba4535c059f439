/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The data plane's configuration file. */
#include "control/config.h"
#include "fuzz.h"
#include "text_file.h"

static void check(const struct config *config)
{
	REQUIRE(config->worker_count >= 1 && config->worker_count <= WORKER_MAX);
	REQUIRE(config->eal_count <= CONFIG_EAL_MAX);
	REQUIRE(config->ports.count >= 1 && config->ports.count <= PORT_MAX);
	REQUIRE(config->realms.count >= 1 && config->realms.count <= REALM_MAX);
	for (unsigned i = 0; i < config->realms.count; i++) {
		const struct realm *realm = &config->realms.realm[i];

		REQUIRE(realm->port_id < config->ports.count);
		REQUIRE(realm->first_port % 2 == 0 && realm->first_port < realm->last_port);
		REQUIRE(realm->recording == config->ports.port[realm->port_id].recording);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	const char *path = text_file(data, size);

	if (path == NULL)
		return 0;
	memset(&config, 0, sizeof(config));
	if (config_load(&config, path, "fuzz") == 0)
		check(&config);
	config_free(&config);
	return 0;
}
