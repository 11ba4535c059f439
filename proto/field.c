/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "proto/field.h"

static bool take_varint(struct proto_span *rest, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && rest->left > 0; shift += 7) {
		uint8_t byte = *rest->at++;

		rest->left--;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool take_bytes(struct proto_span *rest, uint64_t count, struct proto_span *taken)
{
	if (count > rest->left)
		return false;
	*taken = (struct proto_span){ rest->at, (size_t)count };
	rest->at += count;
	rest->left -= (size_t)count;
	return true;
}

bool proto_field_next(struct proto_span *rest, struct proto_field *field)
{
	uint64_t key, length;

	*field = (struct proto_field){ 0 };
	if (!take_varint(rest, &key))
		return false;
	field->number = (unsigned)(key >> 3);
	field->type = (enum proto_wire_type)(key & 7);
	switch (field->type) {
	case PROTO_VARINT:
		return take_varint(rest, &field->value);
	case PROTO_FIXED64:
		return take_bytes(rest, 8, &field->bytes);
	case PROTO_FIXED32:
		return take_bytes(rest, 4, &field->bytes);
	case PROTO_BYTES:
		return take_varint(rest, &length) && take_bytes(rest, length, &field->bytes);
	default:
		return false; /* groups, which no file of ours has */
	}
}

bool proto_field_find(struct proto_span message, unsigned number, struct proto_field *field)
{
	while (proto_field_next(&message, field))
		if (field->number == number)
			return true;
	return false;
}
