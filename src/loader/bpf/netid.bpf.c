// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads nf_tables_net_id, nf_tables' index into net->gen, for kernels that
 * keep the generation in the module (see dispatch.bpf.c). Run once, by user
 * space.
 */
#include "loader/bpf/vmlinux.bpf.h"

extern const void nf_tables_net_id __ksym __weak;

abi_u32 net_id = 0;

SEC("syscall")
int read_net_id(void *ctx __attribute__((unused)))
{
	if (&nf_tables_net_id)
		bpf_probe_read_kernel(&net_id, sizeof(net_id),
				      &nf_tables_net_id);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
