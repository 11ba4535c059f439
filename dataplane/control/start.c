/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_random.h>
#include <rte_vect.h>

#include "control/dataplane.h"
#include "control/grace.h"
#include "media/codec.h"
#include "media/kernels.h"
#include "net/log.h"
#include "net/xdp.h"

#define MBUF_CACHE    256
#define HANDOVER_SIZE 4096

/* PCM rings beyond those that calls count: the states of calls that one batch replaces. A batch is
 * one message, and a leg takes sixteen bytes of it at the least. */
#define SPARE_RINGS (WIRE_MESSAGE_MAX / 16u)

/* Before EAL makes threads, which inherit the mask: signals are for the main lcore's descriptor. */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

int dataplane_init_eal(struct dataplane *dp)
{
	struct config *config = &dp->config;
	char *args[CONFIG_EAL_MAX + 1]; /* EAL shuffles what it is given */
	sigset_t signals;

	block_signals(&signals);
	memcpy(args, config->eal, sizeof(args));
	if (rte_eal_init(config->eal_count, args) < 0) {
		log_error("DPDK did not start: %s. Are there hugepages? "
			  "(echo 512 > /proc/sys/vm/nr_hugepages reserves 1 GiB; "
			  "the \"eal\" setting has the arguments)",
			rte_strerror(rte_errno));
		return -rte_errno;
	}
	dp->eal_runs = true;
	codec_init(rte_vect_get_max_simd_bitwidth());
	log_info("media kernels: %s", kernels->name);
	dp->pool = rte_pktmbuf_pool_create("packets", config->mbufs, MBUF_CACHE, 0,
		RTE_MBUF_DEFAULT_BUF_SIZE, (int)rte_socket_id());
	if (dp->pool == NULL) {
		log_error("cannot reserve %u packet buffers (%u MiB): %s; reserve more hugepages "
			  "or lower \"mbufs\"",
			config->mbufs,
			(unsigned)(config->mbufs / 1024 * (RTE_MBUF_DEFAULT_BUF_SIZE + 256) / 1024),
			rte_strerror(rte_errno));
		return -rte_errno;
	}
	return 0;
}

static bool any_recording(const struct port_set *ports)
{
	for (unsigned i = 0; i < ports->count; i++)
		if (ports->port[i].recording)
			return true;
	return false;
}

/* Without the kernel nobody answers ARP and IPv6 neighbour discovery for a realm's address. */
static void warn_unanswered(const struct realm *realm, const struct port *port)
{
	char text[RTE_ETHER_ADDR_FMT_SIZE];
	struct rte_ether_addr mac = { { 0 } };

	if (port->ifindex != 0)
		return;
	rte_eth_macaddr_get(port->id, &mac);
	rte_ether_format_addr(text, sizeof(text), &mac);
	log_warning(
		"realm %s: port %s has no kernel interface, and nobody answers ARP or neighbour "
		"discovery there; whoever sends to the realm needs a static entry of %s",
		realm->name, port->name, text);
}

/* From the configuration's port numbers to DPDK's, and to the kernel's interfaces. */
static void bind_realms(struct realm_set *realms, const struct port_set *ports)
{
	for (unsigned i = 0; i < realms->count; i++) {
		const struct port *port = &ports->port[realms->realm[i].port_id];

		warn_unanswered(&realms->realm[i], port);
		realms->realm[i].port_id = port->id;
		if (realms->realm[i].ifindex == 0)
			realms->realm[i].ifindex = port->ifindex;
	}
}

static int check_ways(const struct realm_set *realms)
{
	for (unsigned i = 0; i < realms->count; i++)
		if (realms->realm[i].ifindex == 0 && !realms->realm[i].has_next_hop) {
			log_error("realm %s: its port has no kernel interface to learn neighbours "
				  "from; add next_hop_mac = \"...\" or interface = \"...\"",
				realms->realm[i].name);
			return -EINVAL;
		}
	return 0;
}

static int steer(const struct realm_set *realms, const struct port_set *ports)
{
	for (unsigned i = 0; i < ports->count; i++) {
		const struct port *port = &ports->port[i];
		int ret = port->steered ? xdp_steer_realms(port->ifindex, realms, port->id) : 0;

		if (ret < 0) {
			log_error("port %s: cannot tell the XDP program the realms: %s", port->name,
				strerror(-ret));
			return ret;
		}
	}
	return 0;
}

int dataplane_init_ports(struct dataplane *dp)
{
	struct config *config = &dp->config;
	char guard_path[PATH_MAX + 32], steer_path[PATH_MAX + 32];
	int ret;

	snprintf(guard_path, sizeof(guard_path), "%s/rec_guard.bpf.o", config->bpf_directory);
	snprintf(steer_path, sizeof(steer_path), "%s/steer.bpf.o", config->bpf_directory);
	if (any_recording(&config->ports)) {
		dp->guard = guard_create(guard_path, dp->pool);
		if (dp->guard == NULL) {
			log_error("the recording guard %s cannot be loaded or fails its test: %s; "
				  "without it nothing may be recorded. Set \"bpf_directory\" to "
				  "where this release was installed",
				guard_path, strerror(errno));
			return -errno;
		}
	}
	ret = port_set_start(
		&config->ports, (uint16_t)config->worker_count, dp->pool, steer_path, dp->guard);
	if (ret < 0)
		return ret;
	bind_realms(&config->realms, &config->ports);
	ret = check_ways(&config->realms);
	return ret < 0 ? ret : steer(&config->realms, &config->ports);
}

