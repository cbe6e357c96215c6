/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In front of the chains: the clock of -m time. */

#if NEED_TIME
/*
 * Nanoseconds between the monotonic clock and the time of day, 0: unknown. The
 * kernel keeps them in each CPU's timer base, and changes them there, on all
 * CPUs that are online, before whoever sets the clock is back
 * (clock_was_set() of kernel/time/hrtimer.c). Each task has a timer and thereby
 * a way there.
 */
INLINE abi_u64 realtime_offset(void)
{
	abi_u64 base, cpu_base, realtime;
	const struct hrtimer_cpu_base *c;

	base = K64(bpf_get_current_task(), task_struct, dl.dl_timer.base);
	cpu_base = base ? K64(base, hrtimer_clock_base, cpu_base) : 0;
	if (!cpu_base)
		return 0;
	c = (const struct hrtimer_cpu_base *)raw_bytes((const void *)cpu_base);
	if (FIELD_EXISTS(hrtimer_cpu_base, online) && !READ_BITS(c, online))
		return 0;
	realtime = cpu_base + FIELD_AT(hrtimer_cpu_base, clock_base) +
		   __builtin_preserve_type_info(
			   *(struct hrtimer_clock_base *)0, 1) *
			   ENUM_VALUE(hrtimer_base_type,
				      HRTIMER_BASE_REALTIME);
	return K64(realtime, hrtimer_clock_base, offset);
}

/*
 * time_mt() of xt_time.c; the arguments are time_holds()'. Its clock,
 * ktime_get_real_seconds(), moves on with the kernel's ticks, so a second
 * begins a little later there.
 */
GLOBAL int time_of_day(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u64 dates,
		       abi_u64 daytimes, abi_u64 days)
{
	abi_u64 offset = realtime_offset();

	if (!offset)
		return HANDOVER;
	return time_holds((bpf_ktime_get_ns() + offset) / 1000000000, dates,
			  daytimes, days)
		       ? MATCH
		       : NEXT;
}
#endif
