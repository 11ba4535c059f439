/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/relay_maps.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "net/xdp.h"

#define PAGE	  4096ul
#define HOPS_SIZE (RELAY_HOPS_MAX * sizeof(struct relay_hop))
#define PORT_SIZE PAGE

static size_t relays_size(unsigned slots)
{
	return (slots * sizeof(struct relay) + PAGE - 1) / PAGE * PAGE;
}

/* Map the array that `fd` is of; the mapping holds it. NULL with errno. */
static void *map_array(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void *map_by_name(unsigned ifindex, const char *name, size_t size)
{
	int fd = xdp_open_map(ifindex, name);
	void *memory;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	memory = map_array(fd, size);
	close(fd);
	return memory;
}

int relay_maps_open(struct relay_maps *maps, unsigned ifindex, bool redirects)
{
	int ret;

	*maps = (struct relay_maps){ .realms_fd = -1 };
	maps->hops = map_by_name(ifindex, RELAY_MAP_HOPS, HOPS_SIZE);
	if (maps->hops != NULL)
		maps->port = map_by_name(ifindex, RELAY_MAP_PORT, PORT_SIZE);
	if (maps->port == NULL) {
		ret = -errno;
		relay_maps_close(maps);
		return ret;
	}
	maps->port->redirects = redirects;
	maps->realms_fd = ret = xdp_open_map(ifindex, RELAY_MAP_REALMS);
	if (ret < 0)
		relay_maps_close(maps);
	return ret < 0 ? ret : 0;
}

void relay_maps_close(struct relay_maps *maps)
{
	if (maps->hops != NULL)
		munmap(maps->hops, HOPS_SIZE);
	if (maps->port != NULL)
		munmap(maps->port, PORT_SIZE);
	if (maps->realms_fd >= 0)
		close(maps->realms_fd);
	*maps = (struct relay_maps){ .realms_fd = -1 };
}

struct relay *relay_maps_add(const struct relay_maps *maps, unsigned number, unsigned slots)
{
	const struct bpf_map_create_opts options = {
		.sz = sizeof(options),
		.map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP,
	};
	int fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "relays", sizeof(__u32), sizeof(struct relay), slots, &options);
	struct relay *relays;
	__u32 key = number;

	if (fd < 0)
		return NULL;
	relays = map_array(fd, relays_size(slots));
	if (relays != NULL && bpf_map_update_elem(maps->realms_fd, &key, &fd, BPF_ANY) < 0) {
		relay_maps_drop(relays, slots);
		relays = NULL;
	}
	close(fd);
	return relays;
}

void relay_maps_drop(struct relay *relays, unsigned slots)
{
	int saved = errno;

	if (relays != NULL)
		munmap(relays, relays_size(slots));
	errno = saved;
}

void relay_maps_set_hop(
	const struct relay_maps *maps, uint16_t number, const struct l2_header *header)
{
	struct relay_hop *hop = &maps->hops[number];

	__atomic_store_n(&hop->length, 0, __ATOMIC_SEQ_CST);
	memcpy(hop->bytes, header->bytes, sizeof(hop->bytes));
	__atomic_store_n(&hop->length, header->length, __ATOMIC_RELEASE);
}

void relay_maps_lease(const struct relay_maps *maps, uint64_t until_ns)
{
	__atomic_store_n(&maps->port->until_ns, until_ns, __ATOMIC_RELAXED);
}
