/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface conditions: "eth0", "eth+" and "+" between text, model and the
 * xtables structures. */
#ifndef FRONTEND_INTERFACE_H
#define FRONTEND_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Parses @arg into the model's form (name[IFNAMSIZ] without '+', how many
 * bytes count, whether there is a condition at all: a lone "+" is one only when
 * @inverted). A name that is too long fails through the libxtables exit
 * callback; odd characters are warned about on stderr.
 */
void interface_parse(const char *arg, bool inverted, char *name, uint8_t *len,
		     bool *has);
/* The model's form as struct ipt_ip holds it: @name and @mask have IFNAMSIZ
 * bytes; the name ends in '+' for a wildcard. */
void interface_to_xt(bool has, const char *model_name, uint8_t len, char *name,
		     unsigned char *mask);

#endif
