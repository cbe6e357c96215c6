// SPDX-License-Identifier: GPL-2.0-or-later
#include "codegen/call.h"

const struct call_desc call_descs[CALL_COUNT] = {
	[CALL_NONE] = {"no_match"},
};