static int init_table(struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->config.realms.count; i++) {
		const struct realm *realm = &dp->config.realms.realm[i];
		struct port_slots *slots = &dp->table.realm[i];

		slots->first_port = realm->first_port;
		slots->count = (uint16_t)((realm->last_port - realm->first_port + 1) / 2);
		slots->owner = rte_malloc("owners", slots->count, RTE_CACHE_LINE_SIZE);
		slots->legs = rte_zmalloc(
			"legs", slots->count * sizeof(*slots->legs), RTE_CACHE_LINE_SIZE);
		if (slots->owner == NULL || slots->legs == NULL)
			return -ENOMEM;
		memset(slots->owner, PORT_OWNER_NONE, slots->count);
	}
	return 0;
}

static int init_rings(struct dataplane *dp)
{
	unsigned legs_max = dp->config.mixing_legs_max, spare = RTE_MIN(legs_max, SPARE_RINGS);
	int ret = ring_pool_init(&dp->rings, legs_max, spare);

	if (ret < 0)
		log_error("cannot reserve the PCM rings of %u mixing legs (%zu MiB); reserve more "
			  "hugepages or lower \"mixing_legs_max\"",
			legs_max, (ring_pool_bytes(legs_max, spare) >> 20) + 1);
	return ret;
}

static struct rte_ring *new_ring(
	const char *kind, unsigned index, unsigned element, unsigned size, unsigned flags)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s_%u", kind, index);
	return element == 0 ? rte_ring_create(name, size, SOCKET_ID_ANY, flags)
			    : rte_ring_create_elem(name, element, size, SOCKET_ID_ANY, flags);
}

static int init_worker(struct dataplane *dp, uint8_t index)
{
	const struct port_set *ports = &dp->config.ports;
	struct worker *worker = &dp->workers[index];
	unsigned one_to_one = RING_F_SP_ENQ | RING_F_SC_DEQ;

	worker->index = index;
	worker->lcore = index + 1u;
	worker->clock = clock_of_tsc();
	worker->rate_limit = dp->config.rate_limit;
	worker->ports = ports;
	worker->realms = &dp->config.realms;
	worker->table = &dp->table;
	worker->peers = dp->workers;
	worker->relays = &dp->relays.table;
	worker->pool = dp->pool;
	worker->reporter.media_timeout_ms = dp->config.media_timeout_ms;
	worker->reporter.chance = (uint32_t)rte_rand() | 1;
	worker->commands =
		new_ring("commands", index, sizeof(struct command), COMMAND_RING_SIZE, one_to_one);
	worker->replies =
		new_ring("replies", index, sizeof(struct reply), COMMAND_RING_SIZE, one_to_one);
	worker->events =
		new_ring("events", index, sizeof(struct event), EVENT_RING_SIZE, one_to_one);
	worker->handover = new_ring("handover", index, 0, HANDOVER_SIZE, RING_F_SC_DEQ);
	if (!worker->commands || !worker->replies || !worker->events || !worker->handover)
		return -ENOMEM;
	for (unsigned i = 0; i < ports->count; i++) {
		struct port *port = &dp->config.ports.port[i];

		worker->tx[port->id] = (struct tx_batch){
			.port_id = port->id,
			.queue_id = index,
			.adds_checksums = port->adds_checksums,
			.has_peer = port->has_peer,
			.guard = port->recording ? &port->guard_queues[index] : NULL,
		};
	}
	return 0;
}

static uint64_t read_clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void dataplane_set_clocks(struct dataplane *dp)
{
	if (dp->wall_offset_us == 0)
		dp->wall_offset_us = read_clock_us(CLOCK_REALTIME) - read_clock_us(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < dp->config.worker_count; i++) {
		struct worker *worker = &dp->workers[i];
		uint64_t us = clock_us(worker->clock, rte_rdtsc());

		__atomic_store_n(&worker->reporter.unix_offset_us,
			read_clock_us(CLOCK_MONOTONIC) + dp->wall_offset_us - us, __ATOMIC_RELAXED);
	}
}

int dataplane_init_workers(struct dataplane *dp)
{
	unsigned count = dp->config.worker_count;
	int ret = init_table(dp);

	dp->workers = rte_zmalloc("workers", count * sizeof(*dp->workers), RTE_CACHE_LINE_SIZE);
	if (dp->workers == NULL)
		ret = -ENOMEM;
	for (unsigned i = 0; i < count && ret == 0; i++)
		ret = init_worker(dp, (uint8_t)i);
	if (ret < 0) {
		log_error("out of hugepage memory for %u workers; reserve more hugepages", count);
		return ret;
	}
	ret = init_rings(dp);
	if (ret < 0)
		return ret;
	dataplane_set_clocks(dp);
	relays_open(&dp->relays, &dp->config.ports, &dp->config.realms, &dp->table);
	for (unsigned i = 0; i < count && ret == 0; i++)
		ret = rte_eal_remote_launch(worker_run, &dp->workers[i], dp->workers[i].lcore);
	if (ret < 0)
		log_error("a worker does not start: %s", strerror(-ret));
	grace_watch(dp->workers, count);
	return ret;
}

