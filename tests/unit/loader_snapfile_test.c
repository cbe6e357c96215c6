// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of a snapshot: many who append while it is replaced; what is
 * missing, somebody else's or damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader/snapfile.h"
#include "tests/unit/loader_place.h"

#define WRITERS	    4
#define GENERATIONS 400
#define TABLE	    FAMILY_IPV4, "filter"

static struct place place = {.cookie = 1};

static int setup(void **state)
{
	return place_make_temporary(&place);
}

static int teardown(void **state)
{
	return place_remove_temporary(&place);
}

static void add(struct snap_record *r, uint64_t handle)
{
	static const struct snap_place at = {TABLE, "INPUT"};
	const struct snap_content c = {.handle = handle,
				       .exprs = "expr",
				       .exprs_len = 4,
				       .sketch = (uint32_t)handle};

	snap_add(r, &at, NFT_APPEND, 0, &c);
}

/* Generation 1: an empty table. From G to G + 1: rule G. */
static void record(uint32_t from, struct buf *out)
{
	struct snap_record r;

	memset(&r, 0, sizeof(r));
	if (from)
		add(&r, from);
	else
		snap_reset(&r, TABLE);
	assert_int_equal(snap_record_end(&r, snapfile_world(&place),
					 from ? from : 1, from + 1, out),
			 0);
	snap_record_free(&r);
}

static void begin(void)
{
	struct buf b = BUF_INIT;

	record(0, &b);
	assert_int_equal(snapfile_replace(&place, &b, 1), 0);
	buf_free(&b);
}

static int count_rule(const char *chain, const struct snap_content *rule,
		      void *arg)
{
	unsigned int *n = arg;

	return rule->handle == ++*n ? 0 : -EUCLEAN;
}

/* How many rules there are at @gen, which must be those up to it; or an error.
 */
static int rules_at(uint32_t gen)
{
	struct snap_state *st = NULL;
	unsigned int n = 0;
	struct snapfile f;
	int ret = snapfile_read(&f, &place, gen);

	if (!ret)
		ret = snap_replay(&f.snap, &st);
	if (!ret && !snap_state_knows(st, TABLE))
		ret = -ESTALE;
	if (!ret)
		ret = snap_state_each(st, TABLE, count_rule, &n);
	snap_state_free(st);
	snapfile_close(&f);
	return ret ? ret : (int)n;
}

static void write_share(unsigned int first)
{
	struct buf b = BUF_INIT;
	uint32_t gen;

	for (gen = first + 1; gen < GENERATIONS; gen += WRITERS) {
		buf_reset(&b);
		record(gen, &b);
		if (snapfile_append(&place, &b))
			_exit(1);
		usleep(500);
	}
	_exit(0);
}

static void replace_once(void)
{
	struct snap_state *st;
	struct snapfile f;
	uint32_t gen;

	for (gen = GENERATIONS; gen; gen--) {
		if (!snapfile_read(&f, &place, gen) &&
		    !snap_replay(&f.snap, &st)) {
			if (snap_state_knows(st, TABLE))
				snapfile_tidy(&place, st, gen);
			snap_state_free(st);
			snapfile_close(&f);
			return;
		}
		snapfile_close(&f);
	}
}

static void nothing_appended_is_lost(void **state)
{
	pid_t pid[WRITERS];
	int status, left = WRITERS;
	unsigned int i;

	begin();
	for (i = 0; i < WRITERS; i++) {
		pid[i] = fork();
		if (!pid[i])
			write_share(i);
	}
	while (left) {
		replace_once();
		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			left--;
		}
	}
	assert_int_equal(rules_at(GENERATIONS), GENERATIONS - 1);
	replace_once();
	assert_int_equal(rules_at(GENERATIONS), GENERATIONS - 1);
	assert_int_equal(rules_at(GENERATIONS - 1), -ESTALE);
}

static void a_missing_file_is_none(void **state)
{
	struct buf b = BUF_INIT;

	begin();
	assert_true(snapfile_exists(&place));
	assert_int_equal(rules_at(1), 0);
	snapfile_remove(&place);
	assert_false(snapfile_exists(&place));
	assert_int_equal(rules_at(1), -ENOENT);
	record(1, &b);
	assert_int_equal(snapfile_append(&place, &b), -ENOENT);
	buf_free(&b);
}

static void another_namespaces_file_is_stale(void **state)
{
	char here[PLACE_PATH_LEN], there[PLACE_PATH_LEN];
	struct place other = place;
	struct snapfile f;

	other.cookie = 2;
	begin();
	place_file(&other, there, sizeof(there), "");
	assert_int_equal(mkdir(there, 0700), 0);
	place_file(&other, there, sizeof(there), "rules");
	place_file(&place, here, sizeof(here), "rules");
	assert_int_equal(link(here, there), 0);
	assert_int_equal(snapfile_read(&f, &other, 1), -ESTALE);
	snapfile_close(&f);
}

static void bloat_is_told(void **state)
{
	assert_false(snapfile_is_bloated(1 << 20, 1));
	assert_true(snapfile_is_bloated(1 << 22, 1000));
	assert_false(snapfile_is_bloated(1 << 22, 1 << 21));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_appended_is_lost),
		cmocka_unit_test(a_missing_file_is_none),
		cmocka_unit_test(another_namespaces_file_is_stale),
		cmocka_unit_test(bloat_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
