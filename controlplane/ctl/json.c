/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/base64.h"
#include "proto/unpack.h"

/* --- out --- */

static size_t size_of_type(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static json_t *enum_name(const ProtobufCEnumDescriptor *descriptor, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);

	return known != NULL ? json_string(known->name) : json_integer(value);
}

static json_t *decimal(uint64_t value, bool is_signed)
{
	char text[24];

	if (is_signed)
		snprintf(text, sizeof(text), "%" PRId64, (int64_t)value);
	else
		snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string(text);
}

/* The value at `at`; NULL where it is the default of its type. */
static json_t *value_out(const ProtobufCFieldDescriptor *field, const void *at, bool keep_default)
{
	union {
		uint32_t u32;
		uint64_t u64;
		float f32;
		double f64;
	} number = { 0 };

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(char *const *)at;

		return *text == '\0' && !keep_default ? NULL : json_string(text);
	}
	case PROTOBUF_C_TYPE_MESSAGE: {
		const ProtobufCMessage *message = *(ProtobufCMessage *const *)at;

		return message == NULL ? NULL : json_of_message(message);
	}
	case PROTOBUF_C_TYPE_BYTES: {
		const ProtobufCBinaryData *bytes = at;
		char *text = bytes->len == 0 && !keep_default
				     ? NULL
				     : base64_encode(bytes->data, bytes->len);
		json_t *json = text == NULL ? NULL : json_string(text);

		free(text);
		return json;
	}
	default:
		break;
	}
	memcpy(&number, at, size_of_type(field->type));
	if (number.u64 == 0 && !keep_default)
		return NULL;
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(number.u32 != 0);
	case PROTOBUF_C_TYPE_ENUM:
		return enum_name(field->descriptor, (int)number.u32);
	case PROTOBUF_C_TYPE_FLOAT:
		return json_real((double)number.f32);
	case PROTOBUF_C_TYPE_DOUBLE:
		return json_real(number.f64);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return json_integer(number.u32);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return decimal(number.u64, false);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return decimal(number.u64, true);
	default:
		return json_integer((int32_t)number.u32);
	}
}

static json_t *field_out(const ProtobufCFieldDescriptor *field, const void *message)
{
	const char *at = (const char *)message + field->offset;
	size_t count, step = size_of_type(field->type);
	json_t *list;

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
			*(const uint32_t *)((const char *)message + field->quantifier_offset) !=
				field->id)
			return NULL;
		return value_out(field, at, field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
	}
	memcpy(&count, (const char *)message + field->quantifier_offset, sizeof(count));
	if (count == 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			list, value_out(field, *(const char *const *)at + i * step, true));
	return list;
}

json_t *json_of_message(const ProtobufCMessage *message)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		json_t *value = field_out(field, message);

		if (value != NULL)
			json_object_set_new(object, field->name, value);
	}
	return object;
}

/* --- in --- */

__attribute__((format(printf, 2, 3))) static int fail(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, JSON_ERROR_SIZE, format, args);
	va_end(args);
	return -EINVAL;
}

/* By the name in the .proto file, or by its lowerCamelCase form. */
static const ProtobufCFieldDescriptor *find_field(
	const ProtobufCMessageDescriptor *descriptor, const char *key)
{
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const char *name = descriptor->fields[i].name, *k = key;

		for (; *name != '\0' && *k != '\0'; name++, k++) {
			if (*name == '_' && *k != '_' && name[1] != '\0' &&
				(name[1] & ~0x20) == *k) {
				name++;
				continue;
			}
			if (*name != *k)
				break;
		}
		if (*name == '\0' && *k == '\0')
			return &descriptor->fields[i];
	}
	return NULL;
}

static int enum_in(
	const json_t *json, const ProtobufCFieldDescriptor *field, int32_t *out, char *error)
{
	const ProtobufCEnumDescriptor *descriptor = field->descriptor;
	const ProtobufCEnumValue *value;
	char known[160] = "";

	if (json_is_integer(json)) {
		*out = (int32_t)json_integer_value(json);
		return 0;
	}
	value = json_is_string(json) ? protobuf_c_enum_descriptor_get_value_by_name(
					       descriptor, json_string_value(json))
				     : NULL;
	if (value != NULL) {
		*out = value->value;
		return 0;
	}
	for (unsigned i = 0; i < descriptor->n_values; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			i ? ", " : "", descriptor->values[i].name);
	return fail(error, "%s must be one of %s", field->name, known);
}

