/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* Every message there is, of clients and between the planes: what can be read within the budget
 * can be written, and is then read as the same. */
#include "fuzz.h"
#include "messages.h"
#include "proto/unpack.h"

#define BUDGET (1u << 20)

/* One character of UTF-8 (RFC 3629) by its code point; returns its length, 0 where it is none. */
static unsigned character_length(const uint8_t *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned length = text[0] < 0x80   ? 1
			  : text[0] < 0xc0 ? 0
			  : text[0] < 0xe0 ? 2
			  : text[0] < 0xf0 ? 3
			  : text[0] < 0xf8 ? 4
					   : 0;
	uint32_t point = length == 1 ? text[0] : text[0] & (0x7fu >> length);

	for (unsigned i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		point = point << 6 | (text[i] & 63);
	}
	if (length == 0 || point < least[length] || point > 0x10ffff)
		return 0;
	return point >= 0xd800 && point < 0xe000 ? 0 : length;
}

static void check_text(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;

	while (*at != '\0') {
		unsigned length = character_length(at);

		REQUIRE(length > 0);
		at += length;
	}
}

static void check_field(const ProtobufCFieldDescriptor *field, const void *member);

/* Every text, however deep, is one. */
static void check_texts(const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const uint8_t *base = (const uint8_t *)message;
		const uint8_t *member = base + field->offset;
		size_t count = 1;

		if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			memcpy(&count, base + field->quantifier_offset, sizeof(count));
			memcpy(&member, member, sizeof(void *));
		} else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
			   *(const uint32_t *)(base + field->quantifier_offset) != field->id) {
			continue;
		}
		for (size_t n = 0; n < count; n++)
			check_field(field, member + n * sizeof(void *));
	}
}

static void check_field(const ProtobufCFieldDescriptor *field, const void *member)
{
	const void *value;

	memcpy(&value, member, sizeof(value));
	if (value == NULL)
		return;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		check_text(value);
	else
		check_texts(value);
}

static uint8_t *pack(const ProtobufCMessage *message, size_t *size)
{
	uint8_t *bytes;

	*size = protobuf_c_message_get_packed_size(message);
	bytes = malloc(*size + 1);
	REQUIRE(bytes != NULL);
	REQUIRE(protobuf_c_message_pack(message, bytes) == *size);
	return bytes;
}

static void check_round_trip(
	const ProtobufCMessageDescriptor *descriptor, const ProtobufCMessage *message)
{
	char error[UNPACK_ERROR_SIZE];
	size_t size, again_size;
	uint8_t *bytes = pack(message, &size), *again_bytes;
	ProtobufCMessage *again = unpack(descriptor, bytes, size, 2 * BUDGET, error);

	REQUIRE(again != NULL);
	again_bytes = pack(again, &again_size);
	REQUIRE(size == again_size && memcmp(bytes, again_bytes, size) == 0);
	unpacked_free(again);
	free(bytes);
	free(again_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	const ProtobufCMessageDescriptor *descriptor = messages[take_u8(&in) % message_count];
	char error[UNPACK_ERROR_SIZE] = "";
	uint8_t *copy = copy_of(in.at, in.left);
	ProtobufCMessage *message = unpack(descriptor, copy, in.left, BUDGET, error);

	free(copy);
	if (message == NULL) {
		REQUIRE(error[0] != '\0');
		return 0;
	}
	REQUIRE(protobuf_c_message_check(message));
	check_texts(message);
	check_round_trip(descriptor, message);
	unpacked_free(message);
	return 0;
}
