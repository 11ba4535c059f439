/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/config.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libconfig.h>
#include <rte_ether.h>

#include "net/log.h"

#define DEFAULT_MEDIA_TIMEOUT_MS 30000
#define DEFAULT_SOCKET		 "/run/bridgetap/dataplane.sock"
#define DEFAULT_MBUFS		 65535
#define DEFAULT_CALLS		 100000
#define DEFAULT_SEATS		 3
#define DEFAULT_MIXING		 65536u /* at the most: 128 MiB of rings */
#define DEFAULT_DSCP		 46	/* expedited forwarding, RFC 3246 */
#define DEFAULT_RATE_LIMIT	 4

/* One file being read. The first complaint wins: what follows may only be its consequence. */
struct reader {
	const char *path;
	struct config *config;
	int error; /* 0 or -EINVAL */
};

__attribute__((format(printf, 3, 4))) static void complain(
	struct reader *r, const config_setting_t *at, const char *format, ...)
{
	char sentence[512];
	va_list args;

	if (r->error)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	log_error("%s:%u: %s", r->path, (unsigned)config_setting_source_line(at), sentence);
	r->error = -EINVAL;
}

/* --- typed access --- */

static void check_names(struct reader *r, const config_setting_t *group, const char *const names[])
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(setting);
		char known[256] = "";
		bool found = false;

		for (unsigned n = 0; names[n] != NULL; n++) {
			found = found || strcmp(names[n], name) == 0;
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
				n ? ", " : "", names[n]);
		}
		if (!found)
			complain(r, setting, "there is no setting \"%s\" here; there are %s", name,
				known);
	}
}

/* Where to point at for a complaint about setting `name`: at itself, or at its group. */
static const config_setting_t *place_of(const config_setting_t *group, const char *name)
{
	const config_setting_t *setting = config_setting_get_member(group, name);

	return setting != NULL ? setting : group;
}

/* A text of 1 to `size` - 1 characters into `out`; `otherwise` where it is absent, or a complaint
 * where that is NULL. */
static void get_text(struct reader *r, const config_setting_t *group, const char *name, char *out,
	size_t size, const char *otherwise)
{
	const config_setting_t *setting = config_setting_get_member(group, name);
	const char *text = otherwise;

	if (setting != NULL) {
		text = config_setting_get_string(setting);
		if (text == NULL || *text == '\0' || strlen(text) >= size) {
			complain(r, setting,
				"\"%s\" must be a text in quotes, of at most %zu characters", name,
				size - 1);
			return;
		}
	}
	if (text == NULL) {
		complain(r, group, "\"%s\" is missing: add %s = \"...\"", name, name);
		return;
	}
	snprintf(out, size, "%s", text);
}

static unsigned number_of(struct reader *r, const config_setting_t *setting, const char *name,
	unsigned low, unsigned high)
{
	long long value = config_setting_type(setting) == CONFIG_TYPE_INT ||
					  config_setting_type(setting) == CONFIG_TYPE_INT64
				  ? config_setting_get_int64(setting)
				  : -1;

	if (value < low || value > high) {
		complain(
			r, setting, "\"%s\" must be a whole number from %u to %u", name, low, high);
		return low;
	}
	return (unsigned)value;
}

static unsigned get_number(struct reader *r, const config_setting_t *group, const char *name,
	unsigned low, unsigned high, unsigned otherwise)
{
	const config_setting_t *setting = config_setting_get_member(group, name);

	return setting == NULL ? otherwise : number_of(r, setting, name, low, high);
}

static bool get_bool(
	struct reader *r, const config_setting_t *group, const char *name, bool otherwise)
{
	const config_setting_t *setting = config_setting_get_member(group, name);

	if (setting == NULL)
		return otherwise;
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		complain(r, setting, "\"%s\" must be true or false", name);
	return config_setting_get_bool(setting);
}

