/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_RELAY_PROGRAM_H
#define BRIDGETAP_TESTS_RELAY_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/relay.h"

/* What the XDP program does with a packet of a relayed call (bpf/relay_packet.h), compiled for this
 * machine: its headers and the system's do not go together in one file. Rewrites the untagged frame
 * `data` of `length` bytes for `relay`, which takes note of it at `now_ns`; false where the program
 * would leave it to the worker. */
bool relay_program_run(struct relay *relay, const struct relay_hop *hop, uint8_t *data,
	unsigned length, uint64_t now_ns);

#endif
