/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_CONVERT_DIRECTORY_H
#define BRIDGETAP_SERVICE_CONVERT_DIRECTORY_H

#include "bridgetap/v1/directory.pb-c.h"
#include "monitor/directory.h"
#include "monitor/world.h"
#include "service/arena.h"

/* Between the messages of directory.proto and access.proto and the domain; as convert.h. Decoded
 * settings are wholly the caller's: NULL with `refusal`, else to be given to edit_put(). */

Bridgetap__V1__Organisation *encode_organisation(
	struct arena *arena, const struct organisation *organisation);
Bridgetap__V1__OrganisationSettings *encode_organisation_settings(
	struct arena *arena, const struct organisation_settings *settings);

/* Texts point into the message. */
void decode_organisation_settings(
	struct organisation_settings *settings, const Bridgetap__V1__OrganisationSettings *message);

/* The message of an entry of any kind, with the access settings of an extension. */
ProtobufCMessage *encode_entry(
	struct arena *arena, enum directory_kind kind, const struct entry *entry);

Bridgetap__V1__Extension *encode_extension(
	struct arena *arena, const struct extension *extension, bool with_access);
Bridgetap__V1__AccessSettings *encode_access(
	struct arena *arena, const struct extension *extension);

void *decode_role(const Bridgetap__V1__SecurityRole *message, struct refusal *refusal);
void *decode_group(const Bridgetap__V1__Group *message, struct refusal *refusal);
void *decode_user(const Bridgetap__V1__User *message, struct refusal *refusal);

/* Where the message has no access settings they are those of `before`, or, where that is NULL, the
 * defaults. */
void *decode_extension(const Bridgetap__V1__Extension *message,
	const struct extension_settings *before, struct refusal *refusal);

/* Into `access`, which is empty. 0 or `refusal`. */
int decode_access(struct access *access, const Bridgetap__V1__AccessSettings *message,
	struct refusal *refusal);

#endif