/* The elements of a list or array that must have from 1 to `most` of them; their number. */
static unsigned get_list(struct reader *r, const config_setting_t *group, const char *name,
	unsigned most, config_setting_t **list)
{
	int length;

	*list = config_setting_get_member(group, name);
	if (*list == NULL) {
		complain(r, group, "\"%s\" is missing: at least one is needed", name);
		return 0;
	}
	if (!config_setting_is_list(*list) && !config_setting_is_array(*list)) {
		complain(r, *list, "\"%s\" must be a list: %s = ( ... );", name, name);
		return 0;
	}
	length = config_setting_length(*list);
	if (length < 1 || length > (int)most) {
		complain(r, *list, "\"%s\" has %d entries; there may be 1 to %u", name, length,
			most);
		return 0;
	}
	return (unsigned)length;
}

/* --- the sections --- */

static void add_eal(struct reader *r, const config_setting_t *at, const char *argument)
{
	struct config *config = r->config;

	if (config->eal_count == CONFIG_EAL_MAX) {
		complain(r, at, "there are more than %d EAL arguments", CONFIG_EAL_MAX);
		return;
	}
	config->eal[config->eal_count] = strdup(argument);
	if (config->eal[config->eal_count] != NULL)
		config->eal_count++;
}

static void read_eal(struct reader *r, const config_setting_t *root, const char *program)
{
	config_setting_t *list = config_setting_get_member(root, "eal");
	int count = list == NULL ? 0 : config_setting_length(list);

	add_eal(r, root, program);
	for (int i = 0; i < count; i++) {
		const char *argument = config_setting_get_string_elem(list, i);

		if (argument == NULL)
			complain(r, list, "\"eal\" must be a list of texts, one per argument");
		else if (strcmp(argument, "-l") == 0 || strcmp(argument, "-c") == 0 ||
			 strncmp(argument, "--lcores", 8) == 0)
			complain(r, list,
				"take %s out of \"eal\": lcores are set by \"main_lcore\" "
				"and \"workers\"",
				argument);
		else
			add_eal(r, list, argument);
	}
}

/* A worker polls without pause: whoever shares its CPU gets turns of milliseconds. */
static void check_shared_cpu(
	struct reader *r, const config_setting_t *workers, unsigned cpu, unsigned worker)
{
	const struct config *config = r->config;

	if (cpu == config->main_cpu)
		complain(r, workers,
			"CPU %u is \"main_lcore\"; a worker polls without pause and needs one of "
			"its "
			"own (or set share_cpus = true, for a trial)",
			cpu);
	for (unsigned i = 0; i < worker; i++)
		if (config->worker_cpus[i] == cpu)
			complain(r, workers,
				"CPU %u has a worker already; a worker polls without pause and "
				"needs one of its own (or set share_cpus = true, for a trial)",
				cpu);
}

static void read_cpus(struct reader *r, const config_setting_t *root)
{
	struct config *config = r->config;
	bool share = get_bool(r, root, "share_cpus", false);
	config_setting_t *workers;
	cpu_set_t usable;

	sched_getaffinity(0, sizeof(usable), &usable);
	config->main_cpu = get_number(r, root, "main_lcore", 0, CPU_SETSIZE - 1, 0);
	if (!CPU_ISSET(config->main_cpu, &usable))
		complain(r, place_of(root, "main_lcore"),
			"this machine has no CPU %u for \"main_lcore\"", config->main_cpu);
	config->worker_count = get_list(r, root, "workers", WORKER_MAX, &workers);
	for (unsigned i = 0; i < config->worker_count; i++) {
		config_setting_t *element = config_setting_get_elem(workers, i);
		unsigned cpu = number_of(r, element, "workers", 0, CPU_SETSIZE - 1);

		if (!CPU_ISSET(cpu, &usable))
			complain(r, workers, "this machine has no CPU %u to run a worker on", cpu);
		if (!share)
			check_shared_cpu(r, workers, cpu, i);
		config->worker_cpus[i] = cpu;
	}
}

