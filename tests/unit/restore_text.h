/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text as a saved IPv4 file, parsed the way iptables-restore does it. */
#ifndef TESTS_UNIT_RESTORE_TEXT_H
#define TESTS_UNIT_RESTORE_TEXT_H

#include "iptables-bpf/restore_queue.h"

/*
 * Fills @queue, which the caller clears however this ends, from the @len bytes
 * at @text. @f: all zero but options and e. 0, or a negative errno with f->e
 * filled.
 */
int restore_text(struct restore_file *f, struct restore_queue *queue,
		 const void *text, size_t len);

#endif
