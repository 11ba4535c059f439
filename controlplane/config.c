/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <libconfig.h>

#include "log.h"

#define SETTINGS "listen, listen_mode, dataplane, store"

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