static void add_lcores(struct reader *r, const config_setting_t *root)
{
	const struct config *config = r->config;
	char list[16 * (WORKER_MAX + 1)];

	snprintf(list, sizeof(list), "0@%u", config->main_cpu);
	for (unsigned i = 0; i < config->worker_count; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%u@%u", i + 1,
			config->worker_cpus[i]);
	add_eal(r, root, "--lcores");
	add_eal(r, root, list);
	add_eal(r, root, "--main-lcore");
	add_eal(r, root, "0");
}

static void read_verify(struct reader *r, const config_setting_t *group, struct port *port)
{
	static const char *const choices[] = {
		[VERIFY_AUTO] = "auto", [VERIFY_ALWAYS] = "always", [VERIFY_NEVER] = "never"
	};
	char text[16] = "";

	get_text(r, group, "verify_checksums", text, sizeof(text), choices[VERIFY_AUTO]);
	for (unsigned i = 0; i < RTE_DIM(choices); i++)
		if (strcmp(choices[i], text) == 0) {
			port->verify = (enum verify_checksums)i;
			return;
		}
	complain(r, place_of(group, "verify_checksums"),
		"\"verify_checksums\" must be \"auto\", \"always\" or \"never\"");
}

static void read_ports(struct reader *r, const config_setting_t *root)
{
	static const char *const names[] = { "name", "devargs", "verify_checksums",
		"kernel_forwarding", NULL };
	struct port_set *ports = &r->config->ports;
	config_setting_t *list;

	ports->count = get_list(r, root, "ports", PORT_MAX, &list);
	for (unsigned i = 0; i < ports->count && !r->error; i++) {
		const config_setting_t *group = config_setting_get_elem(list, i);
		struct port *port = &ports->port[i];

		if (!config_setting_is_group(group)) {
			complain(r, list,
				"each port must be a group: { name = ...; devargs = ...; }");
			return;
		}
		check_names(r, group, names);
		get_text(r, group, "name", port->name, sizeof(port->name), NULL);
		get_text(r, group, "devargs", port->devargs, sizeof(port->devargs), NULL);
		read_verify(r, group, port);
		port->relays = get_bool(r, group, "kernel_forwarding", true);
		for (unsigned other = 0; other < i; other++)
			if (strcmp(ports->port[other].name, port->name) == 0)
				complain(r, group, "there is a port \"%s\" already", port->name);
	}
}

static void read_port_of_realm(struct reader *r, const config_setting_t *group, struct realm *realm)
{
	struct port_set *ports = &r->config->ports;
	char name[PORT_NAME_SIZE] = "", known[PORT_MAX * 34] = "";

	get_text(r, group, "port", name, sizeof(name), NULL);
	for (unsigned i = 0; i < ports->count; i++) {
		if (strcmp(ports->port[i].name, name) == 0) {
			realm->port_id = (uint16_t)i;
			break;
		}
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			i ? ", " : "", ports->port[i].name);
		if (i + 1 == ports->count)
			complain(
				r, group, "there is no port \"%s\"; the ports are %s", name, known);
	}
	if (config_setting_get_member(group, "interface") == NULL)
		return;
	get_text(r, group, "interface", realm->interface, sizeof(realm->interface), NULL);
	realm->ifindex = if_nametoindex(realm->interface);
	if (realm->ifindex == 0)
		complain(r, place_of(group, "interface"), "there is no network interface \"%s\"",
			realm->interface);
}

