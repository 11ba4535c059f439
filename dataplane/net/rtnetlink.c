/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/rtnetlink.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#define NEIGHBOUR_HAS_MAC \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

/* So that a routing daemon that has a lot to tell does not keep the control plane waiting. */
#define EVENTS_AT_ONCE 64

struct rtnetlink {
	struct mnl_socket *requests;
	struct mnl_socket *events;
	unsigned sequence;
	char buffer[8192];
};

static struct mnl_socket *open_socket(unsigned groups)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (socket != NULL && mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(socket);
		socket = NULL;
	}
	return socket;
}

struct rtnetlink *rtnetlink_create(void)
{
	struct rtnetlink *rtnl = calloc(1, sizeof(*rtnl));

	if (rtnl == NULL)
		return NULL;
	rtnl->requests = open_socket(0);
	rtnl->events =
		open_socket(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
	if (rtnl->requests == NULL || rtnl->events == NULL) {
		rtnetlink_destroy(rtnl);
		return NULL;
	}
	return rtnl;
}

void rtnetlink_destroy(struct rtnetlink *rtnl)
{
	if (rtnl == NULL)
		return;
	if (rtnl->requests != NULL)
		mnl_socket_close(rtnl->requests);
	if (rtnl->events != NULL)
		mnl_socket_close(rtnl->events);
	free(rtnl);
}

static struct nlmsghdr *begin(struct rtnetlink *rtnl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(rtnl->buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++rtnl->sequence;
	return message;
}

/* Send what begin() began and hand the answer to `parse`. 0 or the kernel's -errno. */
static int ask(struct rtnetlink *rtnl, const struct nlmsghdr *message, mnl_cb_t parse, void *arg)
{
	unsigned port = mnl_socket_get_portid(rtnl->requests);
	ssize_t length;
	int more = MNL_CB_OK;

	if (mnl_socket_sendto(rtnl->requests, message, message->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		length = mnl_socket_recvfrom(rtnl->requests, rtnl->buffer, sizeof(rtnl->buffer));
		if (length < 0)
			return -errno;
		more = mnl_cb_run(rtnl->buffer, (size_t)length, rtnl->sequence, port, parse, arg);
		if (more < 0)
			return -errno;
	}
	return 0;
}

static uint8_t family_of(const struct endpoint *endpoint)
{
	return endpoint_is_ipv4(endpoint) ? AF_INET : AF_INET6;
}

static void put_address(struct nlmsghdr *message, uint16_t type, const struct endpoint *endpoint)
{
	if (endpoint_is_ipv4(endpoint))
		mnl_attr_put(message, type, 4, endpoint->address + 12);
	else
		mnl_attr_put(message, type, 16, endpoint->address);
}

static int parse_route(const struct nlmsghdr *message, void *arg)
{
	const struct nlattr *attribute;
	struct endpoint *via = arg;

	mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
	{
		const uint8_t *payload = mnl_attr_get_payload(attribute);
		uint16_t length = mnl_attr_get_payload_len(attribute);

		/* The latter is of the other family, and begins with that (RFC 8950). */
		if (mnl_attr_get_type(attribute) == RTA_GATEWAY)
			endpoint_set(via, payload, length, 0);
		else if (mnl_attr_get_type(attribute) == RTA_VIA && length > sizeof(struct rtvia))
			endpoint_set(via, payload + sizeof(struct rtvia),
				length - sizeof(struct rtvia), 0);
	}
	return MNL_CB_STOP;
}

int rtnetlink_route(
	struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *to, struct endpoint *via)
{
	struct nlmsghdr *message = begin(rtnl, RTM_GETROUTE, 0);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));

	route->rtm_family = family_of(to);
	route->rtm_dst_len = endpoint_is_ipv4(to) ? 32 : 128;
	put_address(message, RTA_DST, to);
	mnl_attr_put_u32(message, RTA_OIF, ifindex);
	*via = *to; /* stays, where the answer names no gateway */
	via->port = 0;
	return ask(rtnl, message, parse_route, via);
}

struct neighbour {
	unsigned ifindex;
	struct endpoint address;
	struct rte_ether_addr mac;
	bool has_mac;
	bool fixed;
};

static int parse_neighbour(const struct nlmsghdr *message, void *arg)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct neighbour *neighbour = arg;