/* A number, or a text that is one. */
static int number_in(const json_t *json, const ProtobufCFieldDescriptor *field, double *real,
	int64_t *integer, char *error)
{
	const char *text = json_string_value(json);
	char *end = NULL;

	if (text != NULL && *text != '\0') {
		*integer =
			*text == '-' ? strtoll(text, &end, 10) : (int64_t)strtoull(text, &end, 10);
		*real = *end == '\0' ? (double)*integer : strtod(text, &end);
		if (*end == '\0')
			return 0;
	} else if (json_is_number(json)) {
		*integer = json_is_integer(json) ? json_integer_value(json)
						 : (int64_t)json_real_value(json);
		*real = json_number_value(json);
		return 0;
	}
	return fail(error, "%s must be a number", field->name);
}

static int value_in(
	const json_t *json, const ProtobufCFieldDescriptor *field, void *at, char *error)
{
	int64_t integer = 0;
	double real = 0;
	float single;
	int ret;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (!json_is_string(json))
			return fail(error, "%s must be a text", field->name);
		*(char **)at = strdup(json_string_value(json));
		return *(char **)at != NULL ? 0 : -ENOMEM;
	case PROTOBUF_C_TYPE_BYTES: {
		ProtobufCBinaryData *bytes = at;

		bytes->data = json_is_string(json)
				      ? base64_decode(json_string_value(json), &bytes->len)
				      : NULL;
		return bytes->data != NULL ? 0 : fail(error, "%s must be base64", field->name);
	}
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)at = json_to_message(json, field->descriptor, error);
		return *(ProtobufCMessage **)at != NULL ? 0 : -EINVAL;
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(json))
			return fail(error, "%s must be true or false", field->name);
		*(protobuf_c_boolean *)at = json_is_true(json);
		return 0;
	case PROTOBUF_C_TYPE_ENUM:
		return enum_in(json, field, at, error);
	default:
		break;
	}
	ret = number_in(json, field, &real, &integer, error);
	if (ret < 0)
		return ret;
	single = (float)real;
	if (field->type == PROTOBUF_C_TYPE_DOUBLE)
		memcpy(at, &real, sizeof(real));
	else if (field->type == PROTOBUF_C_TYPE_FLOAT)
		memcpy(at, &single, sizeof(single));
	else
		memcpy(at, &integer, size_of_type(field->type)); /* little-endian, as we all are */
	return 0;
}

static int field_in(const json_t *json, const ProtobufCFieldDescriptor *field,
	ProtobufCMessage *message, char *error)
{
	char *at = (char *)message + field->offset;
	char *quantifier = (char *)message + field->quantifier_offset;
	size_t step = size_of_type(field->type), count;
	char *list;

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			*(uint32_t *)quantifier = field->id;
		return value_in(json, field, at, error);
	}
	if (!json_is_array(json))
		return fail(error, "%s must be a list", field->name);
	count = json_array_size(json);
	list = calloc(count + 1, step);
	if (list == NULL)
		return -ENOMEM;
	*(char **)at = list;
	for (size_t i = 0; i < count; i++) {
		int ret = value_in(json_array_get(json, i), field, list + i * step, error);

		if (ret < 0)
			return ret;
		*(size_t *)quantifier = i + 1;
	}
	return 0;
}

ProtobufCMessage *json_to_message(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
	char error[static JSON_ERROR_SIZE])
{
	ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);
	const char *key;
	json_t *value;

	if (message == NULL) {
		fail(error, "out of memory");
		return NULL;
	}
	protobuf_c_message_init(descriptor, message);
	if (!json_is_object(json)) {
		fail(error, "%s must be an object: { ... }", descriptor->short_name);
		unpacked_free(message);
		return NULL;
	}
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		const ProtobufCFieldDescriptor *field = find_field(descriptor, key);

		if (field == NULL) {
			fail(error, "%s has no field \"%s\"", descriptor->short_name, key);
			unpacked_free(message);
			return NULL;
		}
		if (!json_is_null(value) && field_in(value, field, message, error) < 0) {
			unpacked_free(message);
			return NULL;
		}
	}
	return message;
}
