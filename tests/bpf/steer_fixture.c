/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "steer_fixture.h"

#include "check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define CPUS_MAX 1024

static struct bpf_object *object;
static int program;

int steer_load(void **state)
{
	const char *directory = getenv("BRIDGETAP_BPF");
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/steer.bpf.o", directory ? directory : "build/bpf");
	object = bpf_object__open_file(path, NULL);
	assert_non_null(object);
	assert_int_equal(bpf_object__load(object), 0);
	program = bpf_program__fd(bpf_object__next_program(object, NULL));
	assert_true(program >= 0);
	return 0;
}

int steer_unload(void **state)
{
	(void)state;
	bpf_object__close(object);
	return 0;
}

int steer_map(const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	assert_true(fd >= 0);
	return fd;
}

void steer_add_realm(
	const char *address, unsigned service, unsigned vlan, const struct steer_realm *realm)
{
	struct steer_address key = { .vlan = (uint16_t)vlan, .service_vlan = (uint16_t)service };

	if (inet_pton(AF_INET, address, key.address + 12) == 1)
		memset(key.address + 10, 0xff, 2);
	else
		assert_int_equal(inet_pton(AF_INET6, address, key.address), 1);
	assert_int_equal(bpf_map_update_elem(steer_map(STEER_MAP_REALMS), &key, realm, BPF_ANY), 0);
}

uint64_t steer_counted(uint32_t counter)
{
	uint64_t values[CPUS_MAX] = { 0 }, sum = 0;
	int cpus = libbpf_num_possible_cpus();

	assert_in_range(cpus, 1, CPUS_MAX);
	assert_int_equal(bpf_map_lookup_elem(steer_map(STEER_MAP_COUNTERS), &counter, values), 0);
	for (int i = 0; i < cpus; i++)
		sum += values[i];
	return sum;
}

unsigned steer_run(const uint8_t *bytes, unsigned length, uint8_t *out, unsigned *out_length)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = length,
		.data_out = out, .data_size_out = *out_length, .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(program, &options), 0);
	*out_length = options.data_size_out;
	return options.retval;
}
