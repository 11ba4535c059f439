/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_FASTPATH_H
#define BRIDGETAP_FASTPATH_H

/* Included last by every source in media/, call/ and worker/: what touches packets never
 * allocates, logs, locks or calls the kernel, and the compiler refuses code that tries. */
#pragma GCC poison malloc calloc realloc free strdup
#pragma GCC poison rte_malloc rte_zmalloc rte_calloc rte_free
#pragma GCC poison printf fprintf puts perror syslog rte_log
#pragma GCC poison read write send recv sendto recvfrom sendmsg recvmsg poll epoll_wait ioctl
#pragma GCC poison usleep nanosleep sleep clock_gettime gettimeofday time
#pragma GCC poison pthread_mutex_lock rte_spinlock_lock

#endif
