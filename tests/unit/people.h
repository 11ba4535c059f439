/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_PEOPLE_H
#define BRIDGETAP_TESTS_PEOPLE_H

#include "monitor/edit.h"

/* A directory for tests. Each function makes a whole edit, checked and committed, and fails the
 * test where that is refused. */

struct user *people_put_user(struct organisation *organisation, const char *id, enum user_role role,
	bool call_monitor_access);

/* The same with one security role, which is made where there is none. */
struct user *people_put_user_with_role(struct organisation *organisation, const char *id,
	enum user_role role, const char *security_role);

/* The extension of a user, consented, with everybody's status open and no monitoring list. */
struct extension *people_put_extension(
	struct organisation *organisation, const char *id, const char *user);

/* Change an extension's settings. */
void people_change_extension(struct organisation *organisation, struct extension *extension,
	void (*change)(struct extension_settings *settings, void *arg), void *arg);

void people_delete(struct organisation *organisation, enum directory_kind kind, const char *id);

/* Dashboard, desktop, online; or nothing of it. */
void people_log_in(struct organisation *organisation, struct user *user);

/* Consent is accepted, and supervisors monitor by default. */
void people_open(struct organisation *organisation);

#endif
