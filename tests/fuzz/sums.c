/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "sums.h"

#include "fuzz.h"

#define UDP_HEADER   8
#define UDP_CHECKSUM 6
#define PROTOCOL_UDP 17

uint16_t sum_of(uint16_t sum, const uint8_t *bytes, size_t length)
{
	uint64_t total = sum;

	for (size_t i = 0; i < length; i++)
		total += i % 2 == 0 ? (uint64_t)bytes[i] << 8 : bytes[i];
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

uint16_t sum_of_datagram(const struct frame *frame)
{
	const struct endpoint *ends[] = { &frame->source, &frame->destination };
	uint16_t length = (uint16_t)(UDP_HEADER + frame->payload_length);
	const uint8_t rest[] = { 0, PROTOCOL_UDP, (uint8_t)(length >> 8), (uint8_t)length };
	unsigned skip = frame->ipv6 ? 0 : 12;
	uint16_t sum = sum_of(0, rest, sizeof(rest));

	for (unsigned i = 0; i < 2; i++)
		sum = sum_of(sum, ends[i]->address + skip, sizeof(ends[i]->address) - skip);
	return sum_of(sum, frame->payload - UDP_HEADER, length);
}

void sums_make_right(uint8_t *data, const struct frame *frame)
{
	uint8_t *field = data + (frame->payload - data) - UDP_HEADER + UDP_CHECKSUM;
	uint16_t checksum;

	field[0] = field[1] = 0;
	checksum = (uint16_t)~sum_of_datagram(frame);
	if (checksum == 0)
		checksum = 0xffff;
	field[0] = (uint8_t)(checksum >> 8);
	field[1] = (uint8_t)checksum;
}
