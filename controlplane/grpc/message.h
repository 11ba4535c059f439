/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_MESSAGE_H
#define BRIDGETAP_GRPC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Messages on a stream: a flag byte, four bytes of length, and that many bytes of protobuf, cut
 * by HTTP/2 into frames anywhere (grpc/doc/PROTOCOL-HTTP2.md). */

#define GRPC_PREFIX_SIZE 5

#define GRPC_MESSAGE_MAX (4u << 20) /* bytes on the wire, as other servers' default */

/* Puts one message together out of pieces. All zero is empty. */
struct grpc_assembler {
	uint8_t prefix[GRPC_PREFIX_SIZE];
	uint8_t prefix_have;
	uint8_t *body;
	uint32_t length;
	uint32_t have;
};

enum grpc_assembly {
	GRPC_ASSEMBLY_MORE,	  /* all input was used, the message is not complete */
	GRPC_ASSEMBLY_COMPLETE,	  /* body and length are a message */
	GRPC_ASSEMBLY_TOO_LARGE,  /* longer than it may be */
	GRPC_ASSEMBLY_COMPRESSED, /* which was not offered */
	GRPC_ASSEMBLY_NO_MEMORY,
};

/* Use input from `*data` on, which is moved on along with `*length`, up to the end of a message.
 * One that begins may have `most` bytes, for which memory is taken at once. */
enum grpc_assembly grpc_assembler_feed(
	struct grpc_assembler *assembler, size_t most, const uint8_t **data, size_t *length);

/* Ready for the next message; frees the body. */
void grpc_assembler_reset(struct grpc_assembler *assembler);

/* Whether a message has begun and is not complete. */
static inline bool grpc_assembler_is_partial(const struct grpc_assembler *assembler)
{
	return assembler->prefix_have > 0;
}

/* A message with its prefix, on the heap; its size into `size`. NULL where memory is short. */
uint8_t *grpc_message_pack(const ProtobufCMessage *message, size_t *size);

#endif
