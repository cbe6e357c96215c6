// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The notes' protocol, from the very header that the BPF programs include: what
 * is claimed is never lost, what is not claimed is never found.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "loader/abi_user.h"

struct bpf_nf_ctx {
	const void *state;
	void *skb;
};

static const void *bpf_rdonly_cast(const void *obj, abi_u32 btf_id)
{
	return obj;
}

/* clang's, for BPF only */
#define __builtin_btf_type_id(type, kind) 0
#define preserve_access_index		  unused
#include "loader/bpf/notes.bpf.h"

#define ADDR(n)		(0xffff888000000000ULL + (n)*256ULL)
#define SAME_SLOT(addr) ((addr) + 256ULL * ABI_NOTES)

static struct abi_notes notes;

static int reset(void **state)
{
	memset(&notes, 0, sizeof(notes));
	return 0;
}

static void test_address(void **state)
{
	int skb;
	struct bpf_nf_ctx ctx = {NULL, &skb};

	assert_int_equal(notes_skb_addr(&ctx), (uintptr_t)&skb);
}

static void test_claim_and_consume(void **state)
{
	assert_true(notes_claim(&notes, ADDR(1), 11));
	assert_false(notes_consume(&notes, ADDR(2), 11));
	assert_false(notes_consume(&notes, ADDR(1), 12));
	assert_true(notes_consume(&notes, ADDR(1), 11));
	assert_false(notes_consume(&notes, ADDR(1), 11));
}

static void test_nothing_there(void **state)
{
	assert_false(notes_consume(&notes, ADDR(1), 0));
	/* An address whose note would be all zeroes but for epoch and chain. */
	assert_false(notes_consume(&notes, 0, 0));
}

static void test_others_are_not_overwritten(void **state)
{
	abi_u64 a = ADDR(7), b = SAME_SLOT(ADDR(7));

	assert_ptr_equal(notes_slot(&notes, a), notes_slot(&notes, b));
	assert_true(notes_claim(&notes, a, 11));
	assert_false(notes_claim(&notes, b, 11));
	notes_clear(&notes, b);
	assert_true(notes_consume(&notes, a, 11));
	assert_true(notes_claim(&notes, b, 11));
}

static void test_own_is_replaced(void **state)
{
	assert_true(notes_claim(&notes, ADDR(3), 11));
	assert_true(notes_claim(&notes, ADDR(3), 12));
	assert_false(notes_consume(&notes, ADDR(3), 11));
	assert_true(notes_consume(&notes, ADDR(3), 12));
}

static void test_clear(void **state)
{
	assert_true(notes_claim(&notes, ADDR(3), 11));
	notes_clear(&notes, ADDR(3));
	assert_false(notes_consume(&notes, ADDR(3), 11));
	assert_int_equal(*notes_slot(&notes, ADDR(3)), 0);
}

/* Every epoch, so that the wrap of its few bits is among them. */
static void test_epochs(void **state)
{
	abi_u64 a = ADDR(9), b = SAME_SLOT(ADDR(9));
	unsigned int i;

	for (i = 0; i < 3u << ABI_NOTE_EPOCH_BITS; i++) {
		memset(notes.slot, 0, sizeof(notes.slot));
		notes.epoch = i;
		assert_true(notes_claim(&notes, a, 5));
		notes.epoch = i + 1;
		assert_false(notes_claim(&notes, b, 5));
		assert_true(notes_consume(&notes, a, 5));

		notes.epoch = i;
		assert_true(notes_claim(&notes, a, 5));
		notes.epoch = i + 2;
		assert_false(notes_consume(&notes, a, 5));
		assert_true(notes_claim(&notes, b, 5));
	}
}

/* A CPU that has not seen the new epoch yet must not take the other's note for
 * dead. */
static void test_older_reader(void **state)
{
	notes.epoch = 8;
	assert_true(notes_claim(&notes, ADDR(9), 5));
	notes.epoch = 7;
	assert_false(notes_claim(&notes, SAME_SLOT(ADDR(9)), 5));
	assert_true(notes_consume(&notes, ADDR(9), 5));
}

#define THREADS 4
#define ROUNDS	200000

struct worker {
	pthread_t thread;
	unsigned int num;
	unsigned long claimed, refused, wrong;
};

/* Each thread has addresses of its own, in slots that all share. */
static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int seed = w->num + 1, i;

	for (i = 0; i < ROUNDS; i++) {
		abi_u64 slot = rand_r(&seed) % 4;
		abi_u64 addr = ADDR(slot + w->num * (abi_u64)ABI_NOTES);

		if (i % 16 == 0) {
			notes_clear(&notes, addr);
			w->wrong += notes_consume(&notes, addr, 11);
		} else if (notes_claim(&notes, addr, 11)) {
			w->claimed++;
			w->wrong += !notes_consume(&notes, addr, 11);
		} else {
			w->refused++;
			w->wrong += notes_consume(&notes, addr, 11);
		}
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct worker w[THREADS] = {0};
	unsigned long claimed = 0;
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		w[i].num = i;
		assert_int_equal(
			pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].wrong, 0);
		claimed += w[i].claimed;
	}
	assert_true(claimed > ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_address, reset),
		cmocka_unit_test_setup(test_claim_and_consume, reset),
		cmocka_unit_test_setup(test_nothing_there, reset),
		cmocka_unit_test_setup(test_others_are_not_overwritten, reset),
		cmocka_unit_test_setup(test_own_is_replaced, reset),
		cmocka_unit_test_setup(test_clear, reset),
		cmocka_unit_test_setup(test_epochs, reset),
		cmocka_unit_test_setup(test_older_reader, reset),
		cmocka_unit_test_setup(test_threads, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
