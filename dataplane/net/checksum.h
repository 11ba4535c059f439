/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_CHECKSUM_H
#define BRIDGETAP_NET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The Internet checksum (RFC 1071). Sums are of 16-bit words as they lie in memory, in 64 bits that
 * never overflow, and folded once at the end. Pure functions, any thread. */

/* Add `length` bytes, 16 at a time: as 32-bit words, the even and the odd ones of each block kept
 * apart in lanes of 64 bits. */
static inline uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t length)
{
	typedef uint64_t lanes __attribute__((vector_size(16)));
	lanes even = { 0, 0 }, odd = { 0, 0 }, block;

	for (; length >= 16; bytes += 16, length -= 16) {
		memcpy(&block, bytes, 16);
		even += block & 0xffffffff;
		odd += block >> 32;
	}
	if (length > 0) {
		block = (lanes){ 0, 0 };
		memcpy(&block, bytes, length);
		even += block & 0xffffffff;
		odd += block >> 32;
	}
	even += odd;
	return sum + even[0] + even[1];
}

/* A sum in 16 bits, to be kept and added to. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The checksum field's value for a sum, in memory order. */
static inline uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/* The same of UDP, where 0 means that there is none (RFC 768). */
static inline uint16_t checksum_finish_udp(uint64_t sum)
{
	uint16_t checksum = checksum_finish(sum);

	return checksum != 0 ? checksum : 0xffff;
}

#endif
