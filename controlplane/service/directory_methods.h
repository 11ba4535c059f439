/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_DIRECTORY_METHODS_H
#define BRIDGETAP_SERVICE_DIRECTORY_METHODS_H

#include "grpc/call.h"

/* Methods of Directory that have files of their own. */

grpc_message_fn put_organisation, delete_organisation, list_organisations; /* organisation.c */
grpc_message_fn load_directory;						   /* directory_load.c */
grpc_end_fn load_directory_end;
grpc_message_fn set_presence, get_presence; /* presence.c */

#endif
