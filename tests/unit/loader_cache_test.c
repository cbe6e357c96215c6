// SPDX-License-Identifier: GPL-2.0-or-later
/* The object cache and the compiler behind it, with a cache directory of this
 * test's own. */
#include <dirent.h>
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

#include "loader/cache.h"
#include "loader/clang.h"
#include "loader/place.h"

#define EXIT_SKIPPED 77

static char dir[] = "/tmp/ipb-clang.XXXXXX";

static int setup(void **state)
{
	mkdir(PLACE_CACHE, 0700);
	if (mount("tmpfs", PLACE_CACHE, "tmpfs", 0, "mode=0700"))
		return -1;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	umount2(PLACE_CACHE, MNT_DETACH);
	return rmdir(dir);
}

static struct buf text(const char *s)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, s);
	return b;
}

/* The name of the only file in the cache that ends so. */
static void cached(char *path, size_t len, const char *suffix)
{
	DIR *d = opendir(PLACE_CACHE);
	struct dirent *e;

	path[0] = '\0';
	while ((e = readdir(d)))
		if (strstr(e->d_name, suffix))
			snprintf(path, len, PLACE_CACHE "/%s", e->d_name);
	closedir(d);
	assert_true(path[0]);
}

static void test_hit_and_miss(void **state)
{
	struct buf source = text("int a;"), other = text("int b;");
	struct buf object = text("object"), got = BUF_INIT;
	char path[300];

	assert_int_equal(cache_get(&source, &got), -ENOENT);
	cache_put(&source, &object);
	assert_int_equal(cache_get(&source, &got), 0);
	assert_int_equal(got.len, 6);
	assert_memory_equal(got.data, "object", 6);
	assert_int_equal(cache_get(&other, &got), -ENOENT);

	/* The same name, another source: what two sources of one hash come to.
	 */
	cached(path, sizeof(path), ".c");
	assert_int_equal(cache_write_file(path, "int c;", 6), 0);
	assert_int_equal(cache_get(&source, &got), -ENOENT);
	cache_put(&source, &object);
	assert_int_equal(cache_get(&source, &got), 0);

	/* Half of a pair is none. */
	cached(path, sizeof(path), ".o");
	unlink(path);
	assert_int_equal(cache_get(&source, &got), -ENOENT);
	cache_put(&source, &object);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(cache_get(&source, &got), -ENOENT);
	buf_free(&source);
	buf_free(&other);
	buf_free(&object);
	buf_free(&got);
}

static void test_untrusted_directory(void **state)
{
	struct buf source = text("int a;"), object = text("object");
	struct buf got = BUF_INIT;

	cache_put(&source, &object);
	assert_int_equal(chmod(PLACE_CACHE, 0770), 0);
	assert_int_equal(cache_get(&source, &got), -ENOENT);
	assert_int_equal(chmod(PLACE_CACHE, 0700), 0);
	assert_int_equal(cache_get(&source, &got), 0);
	assert_int_equal(chown(PLACE_CACHE, 65534, 0), 0);
	assert_int_equal(cache_get(&source, &got), -ENOENT);
	assert_int_equal(chown(PLACE_CACHE, 0, 0), 0);
	buf_free(&source);
	buf_free(&object);
	buf_free(&got);
}

static unsigned int files(void)
{
	DIR *d = opendir(PLACE_CACHE);
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void test_eviction(void **state)
{
	struct buf object = text("object"), got = BUF_INIT;
	struct buf source = BUF_INIT;
	unsigned int i;

	for (i = 0; i < 600; i++) {
		buf_reset(&source);
		buf_printf(&source, "int a%u;", i);
		cache_put(&source, &object);
	}
	assert_in_range(files(), 100, 1100);
	assert_int_equal(cache_get(&source, &got), 0);
	buf_free(&source);
	buf_free(&object);
	buf_free(&got);
}

static void test_compile(void **state)
{
	struct buf source = BUF_INIT;
	struct clang_result r;
	struct err e = {0};

	assert_int_equal(clang_stamp(&source), 0);
	assert_memory_equal(source.data, "/* /", 4);
	assert_ptr_equal(strchr(source.data, '\n'),
			 source.data + source.len - 1);
	buf_puts(&source, "int answer(void) { return 42; }\n");
	assert_int_equal(clang_compile(dir, &source, &r, &e), 0);
	assert_false(r.hit);
	assert_memory_equal(r.object.data, "\177ELF", 4);
	buf_free(&r.object);
	assert_int_equal(clang_compile(dir, &source, &r, &e), 0);
	assert_true(r.hit);
	assert_memory_equal(r.object.data, "\177ELF", 4);
	buf_free(&r.object);
	buf_free(&source);
}

static void test_error(void **state)
{
	struct buf source = text("int nonsense(\n");
	struct clang_result r;
	struct err e = {0};

	assert_true(clang_compile(dir, &source, &r, &e) < 0);
	assert_non_null(strstr(e.msg, "error:"));
	assert_null(strchr(e.msg, '\n'));
	assert_int_equal(r.object.len, 0);
	buf_free(&r.object);
	buf_free(&source);
	/* The temporary files are gone: teardown removes the directory. */
}

static void test_tidy(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/source.abcdef.o", dir);
	assert_int_equal(cache_write_file(path, "x", 1), 0);
	clang_tidy(dir);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hit_and_miss),
		cmocka_unit_test(test_untrusted_directory),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_compile),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_tidy),
	};

	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		fprintf(stderr, "skipped: needs root for a cache of its own\n");
		return EXIT_SKIPPED;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
