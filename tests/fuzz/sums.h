/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FUZZ_SUMS_H
#define BRIDGETAP_TESTS_FUZZ_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "net/frame.h"

/* Checksums, by code of the tests' own. */

/* What `length` bytes add up to, as RFC 1071 has it: 16 bits, in host order. */
uint16_t sum_of(uint16_t sum, const uint8_t *bytes, size_t length);

/* What the UDP datagram of a frame and its pseudo header add up to: 0xffff where the checksum in it
 * is right. */
uint16_t sum_of_datagram(const struct frame *frame);

/* Make the UDP checksum of a frame right that frame_parse() has read; `data` is that frame. */
void sums_make_right(uint8_t *data, const struct frame *frame);

#endif
