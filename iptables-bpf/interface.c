// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/interface.h"

#include <net/if.h>
#include <string.h>

#include <xtables.h>

#include "iptables-bpf/stock.h"

void interface_parse(const char *arg, bool inverted, char *name, uint8_t *len,
		     bool *has)
{
	unsigned char mask[IFNAMSIZ];
	const struct stock *stock = stock_iptables();
	size_t n;

	if (stock->long_interface && strlen(arg) >= IFNAMSIZ)
		xtables_error(PARAMETER_PROBLEM, stock->long_interface, arg,
			      IFNAMSIZ);
	xtables_parse_interface(arg, name, mask);
	n = strlen(name);
	if (n > 0 && name[n - 1] == '+') {
		name[--n] = '\0';
		*len = (uint8_t)n;
		*has = n > 0 || inverted;
	} else {
		*len = (uint8_t)(n + 1);
		*has = true;
	}
}

void interface_to_xt(bool has, const char *model_name, uint8_t len, char *name,
		     unsigned char *mask)
{
	size_t n = strlen(model_name);

	memset(name, 0, IFNAMSIZ);
	memset(mask, 0, IFNAMSIZ);
	if (!has)
		return;
	memcpy(name, model_name, n);
	memset(mask, 0xff, len);
	if (len == n && n < IFNAMSIZ - 1)
		name[n] = '+';
}
