/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <libconfig.h>

#include "log.h"

#define SETTINGS   "listen, listen_mode, dataplane, store, end_dead_calls_after, peers"
#define DEAD_MAX_S 86400

static int complain(const char *path, const config_setting_t *at, const char *sentence)
{
	log_line(LOG_ERR, "%s:%u: %s", path, (unsigned)config_setting_source_line(at), sentence);
	return -EINVAL;
}

static int set_text(const char *path, const config_setting_t *at, char *out, size_t size)
{
	const char *text = config_setting_get_string(at);
	char sentence[160];

	if (text == NULL || *text == '\0' || strlen(text) >= size) {
		snprintf(sentence, sizeof(sentence),
			"\"%.40s\" must be a text in quotes, of at most %zu characters",
			config_setting_name(at), size - 1);
		return complain(path, at, sentence);
	}
	snprintf(out, size, "%s", text);
	return 0;
}

static int set_mode(const char *path, const config_setting_t *at, unsigned *mode)
{
	const char *text = config_setting_get_string(at);
	char *end = NULL;
	unsigned long value = text != NULL ? strtoul(text, &end, 8) : 01000;

	if (value > 0777 || end == text || *end != '\0')
		return complain(path, at, "\"listen_mode\" must be a file mode such as \"0660\"");
	*mode = (unsigned)value;
	return 0;
}

static int set_dead_after(const char *path, const config_setting_t *at, uint32_t *seconds)
{
	int value = config_setting_get_int(at);

	if (config_setting_type(at) != CONFIG_TYPE_INT || value < 0 || value > DEAD_MAX_S)
		return complain(path, at,
			"\"end_dead_calls_after\" must be a whole number of seconds from 0 to "
			"86400");
	*seconds = (uint32_t)value;
	return 0;
}

/* --- peers --- */

static int set_level(const char *path, const config_setting_t *at, struct peer_rule *rule)
{
	static const char *const names[] = { "", "user", "organisation", "operator" };
	const char *text = config_setting_get_string(at);

	for (int level = PEER_USER; text != NULL && level <= PEER_OPERATOR; level++)
		if (strcmp(names[level], text) == 0) {
			rule->level = (enum peer_level)level;
			return 0;
		}
	return complain(path, at, "\"may\" must be \"user\", \"organisation\" or \"operator\"");
}

static int set_peer(
	const char *path, const config_setting_t *at, bool by_group, struct peer_rule *rule)
{
	const char *text = config_setting_get_string(at);
	const struct passwd *user = NULL;
	const struct group *group = NULL;
	char sentence[160];

	rule->by_group = by_group;
	if (config_setting_type(at) == CONFIG_TYPE_INT && config_setting_get_int(at) >= 0) {
		rule->id = (uint32_t)config_setting_get_int(at);
		return 0;
	}
	if (text != NULL && by_group)
		group = getgrnam(text);
	else if (text != NULL)
		user = getpwnam(text);
	if (user != NULL || group != NULL) {
		rule->id = user != NULL ? user->pw_uid : group->gr_gid;
		return 0;
	}
	snprintf(sentence, sizeof(sentence),
		"this machine has no %s \"%.40s\"; give a name or a number",
		by_group ? "group" : "user", text != NULL ? text : "");
	return complain(path, at, sentence);
}

static int set_names(const char *path, const config_setting_t *at, char **names, unsigned *count)
{
	int length = config_setting_length(at);

	if (length == 0 || length > PEER_NAMES_MAX)
		return complain(
			path, at, "this must be a list of 1 to 64 texts, such as [ \"acme\" ]");
	for (int i = 0; i < length; i++) {
		const char *text = config_setting_get_string_elem(at, i);

		names[*count] = text != NULL ? strdup(text) : NULL;
		if (names[*count] == NULL)
			return complain(path, at, "this must be a list of texts in quotes");
		(*count)++;
	}
	return 0;
}

