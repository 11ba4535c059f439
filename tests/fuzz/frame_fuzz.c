/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* An Ethernet frame: what is read out of it lies within it, what is known of its checksum is true,
 * and headers made from what was read are read the same. */
#include "fuzz.h"
#include "net/checksum.h"
#include "net/frame.h"
#include "sums.h"

/* Sums of bytes in memory order, and in host order; 0 and 0xffff are the same to them. */
static uint16_t comparable(uint16_t sum)
{
	return sum == 0xffff ? 0 : sum;
}

static uint16_t in_host_order(uint16_t sum)
{
	return comparable((uint16_t)(sum << 8 | sum >> 8));
}

static void check_payload_sum(const struct frame *frame)
{
	for (unsigned from = 0; from <= frame->payload_length; from += 4) {
		uint16_t known = checksum_fold(frame_payload_sum(frame, from));

		REQUIRE(in_host_order(known) ==
			comparable(sum_of(0, frame->payload + from, frame->payload_length - from)));
	}
}

static void check_template(const struct frame *frame)
{
	uint8_t out[14 + HEADER_IPV6_SIZE + UINT16_MAX] = { 0 };
	struct header_template header;
	struct frame again;
	uint8_t *payload, *start;

	header_template_init(&header, &frame->source, &frame->destination, 46);
	payload = out + 14 + header.length;
	memcpy(payload, frame->payload, frame->payload_length);
	start = header_template_write(header.bytes, header.length, payload, frame->payload_length,
		checksum_add(0, payload, frame->payload_length));
	REQUIRE(start == out + 14);
	out[12] = frame->ipv6 ? 0x86 : 0x08;
	out[13] = frame->ipv6 ? 0xdd : 0x00;
	REQUIRE(frame_parse(out, 14u + header.length + frame->payload_length, &again) == FRAME_OK);
	REQUIRE(endpoint_equal(&again.source, &frame->source));
	REQUIRE(endpoint_equal(&again.destination, &frame->destination));
	REQUIRE(again.payload == payload && again.payload_length == frame->payload_length);
	REQUIRE(sum_of_datagram(&again) == 0xffff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = copy_of(data, size);
	struct frame frame;

	if (frame_parse(copy, size, &frame) == FRAME_OK) {
		REQUIRE(frame.payload >= copy + 14 + 28);
		REQUIRE(frame.payload + frame.payload_length <= copy + size);
		REQUIRE(frame.ipv6 == !endpoint_is_ipv4(&frame.source));
		REQUIRE(frame.ipv6 == !endpoint_is_ipv4(&frame.destination));
		sums_make_right(copy, &frame);
		check_payload_sum(&frame);
		check_template(&frame);
	}
	free(copy);
	return 0;
}
