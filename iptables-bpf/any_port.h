/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRONTEND_ANY_PORT_H
#define FRONTEND_ANY_PORT_H

#include "model/model.h"

/*
 * What iptables 1.8.9 makes of "! --sport :", which no packet meets: no
 * condition at all (add_nft_tcpudp() of its nft.c). Its plugins could not save
 * one, either. Takes such conditions out of @r's tcp and udp matches, and the
 * match with them when nothing else is in it.
 */
void rule_forget_any_port(struct rule *r);

#endif
