/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/device.h"

#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "bench/report.h"

#define MBUFS	     32767
#define MBUF_CACHE   256
#define DESCRIPTORS  1024
#define LINK_SECONDS 15

/* Devices that drivers make up have names that begin so; all others are on the PCI bus. */
static bool is_virtual(const char *devargs)
{
	return devargs == NULL || strncmp(devargs, "net_", strlen("net_")) == 0;
}

/* Leave alone all NICs but those that are asked for; returns how many arguments that takes. */
static int choose_bus(char **args, const struct options *options)
{
	const char *devices[] = { options->device, options->recording_device };
	int count = 0;

	for (unsigned i = 0; i < RTE_DIM(devices); i++)
		if (!is_virtual(devices[i])) {
			args[count++] = (char *)(uintptr_t) "--allow";
			args[count++] = (char *)(uintptr_t)devices[i];
		}
	if (count == 0)
		args[count++] = (char *)(uintptr_t) "--no-pci";
	return count;
}

int device_start_dpdk(const struct options *options, struct rte_mempool **pool)
{
	char lcores[32], *args[OPTIONS_EAL_MAX + 12];
	int count = 0;

	snprintf(lcores, sizeof(lcores), "--lcores=0@%u", options->cpu);
	args[count++] = (char *)(uintptr_t) "bridgetap-rtpgen";
	args[count++] = (char *)(uintptr_t) "--in-memory";
	count += choose_bus(args + count, options);
	args[count++] = (char *)(uintptr_t) "--no-telemetry";
	args[count++] = (char *)(uintptr_t) "--log-level=error";
	args[count++] = lcores;
	for (unsigned i = 0; i < options->eal_count; i++)
		args[count++] = options->eal[i];
	if (rte_eal_init(count, args) < 0)
		return report_error("DPDK did not start: %s. Are there hugepages, and is there a "
				    "CPU %u?",
			rte_strerror(rte_errno), options->cpu);
	*pool = rte_pktmbuf_pool_create(
		"packets", MBUFS, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, (int)rte_socket_id());
	if (*pool == NULL)
		return report_error(
			"no hugepages for %u packets (80 MiB): %s", MBUFS, rte_strerror(rte_errno));
	return 0;
}

static int probe(struct device *device, const char *devargs)
{
	struct rte_dev_iterator iterator;
	uint16_t id;

	/* A NIC has been found when DPDK started. */
	if (is_virtual(devargs) && rte_dev_probe(devargs) < 0)
		return -1;
	RTE_ETH_FOREACH_MATCHING_DEV(id, devargs, &iterator)
	{
		device->id = id;
		rte_eth_iterator_cleanup(&iterator);
		return 0;
	}
	return -1;
}

static int configure(struct device *device, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS, id = device->id;
	unsigned socket = (unsigned)rte_eth_dev_socket_id(id);
	int ret = rte_eth_dev_configure(id, 1, 1, &conf);

	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(id, 0, rx, socket, NULL, pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(id, 0, tx, socket, NULL);
	if (ret == 0)
		ret = rte_eth_dev_start(id);
	if (ret == 0)
		ret = rte_eth_macaddr_get(id, &device->mac);
	return ret;
}

/* Shared memory has no other side at first. */
static int wait_for_link(const struct device *device)
{
	struct rte_eth_link link;

	for (unsigned i = 0; i < LINK_SECONDS * 100; i++) {
		if (rte_eth_link_get_nowait(device->id, &link) == 0 &&
			link.link_status == RTE_ETH_LINK_UP)
			return 0;
		rte_delay_us_sleep(10000);
	}
	return -1;
}

int device_open(struct device *device, const char *devargs, struct rte_mempool *pool)
{
	int ret;

	if (probe(device, devargs) < 0)
		return report_error("DPDK cannot create a port from \"%s\"", devargs);
	ret = configure(device, pool);
	if (ret < 0) {
		rte_eth_dev_close(device->id);
		return report_error("\"%s\" does not start: %s", devargs, rte_strerror(-ret));
	}
	if (wait_for_link(device) == 0)
		return 0;
	device_close(device);
	return report_error(
		"\"%s\" has no link after %u s: is there another side?", devargs, LINK_SECONDS);
}

void device_close(struct device *device)
{
	rte_pktmbuf_free_bulk(device->mbufs, device->pending);
	device->pending = 0;
	rte_eth_dev_stop(device->id);
	rte_eth_dev_close(device->id);
}
