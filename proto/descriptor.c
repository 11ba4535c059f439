/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "proto/descriptor.h"

#include <string.h>

/* Of descriptor_set.S. */
extern const uint8_t descriptor_set[];
extern const uint64_t descriptor_set_size;

/* Field numbers of google/protobuf/descriptor.proto. */
enum {
	SET_FILE = 1,
	NAME = 1, /* of a file, and of everything in it */
	FILE_PACKAGE = 2,
};

#define CHILD_FIELDS 9

/* What the fields of each kind of descriptor declare; DESCRIPTOR_FILE, which is never within
 * another, stands for nothing. */
static const uint8_t children[DESCRIPTOR_KINDS][CHILD_FIELDS] = {
	[DESCRIPTOR_FILE] = {
		[4] = DESCRIPTOR_MESSAGE,
		[5] = DESCRIPTOR_ENUM,
		[6] = DESCRIPTOR_SERVICE,
		[7] = DESCRIPTOR_FIELD, /* an extension */
	},
	[DESCRIPTOR_MESSAGE] = {
		[2] = DESCRIPTOR_FIELD,
		[3] = DESCRIPTOR_MESSAGE,
		[4] = DESCRIPTOR_ENUM,
		[6] = DESCRIPTOR_FIELD, /* an extension */
		[8] = DESCRIPTOR_ONEOF,
	},
	[DESCRIPTOR_ENUM] = { [2] = DESCRIPTOR_ENUM_VALUE },
	[DESCRIPTOR_SERVICE] = { [2] = DESCRIPTOR_METHOD },
};

static struct proto_span whole_set(void)
{
	return (struct proto_span){ descriptor_set, (size_t)descriptor_set_size };
}

static bool next_file(struct proto_span *rest, struct proto_span *file)
{
	struct proto_field field;

	while (proto_field_next(rest, &field))
		if (field.number == SET_FILE) {
			*file = field.bytes;
			return true;
		}
	return false;
}

/* What follows in `text` after the name in field `number` of the descriptor; NULL where it does
 * not begin with that. */
static const char *after_name(struct proto_span descriptor, unsigned number, const char *text)
{
	struct proto_field name;

	if (!proto_field_find(descriptor, number, &name) ||
		strncmp(text, (const char *)name.bytes.at, name.bytes.left) != 0)
		return NULL;
	return text + name.bytes.left;
}

/* Find what is called `name` within `parent`. */
static bool find_within(const struct descriptor *parent, const char *name, struct descriptor *found)
{
	struct proto_span rest = parent->bytes;
	struct proto_field field;

	while (proto_field_next(&rest, &field)) {
		struct descriptor child = { .bytes = field.bytes, .file = parent->file };
		const char *after;

		if (field.number < CHILD_FIELDS)
			child.kind = children[parent->kind][field.number];
		if (child.kind == DESCRIPTOR_FILE)
			continue;
		after = after_name(child.bytes, NAME, name);
		if (after != NULL && *after == '\0') {
			*found = child;
			return true;
		}
		/* The values of an enum are named as if they stood beside it. */
		if (child.kind == DESCRIPTOR_ENUM)
			after = name;
		else if (after != NULL)
			after = *after == '.' ? after + 1 : NULL;
		if (after != NULL && find_within(&child, after, found))
			return true;
	}
	return false;
}

bool descriptor_find(const char *name, struct descriptor *found)
{
	struct descriptor file = { .kind = DESCRIPTOR_FILE };
	struct proto_span rest = whole_set();

	while (next_file(&rest, &file.file)) {
		const char *after = after_name(file.file, FILE_PACKAGE, name);

		file.bytes = file.file;
		if (after != NULL && *after == '.' && find_within(&file, after + 1, found))
			return true;
	}
	return false;
}

bool descriptor_find_file(struct proto_span name, struct proto_span *file)
{
	struct proto_span rest = whole_set();
	struct proto_field own;

	while (next_file(&rest, file))
		if (proto_field_find(*file, NAME, &own) && own.bytes.left == name.left &&
			memcmp(own.bytes.at, name.at, name.left) == 0)
			return true;
	return false;
}
