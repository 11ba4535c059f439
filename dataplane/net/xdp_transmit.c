/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/xdp_transmit.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>

/* Of the kernel's generic netlink family "netdev" (Documentation/netlink/specs/netdev.yaml), which
 * is younger than Debian 12's headers. */
#define NETDEV_FAMILY	    "netdev"
#define NETDEV_DEV_GET	    1
#define NETDEV_IFINDEX	    1
#define NETDEV_XDP_FEATURES 3
#define FEATURE_NDO_XMIT    (1u << 2) /* of a veth: the other end takes frames */

static bool is_veth(unsigned ifindex)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (char *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known = fd >= 0 && if_indextoname(ifindex, request.ifr_name) != NULL &&
		     ioctl(fd, SIOCETHTOOL, &request) == 0;

	if (fd >= 0)
		close(fd);
	return known && strcmp(info.driver, "veth") == 0;
}

/* What an answer is looked for, and what was found. */
struct wanted {
	uint16_t attribute;
	uint64_t value;
};

static int find_attribute(const struct nlattr *attribute, void *arg)
{
	struct wanted *wanted = arg;

	if (mnl_attr_get_type(attribute) != wanted->attribute)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attribute) == sizeof(uint64_t))
		wanted->value = mnl_attr_get_u64(attribute);
	else if (mnl_attr_get_payload_len(attribute) == sizeof(uint16_t))
		wanted->value = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static int read_answer(const struct nlmsghdr *message, void *arg)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr), find_attribute, arg);
}

/* Ask `family` by the message in `buffer`. The value of `attribute` in the answer; 0 for none. */
static uint64_t ask(struct mnl_socket *socket, struct nlmsghdr *message, uint16_t attribute)
{
	struct wanted wanted = { .attribute = attribute };
	char buffer[8192];
	ssize_t length;

	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return 0;
	length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (length < 0 || mnl_cb_run(buffer, (size_t)length, message->nlmsg_seq,
				  mnl_socket_get_portid(socket), read_answer, &wanted) < 0)
		return 0;
	return wanted.value;
}

static struct nlmsghdr *begin(char *buffer, uint16_t family, uint8_t command)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(message, sizeof(*generic));

	message->nlmsg_type = family;
	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = 1;
	generic->cmd = command;
	generic->version = 1;
	return message;
}

static uint64_t xdp_features(unsigned ifindex)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	uint64_t family = 0, features = 0;
	struct nlmsghdr *message;
	char buffer[256];

	if (socket != NULL && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0) {
		message = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
		mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
		family = ask(socket, message, CTRL_ATTR_FAMILY_ID);
	}
	if (family != 0) {
		message = begin(buffer, (uint16_t)family, NETDEV_DEV_GET);
		mnl_attr_put_u32(message, NETDEV_IFINDEX, ifindex);
		features = ask(socket, message, NETDEV_XDP_FEATURES);
	}
	if (socket != NULL)
		mnl_socket_close(socket);
	return features;
}

enum xdp_transmit xdp_transmit(unsigned ifindex)
{
	if (!is_veth(ifindex))
		return XDP_TRANSMIT_TX;
	return xdp_features(ifindex) & FEATURE_NDO_XMIT ? XDP_TRANSMIT_REDIRECT : XDP_TRANSMIT_NONE;
}
