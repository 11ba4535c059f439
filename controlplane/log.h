/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROLPLANE_LOG_H
#define BRIDGETAP_CONTROLPLANE_LOG_H

/* One line to standard error, with the priority prefix that systemd's journal understands
 * (sd-daemon(3)). `priority` is one of syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
