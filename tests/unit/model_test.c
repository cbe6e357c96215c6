// SPDX-License-Identifier: GPL-2.0-or-later
/* The rule model: chains by name, rules by number, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "model/model.h"

static struct ruleset rs;

static int begin(void **state)
{
	ruleset_init(&rs);
	*state = ruleset_add_table(&rs, FAMILY_IPV4, "filter");
	return *state ? 0 : -1;
}

static int end(void **state)
{
	ruleset_clear(&rs);
	return 0;
}

static void test_many_chains(void **state)
{
	struct table *t = *state;
	struct chain *c, *next;
	char name[32];
	int n = 0;

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "chain-%d", i);
		assert_null(table_find_chain(t, name));
		assert_non_null(table_add_chain(t, name));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "chain-%d", i);
		c = table_find_chain(t, name);
		assert_non_null(c);
		assert_string_equal(c->name, name);
	}
	/* Every other one goes; the rest stay, in the order of creation. */
	list_for_each_safe (c, next, &t->chains, struct chain, node)
		if (n++ % 2)
			table_remove_chain(t, c);
	assert_int_equal(t->nchains, 500);
	assert_null(table_find_chain(t, "chain-1"));
	n = 0;
	list_for_each (c, &t->chains, struct chain, node) {
		snprintf(name, sizeof(name), "chain-%d", n);
		assert_string_equal(c->name, name);
		assert_ptr_equal(table_find_chain(t, name), c);
		n += 2;
	}
}

static void test_name_too_long_is_cut(void **state)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct chain *c = table_add_chain(*state, name);

	assert_int_equal(strlen(c->name), MODEL_CHAIN_NAME_LEN - 1);
	assert_ptr_equal(table_find_chain(*state, c->name), c);
	assert_null(table_find_chain(*state, name));
}

static struct rule *add(struct chain *c, uint64_t handle, uint32_t flags)
{
	struct rule *r = rule_new();

	r->handle = handle;
	r->flags = flags;
	chain_append_rule(c, r);
	return r;
}

static void test_guards_do_not_count(void **state)
{
	struct chain *c = table_add_chain(*state, "INPUT");
	struct rule *second;

	add(c, 1, RULE_GUARD);
	add(c, 2, 0);
	second = add(c, 3, 0);
	assert_int_equal(chain_visible_rules(c), 2);
	assert_int_equal(c->nrules, 3);
	assert_ptr_equal(chain_find_rule(c, 2), second);
	assert_null(chain_find_rule(c, 0));
	assert_null(chain_find_rule(c, 3));
	chain_insert_rule(c, rule_new(), second);
	assert_ptr_equal(chain_find_rule(c, 3), second);
	chain_remove_rule(c, chain_find_rule(c, 1));
	assert_ptr_equal(chain_find_rule(c, 2), second);
	chain_flush(c);
	assert_int_equal(chain_visible_rules(c), 0);
	assert_int_equal(c->nrules, 0);
}

static void test_clone(void **state)
{
	struct rule *r = rule_new(), *copy;
	struct ext *m;

	r->handle = 9;
	r->id = 8;
	r->packets = 7;
	r->core.proto = 6;
	r->action = ACTION_TARGET;
	r->target = ext_new("LOG", 0, "level", 6);
	m = ext_new("tcp", 1, "ports", 6);
	m->native = true;
	rule_add_match(r, m);
	copy = rule_clone(r);
	rule_free(r);
	assert_int_equal(copy->handle, 0);
	assert_int_equal(copy->id, 0);
	assert_int_equal(copy->packets, 7);
	assert_int_equal(copy->core.proto, 6);
	assert_string_equal((char *)copy->target->data, "level");
	m = container_of(copy->matches.next, struct ext, node);
	assert_string_equal(m->name, "tcp");
	assert_int_equal(m->revision, 1);
	assert_true(m->native);
	assert_string_equal((char *)m->data, "ports");
	assert_ptr_equal(m->node.next, &copy->matches);
	rule_free(copy);
}

static void test_builtin(void **state)
{
	assert_true(builtin_table_exists("security"));
	assert_false(builtin_table_exists("Filter"));
	assert_int_equal(builtin_chain_find("nat", "INPUT")->prio, 100);
	assert_string_equal(builtin_chain_find("mangle", "OUTPUT")->type,
			    "route");
	assert_null(builtin_chain_find("nat", "FORWARD"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many_chains, begin, end),
		cmocka_unit_test_setup_teardown(test_name_too_long_is_cut,
						begin, end),
		cmocka_unit_test_setup_teardown(test_guards_do_not_count, begin,
						end),
		cmocka_unit_test(test_clone),
		cmocka_unit_test(test_builtin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
