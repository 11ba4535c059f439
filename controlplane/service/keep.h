/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_KEEP_H
#define BRIDGETAP_SERVICE_KEEP_H

#include "monitor/edit.h"
#include "service/audit.h"

/* Between the domain's settings and the store. What cannot be kept is not done: each function puts
 * the change and its audit record on the disk, or finishes the call and changes nothing. */

bool keep_organisation(struct grpc_call *grpc, const char *id, const char *name,
	bool monitoring_off, const struct audit_note *note);
bool keep_organisation_deleted(
	struct grpc_call *grpc, const char *id, const struct audit_note *note);
bool keep_organisation_settings(struct grpc_call *grpc, const struct organisation *organisation,
	const struct organisation_settings *settings, const struct audit_note *note);

/* Every step of a checked edit. */
bool keep_edit(struct grpc_call *grpc, const struct edit *edit, const struct audit_note *note);

/* At start: fill the world with what is kept. What cannot be read is logged and left out. 0 or
 * -EIO. */
int keep_restore(struct store *store, struct world *world);

#endif
