// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters across swaps, with the kernel's own maps in a bpffs of this test's
 * own: a sync that is killed anywhere leaves totals as they were, and the next
 * one can go on.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "loader/ns.h"
#include "loader/slot.h"
#include "loader/sys.h"
#include "tests/unit/loader_place.h"

#define CHAIN	     11
#define EXIT_SKIPPED 77

static struct place place = {.cookie = 0x51};
static struct ns ns;

static int setup(void **state)
{
	char path[PLACE_PATH_LEN];

	if (place_make_temporary(&place))
		return -1;
	snprintf(path, sizeof(path), "%s" PLACE_BPFFS, place.root);
	if (mkdir(path, 0700) || mount("bpf", path, "bpf", 0, NULL))
		return -1;
	place_pin(&place, path, sizeof(path), "%s", "");
	return mkdir(path, 0700) || ns_create(&ns, &place, NULL);
}

static int teardown(void **state)
{
	char path[PLACE_PATH_LEN];

	ns_close(&ns);
	snprintf(path, sizeof(path), "%s" PLACE_BPFFS, place.root);
	umount2(path, MNT_DETACH);
	return place_remove_temporary(&place);
}

static struct slot_entry entry(uint64_t handle, unsigned int ordinal)
{
	return (struct slot_entry){
		.id = {.table = 1, .handle = handle, .hash = 9},
		.kind = SLOT_COUNTER,
		.chain = CHAIN,
		.ordinal = ordinal};
}

/* The counters of a program in slot @num: @n rules. */
static int make_counters_of(unsigned int num, unsigned int chain,
			    unsigned int n)
{
	struct sys_map_spec spec = {.type = BPF_MAP_TYPE_PERCPU_ARRAY,
				    .name = "counters",
				    .value_size = sizeof(struct abi_counter),
				    .entries = n};
	char path[PLACE_PATH_LEN];
	int fd = sys_map_create(&spec);

	assert_true(fd >= 0);
	slot_pin_path(&place, path, sizeof(path), num, chain, "counters");
	assert_int_equal(sys_obj_pin(fd, path), 0);
	return fd;
}

static int make_counters(unsigned int num, unsigned int n)
{
	return make_counters_of(num, CHAIN, n);
}

/* As packets would: on every CPU @per_cpu of them, 10 bytes each. */
static void count(int fd, uint32_t ordinal, unsigned int per_cpu)
{
	unsigned int cpus = sys_possible_cpus(), i;
	struct abi_counter *v = calloc(cpus, sizeof(*v));

	assert_int_equal(sys_map_lookup(fd, ordinal, v), 0);
	for (i = 0; i < cpus; i++) {
		v[i].packets += per_cpu;
		v[i].bytes += 10 * per_cpu;
	}
	assert_int_equal(sys_map_update(fd, ordinal, v), 0);
	free(v);
}

/* What the listing would add for a rule; in units of one packet per CPU. */
static long total(uint64_t handle)
{
	const struct slot_id id = {.table = 1, .handle = handle, .hash = 9};
	const struct slot_total *found;
	struct slot_total *t = NULL;
	unsigned int n = 0;
	long packets;

	assert_int_equal(slot_totals(&ns, &t, &n), 0);
	found = slot_total_find(t, n, &id);
	packets = found ? (long)found->packets : -1;
	if (found)
		assert_int_equal(found->bytes, 10 * found->packets);
	free(t);
	return packets < 0 ? -1 : packets / (long)sys_possible_cpus();
}

