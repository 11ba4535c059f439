/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "blast/receive.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define COUNTS_SIZE (SINK_PORTS * sizeof(uint64_t))

/* To the frames of other XDP programs; goes when the process does. */
static int attach_to_frames(struct receiver *receiver, int ifindex)
{
	struct bpf_program *program =
		bpf_object__find_program_by_name(receiver->object, "sink_frames");

	if (program == NULL)
		return -ENOENT;
	receiver->link = bpf_program__attach_xdp(program, ifindex);
	return receiver->link == NULL ? -errno : 0;
}

static int attach(struct receiver *receiver, int ifindex)
{
	struct bpf_tc_hook hook = {
		.sz = sizeof(hook),
		.ifindex = ifindex,
		.attach_point = BPF_TC_INGRESS,
	};
	struct bpf_tc_opts options = {
		.sz = sizeof(options),
		.handle = 1,
		.priority = 1,
		.flags = BPF_TC_F_REPLACE,
	};
	struct bpf_program *program = bpf_object__find_program_by_name(receiver->object, "sink");
	int ret;

	if (program == NULL)
		return -ENOENT;
	ret = bpf_tc_hook_create(&hook);
	if (ret < 0 && ret != -EEXIST)
		return ret;
	options.prog_fd = bpf_program__fd(program);
	return bpf_tc_attach(&hook, &options);
}

int receiver_open(struct receiver *receiver, const char *path, int ifindex, bool frames)
{
	int fd, ret;

	memset(receiver, 0, sizeof(*receiver));
	receiver->counts = MAP_FAILED;
	receiver->object = bpf_object__open_file(path, NULL);
	if (receiver->object == NULL)
		return -errno;
	ret = bpf_object__load(receiver->object);
	if (ret < 0)
		goto fail;
	fd = bpf_object__find_map_fd_by_name(receiver->object, "sink_counts");
	receiver->counts = mmap(NULL, COUNTS_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (receiver->counts == MAP_FAILED) {
		ret = -errno;
		goto fail;
	}
	ret = frames ? attach_to_frames(receiver, ifindex) : attach(receiver, ifindex);
	if (ret == 0)
		return 0;
fail:
	receiver_close(receiver);
	return ret;
}

void receiver_close(struct receiver *receiver)
{
	if (receiver->counts != MAP_FAILED)
		munmap(receiver->counts, COUNTS_SIZE);
	bpf_link__destroy(receiver->link);
	bpf_object__close(receiver->object);
}

void receiver_reset(struct receiver *receiver)
{
	memcpy(receiver->before, receiver->counts, COUNTS_SIZE);
}

uint64_t receiver_count(const struct receiver *receiver, unsigned *heard)
{
	uint64_t packets = 0;

	*heard = 0;
	for (unsigned port = 0; port < SINK_PORTS; port++) {
		uint64_t came = receiver->counts[port] - receiver->before[port];

		packets += came;
		*heard += came > 0;
	}
	return packets;
}
