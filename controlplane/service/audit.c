/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/audit.h"

#include <syslog.h>

#include "log.h"

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

void audit_note(struct services *services, const struct audit_note *note)
{
	const struct audit_record record = {
		.at_ms = services->wall_ms(),
		.organisation = note->organisation != NULL ? note->organisation->id : "",
		.actor = or_empty(services->acting.user),
		.peer_uid = services->acting.peer_uid,
		.action = note->action,
		.call = or_empty(note->call),
		.subject = or_empty(note->subject),
		.detail = or_empty(note->detail),
		.reasons = note->reasons,
	};

	if (store_audit(services->store, &record) < 0)
		log_line(LOG_ERR, "the audit is full: %s of %s on call %s is not in it",
			record.action, record.subject, record.call);
	loop_task_queue(services->loop, &services->flush);
}

const char *audit_mode(int mode)
{
	static const char *const names[] = { "", "listen", "whisper", "barge" };

	return mode >= 0 && mode <= 3 ? names[mode] : "";
}