static int read_rule_setting(
	const char *path, const config_setting_t *at, struct peer_rule *rule, bool *named)
{
	const char *name = config_setting_name(at);

	if (strcmp(name, "may") == 0)
		return set_level(path, at, rule);
	if (strcmp(name, "organisations") == 0)
		return set_names(path, at, rule->organisations, &rule->organisation_count);
	if (strcmp(name, "as_users") == 0)
		return set_names(path, at, rule->users, &rule->user_count);
	*named = true;
	if (strcmp(name, "user") == 0 || strcmp(name, "group") == 0)
		return set_peer(path, at, *name == 'g', rule);
	return complain(path, at,
		"there is no such setting of a peer; there are user, group, may, organisations, "
		"as_users");
}

static int read_rule(const char *path, const config_setting_t *at, struct peers *peers)
{
	struct peer_rule *rule = &peers->rules[peers->count];
	bool named = false;

	if (peers->count == PEER_RULES_MAX)
		return complain(path, at, "there are more than 64 peers; use groups");
	peers->count++;
	for (int i = 0; i < config_setting_length(at); i++) {
		int ret = read_rule_setting(
			path, config_setting_get_elem(at, (unsigned)i), rule, &named);

		if (ret < 0)
			return ret;
	}
	if (!named || rule->level == PEER_NOBODY)
		return complain(path, at, "a peer needs \"user\" or \"group\", and \"may\"");
	if (rule->level != PEER_OPERATOR && rule->organisation_count == 0)
		return complain(path, at, "a peer that is no operator needs \"organisations\"");
	return 0;
}

static int read_peers(struct config *config, const char *path, const config_setting_t *setting)
{
	if (config_setting_type(setting) != CONFIG_TYPE_LIST)
		return complain(path, setting, "\"peers\" must be a list: ( { ... }, { ... } )");
	config->peers.count = 0;
	for (int i = 0; i < config_setting_length(setting); i++) {
		int ret = read_rule(
			path, config_setting_get_elem(setting, (unsigned)i), &config->peers);

		if (ret < 0)
			return ret;
	}
	return 0;
}

/* --- all settings --- */

static int read_setting(struct config *config, const char *path, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	char sentence[160];

	if (strcmp(name, "listen") == 0)
		return set_text(path, setting, config->listen, sizeof(config->listen));
	if (strcmp(name, "listen_mode") == 0)
		return set_mode(path, setting, &config->mode);
	if (strcmp(name, "dataplane") == 0)
		return set_text(path, setting, config->dataplane, sizeof(config->dataplane));
	if (strcmp(name, "store") == 0)
		return set_text(path, setting, config->store, sizeof(config->store));
	if (strcmp(name, "end_dead_calls_after") == 0)
		return set_dead_after(path, setting, &config->end_dead_calls_after_s);
	if (strcmp(name, "peers") == 0)
		return read_peers(config, path, setting);
	snprintf(sentence, sizeof(sentence),
		"there is no setting \"%.40s\" here; there are " SETTINGS, name);
	return complain(path, setting, sentence);
}

int config_load(struct config *config, const char *path)
{
	const config_setting_t *root;
	config_t file;
	int ret = 0;

	*config = (struct config){
		.listen = "/run/bridgetap/controlplane.sock",
		.mode = 0660,
		.dataplane = "/run/bridgetap/dataplane.sock",
		.store = "/var/lib/bridgetap/controlplane.db",
		/* Whoever could stop us anyhow. */
		.peers.rules[0] = { .level = PEER_OPERATOR, .id = 0 },
		.peers.rules[1] = { .level = PEER_OPERATOR, .id = geteuid() },
		.peers.count = 2,
	};
	if (access(path, R_OK) < 0) {
		ret = -errno;
		log_line(LOG_ERR, "%s: cannot read it: %s; name another file with --config", path,
			strerror(errno));
		return ret;
	}
	config_init(&file);
	if (!config_read_file(&file, path)) {
		log_line(LOG_ERR, "%s:%d: %s; see the commented sample controlplane.conf", path,
			config_error_line(&file), config_error_text(&file));
		ret = -EINVAL;
	}
	root = config_root_setting(&file);
	for (int i = 0; ret == 0 && i < config_setting_length(root); i++)
		ret = read_setting(config, path, config_setting_get_elem(root, (unsigned)i));
	config_destroy(&file);
	return ret;
}
