/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library - the library of this room: libyaml, whose headers do not tell their version. */
#include <stdio.h>
#include <yaml.h>

#include "sim/experiment/schema.h"

unsigned experiment_libraries(struct eg_library lib[EG_ROOM_LIBRARIES])
{
	lib[0] = (struct eg_library){ .name = "libyaml" };
	(void)snprintf(lib[0].running, sizeof(lib[0].running), "%s", yaml_get_version_string());
	return 1;
}
