/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/port.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "net/log.h"
#include "net/steering.h"
#include "net/vlan_offload.h"
#include "net/xdp.h"
#include "net/xsk.h"

#define DESCRIPTORS 1024

/* What every IPv4 host takes (RFC 791). What is sent is no longer: 60 ms of G.711 and the headers
 * of RTP, UDP and IPv6. */
#define MTU_MIN 576

static bool is_af_xdp(const struct port *port)
{
	return strncmp(port->devargs, "net_af_xdp", strlen("net_af_xdp")) == 0;
}

/* The value of iface= in devargs into `name`. */
static int interface_of(const struct port *port, char name[static IF_NAMESIZE])
{
	const char *value = strstr(port->devargs, "iface=");
	size_t length;

	if (value == NULL)
		return -EINVAL;
	value += strlen("iface=");
	length = strcspn(value, ",");
	if (length == 0 || length >= IF_NAMESIZE)
		return -EINVAL;
	memcpy(name, value, length);
	name[length] = '\0';
	return 0;
}

/* Make sure that tags are in the frames. */
static int keep_tags(const struct port *port, const char *interface)
{
	int ret = port->tagged ? vlan_offload_stop(interface) : 0;

	if (ret < 0)
		log_error("port %s: interface %s takes VLAN tags off before the data plane sees "
			  "them: %s; switch that off by hand (ethtool -K %s rxvlan off "
			  "rx-vlan-stag-hw-parse off) or bind the NIC to vfio-pci",
			port->name, interface, strerror(-ret), interface);
	return ret;
}

/* Make the interface ready for the driver to attach `steer_path` to it, and complete devargs. */
static int prepare_af_xdp(
	const struct port *port, const char *steer_path, char *devargs, size_t size)
{
	char interface[IF_NAMESIZE];
	unsigned ifindex;
	int ret = interface_of(port, interface);

	if (ret < 0) {
		log_error("port %s: devargs \"%s\" name no interface; add iface=NAME", port->name,
			port->devargs);
		return ret;
	}
	ifindex = if_nametoindex(interface);
	if (ifindex == 0) {
		log_error("port %s: there is no interface %s; create it or correct devargs",
			port->name, interface);
		return -ENODEV;
	}
	ret = xdp_detach_stale(ifindex);
	if (ret == -EBUSY)
		log_error("port %s: interface %s runs an XDP program of somebody else; "
			  "detach it (ip link set dev %s xdp off) or use another interface",
			port->name, interface, interface);
	else if (ret < 0)
		log_error("port %s: cannot look at the XDP program of %s: %s", port->name,
			interface, strerror(-ret));
	if (ret == 0)
		ret = keep_tags(port, interface);
	if (ret < 0)
		return ret;
	if (snprintf(devargs, size, "%s,xdp_prog=%s", port->devargs, steer_path) >= (int)size)
		return -ENAMETOOLONG;
	return 0;
}

static int probe(struct port *port, const char *steer_path)
{
	char devargs[512];
	struct rte_dev_iterator iterator;
	uint16_t id, found = RTE_MAX_ETHPORTS;
	int ret;

	port->steered = is_af_xdp(port) && strstr(port->devargs, "xdp_prog=") == NULL;
	snprintf(devargs, sizeof(devargs), "%s", port->devargs);
	if (port->steered) {
		ret = prepare_af_xdp(port, steer_path, devargs, sizeof(devargs));
		if (ret < 0)
			return ret;
	}
	ret = rte_dev_probe(devargs);
	if (ret == 0) {
		RTE_ETH_FOREACH_MATCHING_DEV(id, devargs, &iterator)
		{
			found = id;
			rte_eth_iterator_cleanup(&iterator);
			break;
		}
		ret = found == RTE_MAX_ETHPORTS ? -ENODEV : 0;
	}
	if (ret < 0) {
		log_error("port %s: DPDK cannot create a port from devargs \"%s\": %s", port->name,
			devargs, strerror(-ret));
		return ret;
	}
	if (found >= PORT_MAX) {
		log_error("port %s: DPDK gave it the number %u, and there is room for %u devices; "
			  "keep DPDK from those that are not the appliance's (\"-a\" in \"eal\")",
			port->name, found, PORT_MAX);
		rte_eth_dev_close(found);
		return -ENOSPC;
	}
	port->id = found;
	return 0;
}

/* Have the queues chosen by destination port, where the device can and takes it. */
static int configure_queues(struct port *port, uint16_t queues, const struct rte_eth_dev_info *info,
	struct rte_eth_conf *conf)
{
	uint8_t key[STEERING_KEY_MAX];
	int ret;

	port->hashes = steering_configure(info, queues, key, conf);
	ret = rte_eth_dev_configure(port->id, queues, queues, conf);
	if (ret == 0 || !port->hashes)
		return ret;
	port->hashes = false;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
	return rte_eth_dev_configure(port->id, queues, queues, conf);
}

static void start_steering(struct port *port, uint16_t queues)
{
	port->hashes = port->hashes && steering_start(port->id, queues) == 0;
	if (queues > 1)
		log_info("port %s: %u queues, %s", port->name, queues,
			port->hashes ? "steered: packets arrive at the worker of their call"
				     : "cannot steer: packets are handed over between workers");
}

