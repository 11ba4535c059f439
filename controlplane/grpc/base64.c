/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/base64.h"

#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *bytes, size_t length)
{
	char *text = malloc(length / 3 * 4 + 4), *out = text;
	uint32_t bits = 0;
	unsigned have = 0;

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = alphabet[bits << (6 - have) & 63];
	*out = '\0';
	return text;
}

char *base64_of_message(const ProtobufCMessage *message)
{
	size_t length = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(length + 1);
	char *text = NULL;

	if (bytes != NULL) {
		protobuf_c_message_pack(message, bytes);
		text = base64_encode(bytes, length);
	}
	free(bytes);
	return text;
}

uint8_t *base64_decode(const char *text, size_t *length)
{
	uint8_t *bytes = malloc(strlen(text) / 4 * 3 + 3), *out = bytes;
	uint32_t bits = 0;
	unsigned have = 0;

	for (; bytes != NULL && *text != '\0' && *text != '='; text++) {
		const char *digit = strchr(alphabet, *text);

		if (digit == NULL) {
			free(bytes);
			return NULL;
		}
		bits = bits << 6 | (uint32_t)(digit - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*out++ = (uint8_t)(bits >> have);
		}
	}
	*length = bytes != NULL ? (size_t)(out - bytes) : 0;
	return bytes;
}
