/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_DIRECTORY_H
#define BRIDGETAP_MONITOR_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/changes.h"
#include "monitor/refusal.h"
#include "monitor/table.h"
#include "monitor/text.h"

/* Who is who in an organisation: security roles, groups, users and extensions. Each entry has
 * settings, which are never changed in place: edit.h puts others in their stead. */

#define USER_ID_MAX	64
#define ENTRY_ID_MAX	64
#define NAME_MAX_BYTES	256
#define USER_ROLES_MAX	64   /* security roles of one user */
#define ACCESS_LIST_MAX 1000 /* entries of one side of an access list */

struct organisation;

enum directory_kind {
	DIRECTORY_ROLE,
	DIRECTORY_GROUP,
	DIRECTORY_USER,
	DIRECTORY_EXTENSION,
	DIRECTORY_KINDS,
};

struct entry {
	UT_hash_handle hh; /* by id, in the organisation's table of its kind */
	char *id;
	void *settings; /* by kind; NULL within an edit that makes or deletes the entry */
	bool mark;	/* of whoever walks over all entries */
};

/* --- security roles and groups --- */

struct label_settings {
	char *name;
};

/* --- users --- */

enum user_role {
	USER_ROLE_NONE,
	USER_ROLE_AGENT,
	USER_ROLE_SUPERVISOR,
	USER_ROLE_ADMIN,
};

enum presence { PRESENCE_UNKNOWN, PRESENCE_OFFLINE, PRESENCE_ONLINE, PRESENCE_AWAY, PRESENCE_DND };

struct user_settings {
	char *name;
	enum user_role role;
	struct text_list roles; /* ids of security roles */
	bool call_monitor_access;
};

struct user {
	struct entry entry;
	struct extension *extension; /* NULL for none */
	bool dashboard, desktop;     /* logged in there */
	enum presence presence;
	char *status_text;		 /* NULL or "" for none */
	uint64_t epoch;			 /* goes up whenever what the user may see has changed */
	const struct extension *claimed; /* of edit_check() */
};

static inline const struct user_settings *user_settings(const struct user *user)
{
	return user->entry.settings;
}

/* The security role that every user of this role has. */
const char *user_role_id(enum user_role role);

/* --- extensions --- */

enum access_option { ACCESS_EVERYONE, ACCESS_NOBODY, ACCESS_LISTED };

struct access_list {
	struct text_list included_roles, included_users, excluded_roles, excluded_users;
};

struct access_tier {
	enum access_option option;
	struct access_list list;
};

struct access {
	uint64_t version;
	struct access_tier status, callers;
	struct access_list monitoring;
};

struct extension_settings {
	char *name;
	char *user; /* id; "" for nobody's */
	bool consented;
	struct access access;
};

struct extension {
	struct entry entry;
	struct change change; /* of the organisation's extension_changes */
};

static inline const struct extension_settings *extension_settings(const struct extension *extension)
{
	return extension->entry.settings;
}

/* --- looking up; NULL where there is none --- */

struct entry *directory_find(
	const struct organisation *organisation, enum directory_kind kind, const char *id);
struct user *user_find(const struct organisation *organisation, const char *id);
struct extension *extension_find(const struct organisation *organisation, const char *id);

/* Up to `most` entries in the order of their ids, after id `after` ("" for the first); their
 * number. Sorts when entries have come or gone since the last time; 0 too where that needs memory
 * that is not to be had. */
unsigned directory_page(struct organisation *organisation, enum directory_kind kind,
	const char *after, struct entry **entries, unsigned most);

/* --- settings --- */

/* Copies that are wholly the caller's; NULL where memory is short. */
struct extension_settings *extension_settings_copy(const struct extension_settings *settings);
int access_copy(struct access *copy, const struct access *access);
void access_free(struct access *access);

/* Settings of this kind, with all that is in them; NULL is allowed. */
void settings_free(enum directory_kind kind, void *settings);

/* Free the whole directory. */
void directory_fini(struct organisation *organisation);

/* --- presence --- */

/* NULL and PRESENCE_UNKNOWN leave as it is. 0 or `refusal`. */
struct presence_report {
	const bool *dashboard, *desktop;
	enum presence presence;
	const char *status_text;
};
int user_report_presence(struct organisation *organisation, struct user *user,
	const struct presence_report *report, struct refusal *refusal);

/* What an extension shows. */
enum extension_state {
	EXTENSION_HIDDEN,
	EXTENSION_AVAILABLE,
	EXTENSION_UNAVAILABLE,
	EXTENSION_BUSY,
	EXTENSION_AWAY,
	EXTENSION_DND,
	EXTENSION_CUSTOM,
};
enum extension_state extension_state(
	const struct organisation *organisation, const struct extension *extension);

/* Watchers of extensions are to see it again. NULL is allowed. */
void extension_note(struct organisation *organisation, struct extension *extension);

#endif
