/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LOADER_NOTIFY_H
#define LOADER_NOTIFY_H

/*
 * Tells the service manager that started us that we are ready (Type=notify;
 * sd_notify(3) has the protocol). Does nothing where there is none.
 */
void notify_ready(void);

#endif
