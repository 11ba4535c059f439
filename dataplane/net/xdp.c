/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/xdp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The kernel cuts program names to 15 characters. */
static int program_is_steer(const struct bpf_prog_info *info)
{
	return strncmp(info->name, STEER_PROGRAM, BPF_OBJ_NAME_LEN - 1) == 0;
}

/* The id of the XDP program on an interface into `id` (0 for none), and what it is into `info`.
 * `map_ids` receives up to `map_count` ids. */
static int query_program(
	unsigned ifindex, __u32 *id, struct bpf_prog_info *info, __u32 *map_ids, __u32 map_count)
{
	__u32 length = sizeof(*info);
	int fd, ret;

	memset(info, 0, sizeof(*info));
	ret = bpf_xdp_query_id((int)ifindex, 0, id);
	if (ret < 0 || *id == 0)
		return ret;
	fd = bpf_prog_get_fd_by_id(*id);
	if (fd < 0)
		return -errno;
	info->map_ids = (uintptr_t)map_ids;
	info->nr_map_ids = map_count;
	ret = bpf_obj_get_info_by_fd(fd, info, &length) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int xdp_open_map(unsigned ifindex, const char *name)
{
	__u32 map_ids[16], id = 0;
	struct bpf_prog_info program;
	int ret = query_program(ifindex, &id, &program, map_ids, 16);

	if (ret < 0)
		return ret;
	if (id == 0 || !program_is_steer(&program))
		return -ENOENT;
	for (__u32 i = 0; i < program.nr_map_ids && i < 16; i++) {
		struct bpf_map_info map = { 0 };
		__u32 length = sizeof(map);
		int fd = bpf_map_get_fd_by_id(map_ids[i]);

		if (fd < 0)
			return -errno;
		if (bpf_obj_get_info_by_fd(fd, &map, &length) == 0 &&
			strncmp(map.name, name, BPF_OBJ_NAME_LEN - 1) == 0)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

int xdp_detach_stale(unsigned ifindex)
{
	struct bpf_prog_info program;
	__u32 id = 0;
	int ret = query_program(ifindex, &id, &program, NULL, 0);

	if (ret < 0 || id == 0)
		return ret;
	if (!program_is_steer(&program))
		return -EBUSY;
	return bpf_xdp_detach((int)ifindex, 0, NULL);
}

int xdp_steer_realms(unsigned ifindex, const struct realm_set *set, uint16_t port_id)
{
	int fd = xdp_open_map(ifindex, STEER_MAP_REALMS), ret = 0;

	if (fd < 0)
		return fd;
	for (unsigned i = 0; i < set->count && ret == 0; i++) {
		const struct realm *realm = &set->realm[i];
		struct steer_address key = {
			.vlan = realm->vlan,
			.service_vlan = realm->service_vlan,
		};
		struct steer_realm value = { realm->first_port, realm->last_port, i };

		if (realm->port_id != port_id)
			continue;
		memcpy(key.address, realm->address.address, sizeof(key.address));
		if (bpf_map_update_elem(fd, &key, &value, BPF_ANY) < 0)
			ret = -errno;
	}
	close(fd);
	return ret;
}

int xdp_read_counters(unsigned ifindex, uint64_t counters[static STEER_COUNTER_COUNT])
{
	int cpus = libbpf_num_possible_cpus(), fd, ret = 0;
	__u64 *values;

	if (cpus < 0)
		return cpus;
	fd = xdp_open_map(ifindex, STEER_MAP_COUNTERS);
	if (fd < 0)
		return fd;
	values = calloc((size_t)cpus, sizeof(*values));
	for (__u32 i = 0; values != NULL && i < STEER_COUNTER_COUNT && ret == 0; i++) {
		counters[i] = 0;
		if (bpf_map_lookup_elem(fd, &i, values) < 0)
			ret = -errno;
		for (int cpu = 0; cpu < cpus; cpu++)
			counters[i] += values[cpu];
	}
	if (values == NULL)
		ret = -ENOMEM;
	free(values);
	close(fd);
	return ret;
}
