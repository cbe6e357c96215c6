// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/restore_text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

int restore_text(struct restore_file *f, struct restore_queue *queue,
		 const void *text, size_t len)
{
	struct frontend fe = {.ops = &family_ipv4,
			      .progname = "iptables-restore"};
	/* fmemopen() takes no empty one. */
	FILE *in = len ? fmemopen((void *)(uintptr_t)text, len, "r")
		       : fopen("/dev/null", "r");
	int ret;

	restore_queue_init(queue);
	if (!in)
		return err_set(f->e, ERR_OTHER, errno, "cannot open the text");
	f->fe = &fe;
	f->sink = &restore_queue_sink;
	f->sink_data = queue;
	ret = restore_file_parse(f, in);
	f->fe = NULL;
	fclose(in);
	return ret;
}
