/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_PORT_POOL_H
#define BRIDGETAP_MONITOR_PORT_POOL_H

#include <stddef.h>
#include <stdint.h>

/* The RTP ports of one realm. The port that has been free for longest is given out first, so that
 * late packets of an ended call do not meet the next one.
 *
 * Ports whose packets arrive at the same worker of the data plane are of one class. A call's ports
 * should all be: then nobody has to hand its packets over. Any port will do, though. */

#define PORT_CLASSES_MAX 64
#define PORT_PERIOD_MAX	 64

/* Which class a port is of: that at (port / 2) modulo the period; all are of one where it is 0. */
struct port_classes {
	uint8_t count;
	uint8_t period;
	uint8_t of[PORT_PERIOD_MAX];
};

struct port_slot {
	uint16_t next, prev; /* in the queue of its class, while it is free */
};

struct port_queue {
	uint16_t first, last;
	uint16_t free, taken; /* ports of the class */
};

struct port_pool {
	uint16_t first;		 /* even */
	uint16_t count;		 /* even ports in the range */
	uint16_t free;		 /* of all classes */
	struct port_slot *slots; /* by (port - first) / 2 */
	struct port_classes classes;
	struct port_queue queues[PORT_CLASSES_MAX];
};

/* Classes of the ports as the data plane has told them, one byte each for `period` pairs of ports.
 * -EINVAL with all ports in one class where that is no such thing. */
int port_classes_init(struct port_classes *classes, const uint8_t *of, size_t period);

/* For the even ports from `first` up to `last`, all of one class. 0 or -ENOMEM. */
int port_pool_init(struct port_pool *pool, uint16_t first, uint16_t last);
void port_pool_fini(struct port_pool *pool);

/* Sort the ports into other classes. Those that are taken stay so. */
void port_pool_set_classes(struct port_pool *pool, const struct port_classes *classes);

/* A port of the same class as port `beside`, which may be another realm's; where there is none, or
 * `beside` is 0, one of the class of which fewest are taken. 0 where all are taken. */
uint16_t port_pool_take(struct port_pool *pool, uint16_t beside);

/* Take this very port: 0, -EBUSY where it is taken, -ERANGE where it is not in the pool. */
int port_pool_take_port(struct port_pool *pool, uint16_t port);

void port_pool_give_back(struct port_pool *pool, uint16_t port);

#endif
