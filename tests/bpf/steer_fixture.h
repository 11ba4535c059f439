/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_STEER_FIXTURE_H
#define BRIDGETAP_TESTS_STEER_FIXTURE_H

#include <stdint.h>

#include <linux/bpf.h>

#include "bpf/steer.h"

/* The XDP program in the kernel itself: packets in, verdicts out, by BPF_PROG_RUN. */

/* cmocka group fixtures. */
int steer_load(void **state);
int steer_unload(void **state);

/* The descriptor of one of its maps. */
int steer_map(const char *name);

/* A realm at an address of either family, behind these VLAN tags (0 for none). */
void steer_add_realm(
	const char *address, unsigned service, unsigned vlan, const struct steer_realm *realm);

/* What an enum steer_counter counts, over all CPUs. */
uint64_t steer_counted(uint32_t counter);

/* Run the program on `length` bytes. Returns its verdict, with what became of the packet in `out`,
 * of `*out_length` bytes, and its length there. */
unsigned steer_run(const uint8_t *bytes, unsigned length, uint8_t *out, unsigned *out_length);

#endif
