/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PROTO_UNPACK_H
#define BRIDGETAP_PROTO_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* How every program of ours unpacks messages from outside: within a budget of memory, because a
 * short message can unpack to a long one, and with texts checked, because protobuf-c does not.
 * Any thread. */

#define UNPACK_ERROR_SIZE 160

/* Unpack `length` bytes, using at most `budget` bytes of memory, with what malloc() takes for
 * itself. Strings must be UTF-8 (RFC 3629) without NUL. NULL, with a sentence in `error`, where
 * that is not so, or where the bytes are no message of this type. Free with unpacked_free(). */
ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
	size_t length, size_t budget, char error[static UNPACK_ERROR_SIZE]);

/* The same; what the message takes of `budget` is taken off it, and all of it where the message
 * would take more. */
ProtobufCMessage *unpack_within(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
	size_t length, size_t *budget, char error[static UNPACK_ERROR_SIZE]);

/* NULL is allowed. */
void unpacked_free(ProtobufCMessage *message);

#endif
