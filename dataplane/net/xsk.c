/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/xsk.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/if_xdp.h>

static bool is_xsk(int fd)
{
	int domain = 0;
	socklen_t length = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_XDP;
}

unsigned xsk_find(int *fds, unsigned most)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		int fd = atoi(entry->d_name);

		if (count < most && entry->d_name[0] != '.' && is_xsk(fd))
			fds[count++] = fd;
	}
	if (directory != NULL)
		closedir(directory);
	return count;
}

uint64_t xsk_ring_full(int fd)
{
	struct xdp_statistics statistics = { 0 }; /* older kernels fill in less of it */
	socklen_t length = sizeof(statistics);

	if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &statistics, &length) < 0)
		return 0;
	return statistics.rx_ring_full;
}
