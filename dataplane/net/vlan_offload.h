/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_VLAN_OFFLOAD_H
#define BRIDGETAP_NET_VLAN_OFFLOAD_H

/* Have the driver of a kernel's interface leave the VLAN tags of what comes in where they are,
 * 802.1Q and 802.1ad: an XDP program sees the frame alone, and a tag that the NIC has taken off is
 * in none. The kernel itself reads them either way. 0 where none is taken off; -ENOTSUP where the
 * driver goes on with it; -errno. Main lcore. */
int vlan_offload_stop(const char *interface);

#endif