/* Whether packets come from a network: not from memory, as those of a virtual device do that has no
 * interface of the kernel underneath. */
static bool is_on_network(const struct port *port, const struct rte_eth_dev_info *info)
{
	return strncmp(port->devargs, "net_", strlen("net_")) != 0 || info->if_index != 0;
}

/* Have checksums looked at and added where the device can. */
static void configure_checksums(
	struct port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	const uint64_t rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	const uint64_t tx = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;

	port->adds_checksums = (info->tx_offload_capa & tx) == tx;
	conf->rxmode.offloads = port->verify == VERIFY_NEVER ? 0 : info->rx_offload_capa & rx;
	port->verifies = conf->rxmode.offloads != rx &&
			 (port->verify == VERIFY_ALWAYS ||
				 (port->verify == VERIFY_AUTO && is_on_network(port, info)));
	conf->txmode.offloads = port->adds_checksums ? tx : 0;
}

static int configure(
	struct port *port, uint16_t queues, struct rte_mempool *pool, const struct guard *guard)
{
	struct rte_eth_conf conf = { 0 };
	uint16_t rx_descriptors = DESCRIPTORS, tx_descriptors = DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(port->id);
	struct rte_eth_dev_info info;
	uint16_t mtu;
	int ret;

	ret = rte_eth_dev_info_get(port->id, &info);
	port->has_peer = ret == 0 && strcmp(info.driver_name, "net_memif") == 0;
	if (ret < 0)
		return ret;
	if (info.max_rx_queues < queues || info.max_tx_queues < queues) {
		log_error("port %s has %u queues but there are %u workers: give it as many queues "
			  "(queue_count= in devargs for AF_XDP) or configure fewer workers",
			port->name, RTE_MIN(info.max_rx_queues, info.max_tx_queues), queues);
		return -EINVAL;
	}
	if (rte_eth_dev_get_mtu(port->id, &mtu) == 0 && mtu < MTU_MIN) {
		log_error("port %s: its MTU is %u, and RTP of 60 ms needs %u: raise it", port->name,
			mtu, MTU_MIN);
		return -EINVAL;
	}
	port->ifindex = info.if_index;
	port->queues = queues;
	configure_checksums(port, &info, &conf);
	ret = configure_queues(port, queues, &info, &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_descriptors, &tx_descriptors);
	for (uint16_t q = 0; q < queues && ret == 0; q++) {
		ret = rte_eth_rx_queue_setup(
			port->id, q, rx_descriptors, (unsigned)socket, NULL, pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(
				port->id, q, tx_descriptors, (unsigned)socket, NULL);
		if (ret == 0 && port->recording)
			ret = guard_attach(&port->guard_queues[q], guard, port->id, q);
		if (ret == 0 && is_af_xdp(port))
			ret = reclaim_attach(&port->reclaim[q], port->id, q);
	}
	if (ret == 0)
		ret = rte_eth_dev_start(port->id);
	if (ret == 0)
		start_steering(port, queues);
	/* A port bound away from the kernel must take frames to any of its VLANs' addresses. */
	if (ret == 0 && port->ifindex == 0)
		rte_eth_promiscuous_enable(port->id);
	return ret;
}

static bool is_known(const struct port_set *set, unsigned before, int fd)
{
	for (unsigned i = 0; i < before; i++)
		for (unsigned s = 0; s < set->port[i].socket_count; s++)
			if (set->port[i].sockets[s] == fd)
				return true;
	return false;
}

/* The sockets of port `number` are those that no port before it has. */
static void note_sockets(struct port_set *set, unsigned number)
{
	struct port *port = &set->port[number];
	int fds[PORT_MAX * PORT_QUEUES_MAX];
	unsigned count = is_af_xdp(port) ? xsk_find(fds, RTE_DIM(fds)) : 0;

	port->socket_count = 0;
	for (unsigned i = 0; i < count; i++)
		if (!is_known(set, number, fds[i]) && port->socket_count < PORT_QUEUES_MAX)
			port->sockets[port->socket_count++] = fds[i];
}

int port_set_start(struct port_set *set, uint16_t queues, struct rte_mempool *pool,
	const char *steer_path, const struct guard *guard)
{
	unsigned started = 0;
	int ret;

	for (; started < set->count; started++) {
		struct port *port = &set->port[started];

		ret = probe(port, steer_path);
		if (ret < 0)
			goto fail;
		ret = configure(port, queues, pool, guard);
		if (ret < 0) {
			log_error("port %s: cannot start it: %s", port->name, strerror(-ret));
			rte_eth_dev_close(port->id);
			goto fail;
		}
		note_sockets(set, started);
	}
	return 0;

fail:
	set->count = started;
	port_set_stop(set);
	return ret;
}

void port_set_stop(struct port_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		rte_eth_dev_stop(set->port[i].id);
		rte_eth_dev_close(set->port[i].id);
	}
	set->count = 0;
}

uint64_t port_rx_missed(const struct port *port)
{
	struct rte_eth_stats eth = { 0 };
	uint64_t missed;

	rte_eth_stats_get(port->id, &eth);
	missed = eth.imissed;
	for (unsigned i = 0; i < port->socket_count; i++)
		missed += xsk_ring_full(port->sockets[i]);
	return missed;
}