static void test_swap(void **state)
{
	struct slot_entry first[] = {entry(5, 0), entry(6, 1)};
	struct slot_entry second[] = {entry(7, 0), entry(6, 1), entry(5, 2)};
	struct slot_entry third[] = {entry(7, 0), entry(6, 0)};
	struct slot s;
	int one, two;

	/* The first programs. */
	ns_set_ctl(&ns, 0, 0);
	one = make_counters(1, 2);
	assert_int_equal(slot_create(&s, &ns, 1, first, 2), 0);
	slot_close(&s);
	assert_int_equal(total(5), -1); /* not live yet */
	ns_set_ctl(&ns, 1, 100);
	count(one, 0, 3);
	count(one, 1, 4);
	assert_int_equal(total(5), 3); /* the sync is killed here */
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(5), 3);
	assert_int_equal(total(6), 4);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(6), 4);

	/* The second: prepared, live, not carried, carried. */
	two = make_counters(0, 3);
	assert_int_equal(slot_create(&s, &ns, 0, second, 3), 0);
	slot_close(&s);
	count(one, 0, 1);
	assert_int_equal(total(5), 4);
	assert_int_equal(total(7), -1);
	ns_set_ctl(&ns, 0, 101);
	assert_int_equal(total(5), 4);
	count(two, 2, 10);
	count(two, 0, 2);
	count(one, 1, 1); /* a packet that was still in the old program */
	assert_int_equal(total(5), 14);
	assert_int_equal(total(6), 5);
	assert_int_equal(total(7), 2);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(5), 14);
	assert_int_equal(total(6), 5);
	assert_int_equal(total(7), 2);
	assert_int_equal(slot_open(&s, &ns, 1, false), -ENOENT);
	close(one);

	/* Counts of rules without a program stay, of rules that were reset do
	 * not. */
	third[0].kind = SLOT_REST;
	third[1].fresh = true;
	one = make_counters(1, 1);
	assert_int_equal(slot_create(&s, &ns, 1, third, 2), 0);
	slot_close(&s);
	ns_set_ctl(&ns, 1, 102);
	assert_int_equal(total(7), 2);
	assert_int_equal(total(6), 0);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(7), 2);
	assert_int_equal(total(6), 0);
	assert_int_equal(total(5), -1);
	close(one);
	close(two);
}

static bool is_six(const struct slot_entry *e, void *arg)
{
	return e->id.handle == 6;
}

static void test_zero(void **state)
{
	struct slot_entry e[] = {entry(5, 0), entry(6, 1)};
	struct slot s;
	int fd;

	slot_remove(&ns, 0);
	slot_remove(&ns, 1);
	fd = make_counters(0, 2);
	assert_int_equal(slot_create(&s, &ns, 0, e, 2), 0);
	slot_close(&s);
	ns_set_ctl(&ns, 0, 1);
	count(fd, 0, 8);
	count(fd, 1, 9);
	assert_int_equal(slot_zero(&ns, is_six, NULL), 0);
	assert_int_equal(total(5), 8);
	assert_int_equal(total(6), 0);
	count(fd, 1, 2);
	assert_int_equal(total(6), 2);
	close(fd);
}

/* The rule may be counted by several programs, or under several ordinals. */
static void test_joined(void **state)
{
	struct slot_entry e[] = {entry(5, 0), entry(5, 1)}, after = entry(5, 0);
	struct slot s;
	int fd;

	slot_remove(&ns, 0);
	slot_remove(&ns, 1);
	fd = make_counters(0, 2);
	assert_int_equal(slot_create(&s, &ns, 0, e, 2), 0);
	slot_close(&s);
	ns_set_ctl(&ns, 0, 1);
	assert_int_equal(slot_carry(&ns), 0);
	count(fd, 0, 1);
	count(fd, 1, 2);
	assert_int_equal(total(5), 3);
	close(fd);
	fd = make_counters(1, 1);
	assert_int_equal(slot_create(&s, &ns, 1, &after, 1), 0);
	slot_close(&s);
	ns_set_ctl(&ns, 1, 2);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(5), 3);
	close(fd);
}

/* A program that goes on in the next slot, in the same map of counters, beside
 * one that does not. */
