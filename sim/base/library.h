/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library - which version of a library a room was built with and runs with; each room tells of its own. */
#ifndef SIM_BASE_LIBRARY_H
#define SIM_BASE_LIBRARY_H

struct eg_library {
	const char *name;
	char        built[24];      /* of the headers; "" when they do not say */
	char        running[24];    /* of the code */
};

#define EG_ROOM_LIBRARIES 4         /* as many as a room tells of at most */

#endif
