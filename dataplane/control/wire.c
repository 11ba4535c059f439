/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What protobuf-c may still allocate for one message: 2 MiB on the wire can unpack to 128 MiB. */
struct budget {
	size_t left;
	int exceeded;
};

static void *budget_alloc(void *data, size_t size)
{
	struct budget *budget = data;

	if (size > budget->left) {
		budget->exceeded = 1;
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

WireTo *wire_unpack(const uint8_t *bytes, size_t length)
{
	struct budget budget = { .left = WIRE_UNPACK_MAX };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };
	WireTo *message = bridgetap__dataplane__v1__to_dataplane__unpack(&allocator, length, bytes);

	if (message == NULL)
		errno = budget.exceeded ? ENOMEM : EBADMSG;
	return message;
}

void wire_free(WireTo *message)
{
	/* budget_alloc() is malloc() underneath, which is what NULL means to protobuf-c. */
	bridgetap__dataplane__v1__to_dataplane__free_unpacked(message, NULL);
}

WireCall *wire_call_copy(const WireCall *call)
{
	size_t size = bridgetap__dataplane__v1__call__get_packed_size(call);
	uint8_t *bytes = malloc(size ? size : 1);
	WireCall *copy = NULL;

	if (bytes != NULL) {
		bridgetap__dataplane__v1__call__pack(call, bytes);
		copy = bridgetap__dataplane__v1__call__unpack(NULL, size, bytes);
	}
	free(bytes);
	return copy;
}

void wire_call_free(WireCall *call)
{
	bridgetap__dataplane__v1__call__free_unpacked(call, NULL);
}

/* The length of the UTF-8 sequence at `text`, 0 where it is none. RFC 3629 section 4. */
static size_t utf8_sequence(const unsigned char *text)
{
	unsigned low = 0x80, high = 0xbf;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf) {
		length = 2;
	} else if (text[0] >= 0xe0 && text[0] <= 0xef) {
		length = 3;
		low = text[0] == 0xe0 ? 0xa0 : low;
		high = text[0] == 0xed ? 0x9f : high;
	} else if (text[0] >= 0xf0 && text[0] <= 0xf4) {
		length = 4;
		low = text[0] == 0xf0 ? 0x90 : low;
		high = text[0] == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

int wire_text_is_clean(const char *text, size_t most)
{
	size_t length = strlen(text);

	if (length == 0 || length > most)
		return 0;
	for (size_t i = 0; i < length;) {
		size_t step = utf8_sequence((const unsigned char *)text + i);

		if (step == 0 || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return 0;
		i += step;
	}
	return 1;
}
