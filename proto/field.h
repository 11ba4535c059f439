/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PROTO_FIELD_H
#define BRIDGETAP_PROTO_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packed messages read field by field, without unpacking them. Any thread. */

/* Bytes of somebody else's. */
struct proto_span {
	const uint8_t *at;
	size_t left;
};

enum proto_wire_type {
	PROTO_VARINT = 0,
	PROTO_FIXED64 = 1,
	PROTO_BYTES = 2, /* strings, and messages within the message, too */
	PROTO_FIXED32 = 5,
};

struct proto_field {
	unsigned number;
	enum proto_wire_type type;
	uint64_t value;		 /* of PROTO_VARINT */
	struct proto_span bytes; /* of all others */
};

/* Take the next field off `rest`. False at the end, or where the rest cannot be parsed. */
bool proto_field_next(struct proto_span *rest, struct proto_field *field);

/* The first field of this number; false where there is none. */
bool proto_field_find(struct proto_span message, unsigned number, struct proto_field *field);

#endif