static void read_rtp_ports(struct reader *r, const config_setting_t *group, struct realm *realm)
{
	config_setting_t *range = config_setting_get_member(group, "rtp_ports");
	unsigned first, last;

	if (range == NULL || config_setting_length(range) != 2) {
		complain(r, range ? range : group,
			"\"rtp_ports\" must be the first and the last port: rtp_ports = [ 20000, "
			"29999 ];");
		return;
	}
	first = number_of(r, config_setting_get_elem(range, 0), "rtp_ports", 1024, 65534);
	last = number_of(r, config_setting_get_elem(range, 1), "rtp_ports", 1025, 65535);
	if (first % 2 != 0 || last % 2 != 1 || first > last)
		complain(r, range,
			"\"rtp_ports\" must begin with an even port (RTP) and end with an "
			"odd one (RTCP) above it");
	realm->first_port = (uint16_t)first;
	realm->last_port = (uint16_t)last;
}

static void read_service_tpid(struct reader *r, const config_setting_t *group, struct realm *realm)
{
	unsigned tpid = get_number(r, group, "service_tpid", 0, UINT16_MAX, RTE_ETHER_TYPE_QINQ);

	if (tpid != RTE_ETHER_TYPE_QINQ && tpid != RTE_ETHER_TYPE_QINQ1 &&
		tpid != RTE_ETHER_TYPE_VLAN)
		complain(r, place_of(group, "service_tpid"),
			"\"service_tpid\" must be 0x88a8, 0x8100 or 0x9100");
	if (tpid == RTE_ETHER_TYPE_VLAN && realm->service_vlan != 0 && realm->vlan == 0)
		complain(r, group,
			"a single tag of 0x8100 is \"vlan\"; \"service_vlan\" is the one outside "
			"of it");
	realm->service_tpid = (uint16_t)tpid;
}

static void read_realm(struct reader *r, const config_setting_t *group, struct realm *realm)
{
	static const char *const names[] = { "name", "port", "address", "rtp_ports", "vlan",
		"service_vlan", "service_tpid", "dscp", "recording", "interface", "next_hop_mac",
		NULL };
	char address[64] = "", mac[32] = "";

	check_names(r, group, names);
	get_text(r, group, "name", realm->name, sizeof(realm->name), NULL);
	read_port_of_realm(r, group, realm);
	get_text(r, group, "address", address, sizeof(address), NULL);
	if (*address && endpoint_parse_address(&realm->address, address) < 0)
		complain(r, place_of(group, "address"), "\"%s\" is not an IPv4 or IPv6 address",
			address);
	read_rtp_ports(r, group, realm);
	realm->vlan = (uint16_t)get_number(r, group, "vlan", 0, 4094, 0);
	realm->service_vlan = (uint16_t)get_number(r, group, "service_vlan", 0, 4094, 0);
	read_service_tpid(r, group, realm);
	realm->dscp = (uint8_t)get_number(r, group, "dscp", 0, 63, DEFAULT_DSCP);
	realm->recording = get_bool(r, group, "recording", false);
	if (config_setting_get_member(group, "next_hop_mac") != NULL) {
		get_text(r, group, "next_hop_mac", mac, sizeof(mac), NULL);
		realm->has_next_hop = true;
		if (rte_ether_unformat_addr(mac, &realm->next_hop) < 0)
			complain(r, place_of(group, "next_hop_mac"), "\"%s\" is not a MAC address",
				mac);
	}
}

static void read_realms(struct reader *r, const config_setting_t *root)
{
	struct realm_set *realms = &r->config->realms;
	config_setting_t *list;

	realms->count = get_list(r, root, "realms", REALM_MAX, &list);
	for (unsigned i = 0; i < realms->count && !r->error; i++) {
		const config_setting_t *group = config_setting_get_elem(list, i);
		struct realm *realm = &realms->realm[i];

		if (!config_setting_is_group(group)) {
			complain(
				r, list, "each realm must be a group: { name = ...; port = ...; }");
			return;
		}
		read_realm(r, group, realm);
		for (unsigned j = 0; j < i && !r->error; j++) {
			const struct realm *other = &realms->realm[j];

			if (strcmp(other->name, realm->name) == 0)
				complain(r, group, "there is a realm \"%s\" already", realm->name);
			if (other->port_id == realm->port_id && other->vlan == realm->vlan &&
				other->service_vlan == realm->service_vlan &&
				memcmp(other->address.address, realm->address.address, 16) == 0)
				complain(r, group, "realms \"%s\" and \"%s\" have the same address",
					other->name, realm->name);
			if (other->port_id == realm->port_id &&
				other->recording != realm->recording)
				complain(r, group,
					"realms \"%s\" and \"%s\" are on one port but only "
					"one of them is for recording; the recorder needs "
					"a port of its own",
					other->name, realm->name);
		}
		r->config->ports.port[realm->port_id].recording |= realm->recording;
		r->config->ports.port[realm->port_id].tagged |=
			realm->vlan != 0 || realm->service_vlan != 0;
	}
	realm_set_index(realms);
}

