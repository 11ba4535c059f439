/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_BASE64_H
#define BRIDGETAP_GRPC_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* Base64 (RFC 4648 section 4) as gRPC has it in metadata whose name ends in -bin. Any thread. */

/* The packed message as text, on the heap, without padding. NULL where memory is short. */
char *base64_of_message(const ProtobufCMessage *message);

/* The encoding of bytes, likewise. */
char *base64_encode(const uint8_t *bytes, size_t length);

/* Decode `text`, padded or not, into memory of its own; its length into `length`. NULL where it
 * is no base64. */
uint8_t *base64_decode(const char *text, size_t *length);

#endif
