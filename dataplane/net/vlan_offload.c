/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/vlan_offload.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

/* Features of an interface have names, and numbers that differ from kernel to kernel. */
#define WORDS_MAX    8
#define FEATURES_MAX (32 * WORDS_MAX)

/* A set of features. */
struct features {
	uint32_t words[WORDS_MAX];
};

static int ethtool(const char *interface, void *command)
{
	struct ifreq request = { .ifr_data = command };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	ret = ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* How many features this kernel knows. */
static int count_features(const char *interface)
{
	union {
		struct ethtool_sset_info info;
		uint8_t bytes[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} command = {
		.info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES },
	};
	int ret = ethtool(interface, &command);

	if (ret < 0)
		return ret;
	return command.info.data[0] <= FEATURES_MAX ? (int)command.info.data[0] : -E2BIG;
}

static bool takes_off_tags(const char *name)
{
	return strncmp(name, "rx-vlan-hw-parse", ETH_GSTRING_LEN) == 0 ||
	       strncmp(name, "rx-vlan-stag-hw-parse", ETH_GSTRING_LEN) == 0;
}

static int find_features(const char *interface, unsigned count, struct features *found)
{
	union {
		struct ethtool_gstrings strings;
		char bytes[sizeof(struct ethtool_gstrings) + FEATURES_MAX * ETH_GSTRING_LEN];
	} command = {
		.strings = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = count },
	};
	int ret = ethtool(interface, &command);

	memset(found, 0, sizeof(*found));
	for (unsigned i = 0; ret == 0 && i < count; i++)
		if (takes_off_tags((char *)command.strings.data + i * ETH_GSTRING_LEN))
			found->words[i / 32] |= 1u << i % 32;
	return ret;
}

/* Whether one of the features is on: 1, 0 or -errno. */
static int is_any_on(const char *interface, unsigned count, const struct features *features)
{
	struct { /* ethtool_gfeatures */
		uint32_t cmd, size;
		struct ethtool_get_features_block blocks[WORDS_MAX];
	} command = { .cmd = ETHTOOL_GFEATURES, .size = (count + 31) / 32 };
	int ret = ethtool(interface, &command);

	for (unsigned w = 0; ret == 0 && w < WORDS_MAX; w++)
		if (command.blocks[w].active & features->words[w])
			return 1;
	return ret;
}

static int switch_off(const char *interface, unsigned count, const struct features *features)
{
	struct { /* ethtool_sfeatures */
		uint32_t cmd, size;
		struct ethtool_set_features_block blocks[WORDS_MAX];
	} command = { .cmd = ETHTOOL_SFEATURES, .size = (count + 31) / 32 };

	for (unsigned w = 0; w < WORDS_MAX; w++)
		command.blocks[w].valid = features->words[w];
	return ethtool(interface, &command);
}

int vlan_offload_stop(const char *interface)
{
	struct features features;
	int count = count_features(interface), ret;

	if (count < 0)
		return count;
	ret = find_features(interface, (unsigned)count, &features);
	if (ret == 0)
		ret = is_any_on(interface, (unsigned)count, &features);
	if (ret <= 0)
		return ret;
	ret = switch_off(interface, (unsigned)count, &features);
	if (ret == 0)
		ret = is_any_on(interface, (unsigned)count, &features);
	return ret > 0 ? -ENOTSUP : ret;
}
