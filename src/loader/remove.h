/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what belongs to a network namespace. */
#ifndef LOADER_REMOVE_H
#define LOADER_REMOVE_H

#include "loader/place.h"

/* All pins of the namespace, links first, and what describes them; locks and
 * `off' stay. */
void remove_pins(const struct place *p);
/* Pins and directory: the namespace is gone. */
void remove_namespace(const struct place *p);

#endif
