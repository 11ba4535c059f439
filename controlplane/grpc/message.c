/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/message.h"

#include <stdlib.h>
#include <string.h>

/* --- putting messages together --- */

static enum grpc_assembly take_prefix(
	struct grpc_assembler *assembler, size_t most, const uint8_t **data, size_t *length)
{
	while (assembler->prefix_have < GRPC_PREFIX_SIZE) {
		if (*length == 0)
			return GRPC_ASSEMBLY_MORE;
		assembler->prefix[assembler->prefix_have++] = *(*data)++;
		(*length)--;
	}
	if (assembler->body != NULL)
		return GRPC_ASSEMBLY_COMPLETE;
	if (assembler->prefix[0] != 0)
		return GRPC_ASSEMBLY_COMPRESSED;
	assembler->length = (uint32_t)assembler->prefix[1] << 24 |
			    (uint32_t)assembler->prefix[2] << 16 |
			    (uint32_t)assembler->prefix[3] << 8 | assembler->prefix[4];
	if (assembler->length > most)
		return GRPC_ASSEMBLY_TOO_LARGE;
	assembler->body = malloc(assembler->length + 1u); /* an empty message has a body, too */
	return assembler->body != NULL ? GRPC_ASSEMBLY_COMPLETE : GRPC_ASSEMBLY_NO_MEMORY;
}

enum grpc_assembly grpc_assembler_feed(
	struct grpc_assembler *assembler, size_t most, const uint8_t **data, size_t *length)
{
	enum grpc_assembly state = take_prefix(assembler, most, data, length);
	size_t piece;

	if (state != GRPC_ASSEMBLY_COMPLETE)
		return state;
	piece = assembler->length - assembler->have;
	piece = piece < *length ? piece : *length;
	memcpy(assembler->body + assembler->have, *data, piece);
	assembler->have += (uint32_t)piece;
	*data += piece;
	*length -= piece;
	return assembler->have == assembler->length ? GRPC_ASSEMBLY_COMPLETE : GRPC_ASSEMBLY_MORE;
}

void grpc_assembler_reset(struct grpc_assembler *assembler)
{
	free(assembler->body);
	memset(assembler, 0, sizeof(*assembler));
}

/* --- packing --- */

uint8_t *grpc_message_pack(const ProtobufCMessage *message, size_t *size)
{
	size_t length = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(GRPC_PREFIX_SIZE + length);

	if (bytes == NULL)
		return NULL;
	bytes[0] = 0;
	bytes[1] = (uint8_t)(length >> 24);
	bytes[2] = (uint8_t)(length >> 16);
	bytes[3] = (uint8_t)(length >> 8);
	bytes[4] = (uint8_t)length;
	protobuf_c_message_pack(message, bytes + GRPC_PREFIX_SIZE);
	*size = GRPC_PREFIX_SIZE + length;
	return bytes;
}
