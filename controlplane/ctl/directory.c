/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"

/* Security roles, groups and extensions. */

static char *name; /* of --name */

static const struct ctl_option name_options[] = {
	{ "name", CTL_TEXT, &name, NULL, NULL, "NAME", "as people see it" },
	{ 0 },
};

/* --- security roles --- */

static int put_role(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__PutSecurityRoleRequest request =
		BRIDGETAP__V1__PUT_SECURITY_ROLE_REQUEST__INIT;
	Bridgetap__V1__SecurityRole role = BRIDGETAP__V1__SECURITY_ROLE__INIT;

	(void)argc;
	role.id = argv[0];
	if (name != NULL)
		role.name = name;
	request.security_role = &role;
	return ctl_tell(ctl, "Directory.PutSecurityRole", &request, "saved");
}

static int delete_role(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Directory.DeleteSecurityRole", argv[0], "deleted");
}

static void grid_role(struct grid *grid, const void *item)
{
	const Bridgetap__V1__SecurityRole *role = item;

	grid_row(grid);
	grid_cell(grid, "%s", role->id);
	grid_cell(grid, "%s", role->name);
}

static int list_roles(struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "ROLE", "NAME", NULL };
	Bridgetap__V1__ListSecurityRolesRequest request =
		BRIDGETAP__V1__LIST_SECURITY_ROLES_REQUEST__INIT;

	(void)argc;
	(void)argv;
	return ctl_table(ctl, "Directory.ListSecurityRoles", &request, titles, grid_role);
}

/* --- groups --- */

static int put_group(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__PutGroupRequest request = BRIDGETAP__V1__PUT_GROUP_REQUEST__INIT;
	Bridgetap__V1__Group group = BRIDGETAP__V1__GROUP__INIT;

	(void)argc;
	group.id = argv[0];
	if (name != NULL)
		group.name = name;
	request.group = &group;
	return ctl_tell(ctl, "Directory.PutGroup", &request, "saved");
}

static int delete_group(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Directory.DeleteGroup", argv[0], "deleted");
}

static void grid_group(struct grid *grid, const void *item)
{
	const Bridgetap__V1__Group *group = item;

	grid_row(grid);
	grid_cell(grid, "%s", group->id);
	grid_cell(grid, "%s", group->name);
}

static int list_groups(struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "GROUP", "NAME", NULL };
	Bridgetap__V1__ListGroupsRequest request = BRIDGETAP__V1__LIST_GROUPS_REQUEST__INIT;

	(void)argc;
	(void)argv;
	return ctl_table(ctl, "Directory.ListGroups", &request, titles, grid_group);
}

/* --- extensions --- */

static char *extension_user; /* of --user */

static const struct ctl_option extension_options[] = {
	{ "user", CTL_TEXT, &extension_user, NULL, NULL, "ID", "whose it is" },
	{ "name", CTL_TEXT, &name, NULL, NULL, "NAME", "as people see it" },
	{ 0 },
};

static int put_extension(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__ListExtensionsRequest list = BRIDGETAP__V1__LIST_EXTENSIONS_REQUEST__INIT;
	Bridgetap__V1__PutExtensionRequest request = BRIDGETAP__V1__PUT_EXTENSION_REQUEST__INIT;
	Bridgetap__V1__Extension extension = BRIDGETAP__V1__EXTENSION__INIT, *before;
	void *found;
	int code = ctl_find(ctl, "Directory.ListExtensions", &list, argv[0], &found);

	(void)argc;
	if (code != CTL_OK)
		return code;
	extension.id = argv[0];
	if (name != NULL)
		extension.name = name;
	if (extension_user != NULL)
		extension.user = extension_user;
	/* What a user has consented to stays theirs; it is `access consent` that changes it. */
	before = found;
	extension.consented =
		before != NULL && before->consented && strcmp(before->user, extension.user) == 0;
	request.extension = &extension;
	code = ctl_tell(ctl, "Directory.PutExtension", &request, "saved");
	ctl_free(found);
	return code;
}

static int delete_extension(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Directory.DeleteExtension", argv[0], "deleted");
}

static void grid_extension(struct grid *grid, const void *item)
{
	const Bridgetap__V1__Extension *extension = item;

	grid_row(grid);
	grid_cell(grid, "%s", extension->id);
	grid_cell(grid, "%s", extension->name);
	grid_cell(grid, "%s", extension->user);
	grid_cell(grid, "%s", extension->consented ? "yes" : "no");
}

static int list_extensions(struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "EXTENSION", "NAME", "USER", "CONSENTED", NULL };
	Bridgetap__V1__ListExtensionsRequest request = BRIDGETAP__V1__LIST_EXTENSIONS_REQUEST__INIT;

	(void)argc;
	(void)argv;
	return ctl_table(ctl, "Directory.ListExtensions", &request, titles, grid_extension);
}

const struct ctl_command directory_commands[] = {
	{ "role put", put_role, 1, 1, "ID", name_options,
		"Create a security role, or change it whole",
		"  bridgetapctl role put quality --name 'Quality assurance'\n" },
	{ "role list", list_roles, 0, 0, "", NULL, "List the security roles",
		"  bridgetapctl role list\n" },
	{ "role delete", delete_role, 1, 1, "ID", NULL, "Delete a security role",
		"  bridgetapctl role delete quality\n" },
	{ "group put", put_group, 1, 1, "ID", name_options, "Create a group, or change it whole",
		"  bridgetapctl group put sales --name Sales\n" },
	{ "group list", list_groups, 0, 0, "", NULL, "List the groups",
		"  bridgetapctl group list\n" },
	{ "group delete", delete_group, 1, 1, "ID", NULL, "Delete a group",
		"  bridgetapctl group delete sales\n" },
	{ "extension put", put_extension, 1, 1, "ID", extension_options,
		"Create an extension, or change it whole, but for consent and access",
		"  bridgetapctl extension put 101 --user ann --name 'Desk 1'\n" },
	{ "extension list", list_extensions, 0, 0, "", NULL, "List the extensions",
		"  bridgetapctl extension list\n" },
	{ "extension delete", delete_extension, 1, 1, "ID", NULL, "Delete an extension",
		"  bridgetapctl extension delete 101\n" },
	{ 0 },
};
