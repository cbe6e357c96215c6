/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place below /tmp, with the directories that a sync makes in /run. */
#ifndef TESTS_UNIT_LOADER_PLACE_H
#define TESTS_UNIT_LOADER_PLACE_H

#include "loader/place.h"

/* @p: its cookie is set. 0 or -1. */
int place_make_temporary(struct place *p);
/* Removes it with all that is in it, but for what is mounted there. 0 or -1. */
int place_remove_temporary(const struct place *p);

#endif