/* Where the build or the package has put the BPF programs, seen from this executable. */
static void default_bpf_directory(char *path, size_t size)
{
	static const char *const places[] = { "/../bpf", "/../lib/bridgetap" };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length < 0 ? 0 : length] = '\0';
	if (strrchr(self, '/') != NULL)
		*strrchr(self, '/') = '\0';
	for (unsigned i = 0; i < 2; i++) {
		if (snprintf(path, size, "%s%s", self, places[i]) < (int)size &&
			access(path, R_OK) == 0)
			return;
	}
}

static void read_all(struct reader *r, const config_setting_t *root, const char *program)
{
	static const char *const names[] = { "eal", "main_lcore", "workers", "share_cpus", "socket",
		"bpf_directory", "mbufs", "calls_max", "rate_limit", "seats_max", "mixing_legs_max",
		"media_timeout_ms", "ports", "realms", NULL };
	struct config *config = r->config;
	char bpf[PATH_MAX];

	check_names(r, root, names);
	read_eal(r, root, program);
	read_cpus(r, root);
	add_lcores(r, root);
	get_text(r, root, "socket", config->socket, sizeof(config->socket), DEFAULT_SOCKET);
	default_bpf_directory(bpf, sizeof(bpf));
	get_text(r, root, "bpf_directory", config->bpf_directory, sizeof(config->bpf_directory),
		bpf);
	config->mbufs = get_number(r, root, "mbufs", 8191, 1 << 24, DEFAULT_MBUFS);
	config->calls_max = get_number(r, root, "calls_max", 1, 1 << 20, DEFAULT_CALLS);
	config->seats_max = get_number(r, root, "seats_max", 2, CALL_SEATS_MAX, DEFAULT_SEATS);
	config->rate_limit = get_number(r, root, "rate_limit", 0, 1000, DEFAULT_RATE_LIMIT);
	config->mixing_legs_max = get_number(r, root, "mixing_legs_max", 1, 1 << 22,
		RTE_MIN(config->calls_max * (config->seats_max - 1), DEFAULT_MIXING));
	config->media_timeout_ms =
		get_number(r, root, "media_timeout_ms", 1000, 86400000, DEFAULT_MEDIA_TIMEOUT_MS);
	read_ports(r, root);
	read_realms(r, root);
}

int config_load(struct config *config, const char *path, const char *program)
{
	struct reader r = { .path = path, .config = config };
	config_t file;

	memset(config, 0, sizeof(*config));
	if (access(path, R_OK) < 0) {
		r.error = -errno;
		log_error("%s: cannot read it: %s; name another file with --config", path,
			strerror(errno));
		return r.error;
	}
	config_init(&file);
	if (!config_read_file(&file, path)) {
		log_error("%s:%d: %s; see the commented sample dataplane.conf", path,
			config_error_line(&file), config_error_text(&file));
		r.error = -EINVAL;
	} else {
		read_all(&r, config_root_setting(&file), program);
	}
	config_destroy(&file);
	if (r.error)
		config_free(config);
	return r.error;
}

void config_free(struct config *config)
{
	while (config->eal_count > 0)
		free(config->eal[--config->eal_count]);
}
