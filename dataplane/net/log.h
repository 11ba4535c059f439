/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_LOG_H
#define BRIDGETAP_NET_LOG_H

/* One line to standard error, with the priority prefix that systemd's journal understands
 * (sd-daemon(3)). Any thread but the workers, which count instead. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
