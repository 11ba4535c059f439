/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_JSON_H
#define BRIDGETAP_CTL_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* Between messages and JSON, by the messages' descriptors (protobuf's JSON mapping). Field names
 * are written as in the .proto files; the lowerCamelCase form is understood as well. Enumerations
 * are names, 64-bit numbers are texts, bytes are base64, fields at their default are left out. */

/* A new reference. */
json_t *json_of_message(const ProtobufCMessage *message);

#define JSON_ERROR_SIZE 256

/* A message of this type, to be freed by unpacked_free(); NULL with a sentence that names the
 * field in `error`. */
ProtobufCMessage *json_to_message(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
	char error[static JSON_ERROR_SIZE]);

#endif
