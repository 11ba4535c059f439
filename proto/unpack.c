/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "proto/unpack.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NESTING_MAX 16 /* our messages nest five deep and are never recursive */

/* What is left of a message's bytes. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool take_varint(struct cursor *c, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && c->left > 0; shift += 7) {
		uint8_t byte = *c->at++;

		c->left--;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool take_bytes(struct cursor *c, uint64_t count, struct cursor *taken)
{
	if (count > c->left)
		return false;
	*taken = (struct cursor){ c->at, (size_t)count };
	c->at += count;
	c->left -= (size_t)count;
	return true;
}

/* UTF-8 by RFC 3629, without NUL, which a C string would end at. */
static bool is_text(struct cursor c)
{
	while (c.left > 0) {
		uint8_t first = c.at[0], low = 0x80, high = 0xbf;
		size_t length = 1;

		if (first == 0 || (first > 0x7f && first < 0xc2) || first > 0xf4)
			return false;
		if (first >= 0xf0) {
			length = 4;
			low = first == 0xf0 ? 0x90 : low;
			high = first == 0xf4 ? 0x8f : high;
		} else if (first >= 0xe0) {
			length = 3;
			low = first == 0xe0 ? 0xa0 : low;
			high = first == 0xed ? 0x9f : high;
		} else if (first >= 0xc2) {
			length = 2;
		}
		if (length > c.left || (length > 1 && (c.at[1] < low || c.at[1] > high)))
			return false;
		for (size_t i = 2; i < length; i++)
			if ((c.at[i] & 0xc0) != 0x80)
				return false;
		c.at += length;
		c.left -= length;
	}
	return true;
}

/* The name of the first string in the message that is no text; NULL where all are. What cannot be
 * parsed is left to protobuf-c to refuse. */
static const char *find_bad_text(
	const ProtobufCMessageDescriptor *descriptor, struct cursor c, unsigned depth)
{
	uint64_t key, value;
	struct cursor taken;

	while (c.left > 0 && depth < NESTING_MAX && take_varint(&c, &key)) {
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(key >> 3));
		const char *bad = NULL;

		switch (key & 7) {
		case 0:
			if (!take_varint(&c, &value))
				return NULL;
			continue;
		case 1:
			if (!take_bytes(&c, 8, &taken))
				return NULL;
			continue;
		case 5:
			if (!take_bytes(&c, 4, &taken))
				return NULL;
			continue;
		case 2:
			if (!take_varint(&c, &value) || !take_bytes(&c, value, &taken))
				return NULL;
			break;
		default:
			return NULL;
		}
		if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING && !is_text(taken))
			bad = field->name;
		else if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE)
			bad = find_bad_text(field->descriptor, taken, depth + 1);
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

/* What protobuf-c may still allocate. */
struct budget {
	size_t left;
	bool exceeded;
};

static void *budget_alloc(void *data, size_t size)
{
	struct budget *budget = data;

	if (size > budget->left) {
		budget->exceeded = true;
		return NULL;
	}
	budget->left -= size;
	return malloc(size);
}

static void budget_free(void *data, void *pointer)
{
	(void)data;
	free(pointer);
}

ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
	size_t length, size_t budget, char error[static UNPACK_ERROR_SIZE])
{
	struct budget left = { .left = budget };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &left };
	const char *bad = find_bad_text(descriptor, (struct cursor){ bytes, length }, 0);
	ProtobufCMessage *message;

	if (bad != NULL) {
		snprintf(error, UNPACK_ERROR_SIZE, "%s is not UTF-8, or has a NUL in it", bad);
		return NULL;
	}
	message = protobuf_c_message_unpack(descriptor, &allocator, length, bytes);
	if (message == NULL)
		snprintf(error, UNPACK_ERROR_SIZE, "the bytes are no %s%s", descriptor->name,
			left.exceeded ? " of a reasonable size" : "");
	return message;
}

void unpacked_free(ProtobufCMessage *message)
{
	/* budget_alloc() is malloc() underneath, which is what NULL means to protobuf-c. */
	protobuf_c_message_free_unpacked(message, NULL);
}
