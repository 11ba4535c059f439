/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "text_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

const char *text_file(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (memmem(data, size, "@include", 8) != NULL)
		return NULL;
	if (fd < 0) {
		fd = memfd_create("configuration", 0);
		REQUIRE(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}
