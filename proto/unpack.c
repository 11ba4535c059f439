/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "proto/unpack.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/field.h"

#define NESTING_MAX 16 /* our messages nest five deep and are never recursive */

/* UTF-8 by RFC 3629, without NUL, which a C string would end at. */
static bool is_text(struct proto_span c)
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

/* Stands for a field of number 0, which there is none of. protobuf-c keeps one whose key is longer
 * than it must be, and cannot read again what it writes of it. */
static const char no_number[] = "";

/* The name of the first string in the message that is no text, or no_number; NULL where all is
 * right. What cannot be parsed is left to protobuf-c to refuse. */
static const char *find_fault(
	const ProtobufCMessageDescriptor *descriptor, struct proto_span rest, unsigned depth)
{
	struct proto_field taken;

	while (rest.left > 0 && depth < NESTING_MAX && proto_field_next(&rest, &taken)) {
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(descriptor, taken.number);
		const char *bad = NULL;

		if (taken.number == 0)
			return no_number;
		if (field == NULL || taken.type != PROTO_BYTES)
			continue;
		if (field->type == PROTOBUF_C_TYPE_STRING && !is_text(taken.bytes))
			bad = field->name;
		else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			bad = find_fault(field->descriptor, taken.bytes, depth + 1);
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

/* What malloc() takes for `size` bytes (glibc): a header, and no less than four words. An empty
 * text is thirty times what it says. */
static size_t taken_for(size_t size)
{
	size_t word = sizeof(size_t), taken = (size + word + 2 * word - 1) & ~(2 * word - 1);

	return taken < 4 * word ? 4 * word : taken;
}

static void *budget_alloc(void *data, size_t size)
{
	struct budget *budget = data;
	size_t taken = taken_for(size);

	if (taken > budget->left) {
		budget->exceeded = true;
		return NULL;
	}
	budget->left -= taken;
	return malloc(size);
}

static void budget_free(void *data, void *pointer)
{
	(void)data;
	free(pointer);
}

ProtobufCMessage *unpack_within(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
	size_t length, size_t *budget, char error[static UNPACK_ERROR_SIZE])
{
	struct budget left = { .left = *budget };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &left };
	const char *bad = find_fault(descriptor, (struct proto_span){ bytes, length }, 0);
	ProtobufCMessage *message = NULL;

	if (bad != NULL && bad != no_number) {
		snprintf(error, UNPACK_ERROR_SIZE, "%s is not UTF-8, or has a NUL in it", bad);
		return NULL;
	}
	if (bad == NULL)
		message = protobuf_c_message_unpack(descriptor, &allocator, length, bytes);
	if (message == NULL)
		snprintf(error, UNPACK_ERROR_SIZE, "the bytes are no %s%s", descriptor->name,
			left.exceeded ? " of a reasonable size" : "");
	if (message != NULL || left.exceeded)
		*budget = left.exceeded ? 0 : left.left;
	return message;
}

ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
	size_t length, size_t budget, char error[static UNPACK_ERROR_SIZE])
{
	return unpack_within(descriptor, bytes, length, &budget, error);
}

void unpacked_free(ProtobufCMessage *message)
{
	/* budget_alloc() is malloc() underneath, which is what NULL means to protobuf-c. */
	protobuf_c_message_free_unpacked(message, NULL);
}
