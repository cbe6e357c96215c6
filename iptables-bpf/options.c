// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/options.h"

#include <errno.h>
#include <stddef.h>

#include "iptables-bpf/stock.h"
#include "model/model.h"

struct option options_table[] = {
	{"append", required_argument, NULL, 'A'},
	{"delete", required_argument, NULL, 'D'},
	{"check", required_argument, NULL, 'C'},
	{"insert", required_argument, NULL, 'I'},
	{"replace", required_argument, NULL, 'R'},
	{"list", optional_argument, NULL, 'L'},
	{"list-rules", optional_argument, NULL, 'S'},
	{"flush", optional_argument, NULL, 'F'},
	{"zero", optional_argument, NULL, 'Z'},
	{"new-chain", required_argument, NULL, 'N'},
	{"delete-chain", optional_argument, NULL, 'X'},
	{"rename-chain", required_argument, NULL, 'E'},
	{"policy", required_argument, NULL, 'P'},
	{"source", required_argument, NULL, 's'},
	{"destination", required_argument, NULL, 'd'},
	{"src", required_argument, NULL, 's'},
	{"dst", required_argument, NULL, 'd'},
	{"protocol", required_argument, NULL, 'p'},
	{"in-interface", required_argument, NULL, 'i'},
	{"jump", required_argument, NULL, 'j'},
	{"table", required_argument, NULL, 't'},
	{"match", required_argument, NULL, 'm'},
	{"numeric", no_argument, NULL, 'n'},
	{"out-interface", required_argument, NULL, 'o'},
	{"verbose", no_argument, NULL, 'v'},
	{"wait", optional_argument, NULL, 'w'},
	{"wait-interval", optional_argument, NULL, 'W'},
	{"exact", no_argument, NULL, 'x'},
	{"fragments", no_argument, NULL, 'f'},
	{"version", no_argument, NULL, 'V'},
	{"help", optional_argument, NULL, 'h'},
	{"line-numbers", no_argument, NULL, '0'},
	{"modprobe", required_argument, NULL, 'M'},
	{"set-counters", required_argument, NULL, 'c'},
	{"goto", required_argument, NULL, 'g'},
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{NULL, 0, NULL, 0},
};

const char options_short[] =
	"-:A:C:D:E:F::I:L::M:N:P:R:S::VX::Z::c:d:i:j:o:p:s:t:"
	"W::46bfg:h::m:nvw::x";

/* In the order of enum command_flag. */
static const char command_letters[] = "IDDRALFZNXPESZC";

#define ANY_COMMAND (~0u)

static const struct option_rule {
	const char *letter, *name;
	uint8_t inverse;
	unsigned int commands; /* it may be used with */
} option_rules[] = {
	/* In the order of enum option_flag. */
	{"-n", "--numeric", 0, CMDF_LIST},
	{"-s", "--source", CORE_INV_SRC, CMDF_WITH_RULE},
	{"-d", "--destination", CORE_INV_DST, CMDF_WITH_RULE},
	{"-p", "--protocol", CORE_INV_PROTO, CMDF_WITH_RULE},
	{"-j", "--jump", 0, CMDF_WITH_RULE},
	{"-v", "--verbose", 0, ANY_COMMAND},
	{"-x", "--exact", 0, CMDF_LIST},
	{"-i", "--in-interface", CORE_INV_IIF, CMDF_WITH_RULE},
	{"-o", "--out-interface", CORE_INV_OIF, CMDF_WITH_RULE},
	{"-0", "--line-numbers", 0, CMDF_LIST},
	{"-c", "--set-counters", 0,
	 CMDF_INSERT | CMDF_REPLACE | CMDF_APPEND | CMDF_SET_POLICY},
	{"-f", "--fragments", CORE_INV_FRAG, CMDF_WITH_RULE},
};
#define OPTION_RULES (sizeof(option_rules) / sizeof(option_rules[0]))

char command_letter(unsigned int flags)
{
	return flags ? command_letters[31 - __builtin_clz(flags)] : '?';
}

const char *option_text(unsigned int flags)
{
	const struct option_rule *o = &option_rules[__builtin_ctz(flags)];

	return stock_iptables()->names_options ? o->name : o->letter;
}

unsigned int option_inverse(enum option_flag flag)
{
	return option_rules[__builtin_ctz(flag)].inverse;
}

int options_check(unsigned int commands, unsigned int options, struct err *e)
{
	for (unsigned int i = 0; i < OPTION_RULES; i++)
		if ((options & 1u << i) &&
		    !(option_rules[i].commands & commands))
			return err_set(e, ERR_PARAMETER, EINVAL,
				       "Illegal option `%s' with this command",
				       option_text(1u << i));
	return 0;
}