static void test_kept(void **state)
{
	struct slot_entry e[] = {entry(5, 0), entry(6, 1), entry(5, 0)};
	char path[PLACE_PATH_LEN];
	struct slot s;
	int kept, gone, come;

	e[2].chain = CHAIN + 1;
	slot_remove(&ns, 0);
	slot_remove(&ns, 1);
	kept = make_counters(0, 2);
	gone = make_counters_of(0, CHAIN + 1, 1);
	assert_int_equal(slot_create(&s, &ns, 0, e, 3), 0);
	slot_close(&s);
	ns_set_ctl(&ns, 0, 1);
	count(kept, 0, 1);
	count(kept, 1, 2);
	count(gone, 0, 4);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(slot_zero(&ns, is_six, NULL), 0);
	count(kept, 1, 3);
	assert_int_equal(total(5), 5);
	assert_int_equal(total(6), 3);

	e[0].kept = e[1].kept = true;
	slot_pin_path(&place, path, sizeof(path), 1, CHAIN, "counters");
	assert_int_equal(sys_obj_pin(kept, path), 0);
	come = make_counters_of(1, CHAIN + 1, 1);
	assert_int_equal(slot_create(&s, &ns, 1, e, 3), 0);
	slot_close(&s);
	count(kept, 0, 1);
	assert_int_equal(total(5), 6);
	ns_set_ctl(&ns, 1, 2);
	assert_int_equal(total(5), 6);
	assert_int_equal(total(6), 3);
	count(kept, 0, 1);
	count(come, 0, 1);
	count(gone, 0, 1);
	assert_int_equal(total(5), 9);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(5), 9);
	assert_int_equal(total(6), 3);
	count(kept, 1, 1);
	assert_int_equal(total(6), 4);

	/* Once more, and this time somebody has zeroed rule 5 behind our back.
	 */
	e[0].fresh = e[2].fresh = true;
	slot_pin_path(&place, path, sizeof(path), 0, CHAIN, "counters");
	assert_int_equal(sys_obj_pin(kept, path), 0);
	close(gone);
	gone = come;
	come = make_counters_of(0, CHAIN + 1, 1);
	assert_int_equal(slot_create(&s, &ns, 0, e, 3), 0);
	slot_close(&s);
	ns_set_ctl(&ns, 0, 3);
	assert_int_equal(total(5), 0);
	assert_int_equal(total(6), 4);
	assert_int_equal(slot_carry(&ns), 0);
	assert_int_equal(total(5), 0);
	assert_int_equal(total(6), 4);
	count(kept, 0, 1);
	count(come, 0, 1);
	assert_int_equal(total(5), 2);
	close(kept);
	close(gone);
	close(come);
}

static void test_control_word(void **state)
{
	unsigned int slot;
	uint32_t gen;

	ns_set_ctl(&ns, 1, 0xfffffffe);
	ns_get_ctl(&ns, &slot, &gen);
	assert_int_equal(slot, 1);
	assert_int_equal(gen, 0xfffffffe);
	ns_set_ctl(&ns, 1, 0);
	ns_get_ctl(&ns, &slot, &gen);
	assert_int_equal(slot, 1);
	assert_int_equal(gen, 0);
}

static void test_rule_hash(void **state)
{
	struct rule *a = rule_new(), *b = rule_new();
	struct ext *m;

	strcpy(a->core.iif, "eth0");
	a->core.iif_len = 5;
	memcpy(b->core.iif, "eth0\0rubbish", 12);
	b->core.iif_len = 5;
	b->handle = 12;
	b->packets = 5;
	assert_int_equal(slot_rule_hash(a), slot_rule_hash(b));
	b->core.proto = 6;
	assert_int_not_equal(slot_rule_hash(a), slot_rule_hash(b));
	b->core.proto = 0;
	m = ext_new("mark", 1, "12345678", 8);
	rule_add_match(b, m);
	assert_int_not_equal(slot_rule_hash(a), slot_rule_hash(b));
	rule_add_match(a, ext_new("mark", 1, "12345678", 8));
	assert_int_equal(slot_rule_hash(a), slot_rule_hash(b));
	a->action = ACTION_DROP;
	assert_int_not_equal(slot_rule_hash(a), slot_rule_hash(b));
	rule_free(a);
	rule_free(b);
	assert_int_not_equal(slot_chain_key(FAMILY_IPV4, "filter", "A"),
			     slot_chain_key(FAMILY_IPV6, "filter", "A"));
	assert_int_not_equal(slot_chain_key(FAMILY_IPV4, "a", "bc"),
			     slot_chain_key(FAMILY_IPV4, "ab", "c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_word),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_rule_hash),
	};

	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		fprintf(stderr, "skipped: needs root for a bpf file system\n");
		return EXIT_SKIPPED;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