static void call_ended(void *arg, const char *id, const struct leg_stats *stats, unsigned count)
{
	struct dataplane *dp = arg;

	ends_add(&dp->ends, dp->server, id, stats, count);
}

static void batch_done(void *arg, uint64_t generation)
{
	struct dataplane *dp = arg;

	ends_send(&dp->ends, dp->server);
	server_batch_done(dp->server, generation);
}

static int watch(struct dataplane *dp, int fd)
{
	/* The server's descriptors carry pointers; ours are told apart by being small. */
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)fd };

	return epoll_ctl(dp->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int init_descriptors(struct dataplane *dp)
{
	const struct itimerspec second = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };
	sigset_t signals;

	block_signals(&signals);
	dp->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	dp->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	dp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (dp->signal_fd < 0 || dp->timer_fd < 0 || dp->epoll_fd < 0 ||
		timerfd_settime(dp->timer_fd, 0, &second, NULL) < 0)
		return -errno;
	dp->rtnl = rtnetlink_create();
	if (dp->rtnl == NULL || watch(dp, dp->signal_fd) < 0 || watch(dp, dp->timer_fd) < 0 ||
		watch(dp, rtnetlink_event_fd(dp->rtnl)) < 0)
		return -errno;
	return 0;
}

int dataplane_init_control(struct dataplane *dp)
{
	const struct config *config = &dp->config;
	const struct registry_config registry_config = {
		.realms = &config->realms,
		.table = &dp->table,
		.rings = &dp->rings,
		.relays = &dp->relays,
		.workers = dp->workers,
		.worker_count = config->worker_count,
		.calls_max = config->calls_max,
		.seats_max = config->seats_max,
		.ended = call_ended,
	};
	struct server_config server_config = {
		.path = config->socket,
		.realms = &config->realms,
		.seats_max = config->seats_max,
		.calls_max = config->calls_max,
		.worker_count = config->worker_count,
		.workers = dp->workers,
	};
	int ret = init_descriptors(dp);

	if (ret < 0) {
		log_error("cannot set up the main loop: %s", strerror(-ret));
		return ret;
	}
	if (getrandom(&server_config.instance, sizeof(server_config.instance), 0) < 0)
		return -errno;
	dp->registry = registry_create(&registry_config, dp->rtnl, batch_done, dp);
	if (dp->registry == NULL)
		return -errno;
	dp->relay_walk = relay_walk_create(dp->registry, &dp->relays, config->calls_max);
	if (dp->relay_walk == NULL)
		return -errno;
	dp->server =
		server_create(&server_config, dp->registry, dp->epoll_fd, dataplane_send_stats, dp);
	if (dp->server == NULL) {
		ret = -errno;
		log_error("cannot listen on %s: %s%s", config->socket, strerror(-ret),
			ret == -EADDRINUSE ? "; another data plane is running there" : "");
		return ret;
	}
	return 0;
}

static void stop_workers(struct dataplane *dp)
{
	/* What was sent to the workers comes back before they go. */
	while (dp->registry != NULL && registry_is_waiting(dp->registry))
		registry_poll(dp->registry);
	for (unsigned i = 0; dp->workers != NULL && i < dp->config.worker_count; i++) {
		__atomic_store_n(&dp->workers[i].stop, true, __ATOMIC_RELAXED);
		rte_eal_wait_lcore(dp->workers[i].lcore);
	}
}

void dataplane_fini(struct dataplane *dp)
{
	if (!dp->eal_runs) {
		config_free(&dp->config);
		return;
	}
	/* Nothing may be forwarded for calls that nobody can end any more. */
	relays_stop(&dp->relays);
	stop_workers(dp);
	server_destroy(dp->server);
	relay_walk_destroy(dp->relay_walk);
	registry_destroy(dp->registry);
	relays_close(&dp->relays);
	rtnetlink_destroy(dp->rtnl);
	port_set_stop(&dp->config.ports);
	guard_destroy(dp->guard);
	for (unsigned i = 0; dp->workers != NULL && i < dp->config.worker_count; i++) {
		rte_ring_free(dp->workers[i].commands);
		rte_ring_free(dp->workers[i].replies);
		rte_ring_free(dp->workers[i].events);
		rte_ring_free(dp->workers[i].handover);
	}
	grace_watch(NULL, 0);
	rte_free(dp->workers);
	ring_pool_fini(&dp->rings);
	for (unsigned i = 0; i < REALM_MAX; i++) {
		rte_free(dp->table.realm[i].owner);
		rte_free(dp->table.realm[i].legs);
	}
	rte_mempool_free(dp->pool);
	rte_eal_cleanup();
	close(dp->signal_fd);
	close(dp->timer_fd);
	close(dp->epoll_fd);
	config_free(&dp->config);
}
