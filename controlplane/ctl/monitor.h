/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_MONITOR_H
#define BRIDGETAP_CTL_MONITOR_H

/* Print a MonitorSession: a ctl_print_fn. */
void print_session(const void *response);

#endif
