/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PROTO_DESCRIPTOR_H
#define BRIDGETAP_PROTO_DESCRIPTOR_H

#include <stdbool.h>

#include "proto/field.h"

/* What the .proto files of the public services declare: the google.protobuf.FileDescriptorSet that
 * protoc has made of them, which the program carries. It knows what protobuf-c's own descriptors
 * leave out, such as which methods stream. Names are full ones, without a leading dot; a search
 * looks at the whole set once, which takes microseconds. Any thread. */

enum descriptor_kind {
	DESCRIPTOR_FILE,
	DESCRIPTOR_MESSAGE,
	DESCRIPTOR_FIELD,
	DESCRIPTOR_ONEOF,
	DESCRIPTOR_ENUM,
	DESCRIPTOR_ENUM_VALUE,
	DESCRIPTOR_SERVICE,
	DESCRIPTOR_METHOD,
	DESCRIPTOR_KINDS,
};

struct descriptor {
	enum descriptor_kind kind;
	struct proto_span bytes; /* google.protobuf.MethodDescriptorProto and so on, packed */
	struct proto_span file;	 /* the FileDescriptorProto that declares it */
};

/* Whatever has this name, but for files; false where nothing has. */
bool descriptor_find(const char *name, struct descriptor *found);

/* The file that others import as `name`, which need not end in a zero; false where there is none.
 */
bool descriptor_find_file(struct proto_span name, struct proto_span *file);

#endif