	memset(neighbour, 0, sizeof(*neighbour));
	neighbour->ifindex = (unsigned)header->ndm_ifindex;
	neighbour->fixed = header->ndm_state & (NUD_PERMANENT | NUD_NOARP);
	mnl_attr_for_each(attribute, message, sizeof(*header))
	{
		const void *payload = mnl_attr_get_payload(attribute);
		uint16_t length = mnl_attr_get_payload_len(attribute);

		if (mnl_attr_get_type(attribute) == NDA_DST) {
			endpoint_set(&neighbour->address, payload, length, 0);
		} else if (mnl_attr_get_type(attribute) == NDA_LLADDR &&
			   length == sizeof(neighbour->mac) &&
			   (header->ndm_state & NEIGHBOUR_HAS_MAC)) {
			memcpy(&neighbour->mac, payload, length);
			neighbour->has_mac = true;
		}
	}
	return MNL_CB_STOP;
}

static struct nlmsghdr *begin_neighbour(struct rtnetlink *rtnl, uint16_t type, uint16_t flags,
	unsigned ifindex, const struct endpoint *via, uint8_t neighbour_flags)
{
	struct nlmsghdr *message = begin(rtnl, type, flags);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->ndm_family = family_of(via);
	header->ndm_ifindex = (int)ifindex;
	header->ndm_flags = neighbour_flags;
	put_address(message, NDA_DST, via);
	return message;
}

int rtnetlink_neighbour(struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *via,
	struct rte_ether_addr *mac, bool *fixed)
{
	struct nlmsghdr *message = begin_neighbour(rtnl, RTM_GETNEIGH, 0, ifindex, via, 0);
	struct neighbour neighbour = { 0 };
	int ret = ask(rtnl, message, parse_neighbour, &neighbour);

	*fixed = neighbour.fixed;
	if (ret < 0)
		return ret;
	if (!neighbour.has_mac)
		return -ENOENT;
	*mac = neighbour.mac;
	return 0;
}

int rtnetlink_probe(struct rtnetlink *rtnl, unsigned ifindex, const struct endpoint *via)
{
	/* NTF_USE makes the kernel resolve the entry as if it had a packet to send. */
	struct nlmsghdr *message = begin_neighbour(rtnl, RTM_NEWNEIGH,
		NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, ifindex, via, NTF_USE);

	return ask(rtnl, message, NULL, NULL);
}

int rtnetlink_event_fd(const struct rtnetlink *rtnl)
{
	return mnl_socket_get_fd(rtnl->events);
}

static void tell_of_neighbour(
	const struct nlmsghdr *message, const struct rtnetlink_watcher *watcher)
{
	struct neighbour neighbour;

	parse_neighbour(message, &neighbour);
	if (neighbour.has_mac)
		watcher->neighbour(
			watcher->arg, neighbour.ifindex, &neighbour.address, &neighbour.mac);
}

static void tell_of_route(const struct nlmsghdr *message, const struct rtnetlink_watcher *watcher)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	bool ipv4 = header->rtm_family == AF_INET;
	struct endpoint network;
	const struct nlattr *attribute;

	/* A default route comes without an address. */
	endpoint_set(&network, (const uint8_t[16]){ 0 }, ipv4 ? 4 : 16, 0);
	mnl_attr_for_each(attribute, message, sizeof(*header))
	{
		if (mnl_attr_get_type(attribute) == RTA_DST)
			endpoint_set(&network, mnl_attr_get_payload(attribute),
				mnl_attr_get_payload_len(attribute), 0);
	}
	watcher->route(watcher->arg, &network, header->rtm_dst_len + (ipv4 ? 96u : 0u));
}

static void tell_of_interface(
	const struct nlmsghdr *message, const struct rtnetlink_watcher *watcher)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(attribute) == IFLA_IFNAME &&
			mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
			watcher->interface(watcher->arg, mnl_attr_get_str(attribute));
	}
}

static int parse_event(const struct nlmsghdr *message, void *arg)
{
	switch (message->nlmsg_type) {
	case RTM_NEWNEIGH:
		tell_of_neighbour(message, arg);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		tell_of_route(message, arg);
		break;
	case RTM_NEWLINK:
		tell_of_interface(message, arg);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int rtnetlink_read_events(struct rtnetlink *rtnl, const struct rtnetlink_watcher *watcher)
{
	/* Not the buffer of requests: who is told of a change may have to ask. */
	char buffer[sizeof(rtnl->buffer)];

	for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
		ssize_t length =
			recv(mnl_socket_get_fd(rtnl->events), buffer, sizeof(buffer), MSG_DONTWAIT);

		if (length < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
		mnl_cb_run(buffer, (size_t)length, 0, 0, parse_event, (void *)(uintptr_t)watcher);
	}
	return 0;
}
