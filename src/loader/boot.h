/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of an earlier boot, where /run outlives one: pins are gone then, and
 * cookies start over, so that it may be about another network namespace.
 */
#ifndef LOADER_BOOT_H
#define LOADER_BOOT_H

#include <stdbool.h>

#include "loader/place.h"

/* Whether the directory of @p was written by an earlier boot. */
bool boot_is_other(const struct place *p);
/* Empties such a directory, and marks it as this boot's. Best effort. */
void boot_begin(const struct place *p);

#endif
