codegen_test_sources = tests/unit/codegen_util.c tests/unit/codegen_util.h
codegen_test_libs = libcodegen.a libextensions.a libcodegen.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/codegen_lower_test tests/unit/codegen_plan_test
TESTS += tests/unit/codegen_lower_test tests/unit/codegen_plan_test
tests_unit_codegen_lower_test_SOURCES = tests/unit/codegen_lower_test.c $(codegen_test_sources)
tests_unit_codegen_lower_test_CPPFLAGS = $(AM_CPPFLAGS) -DTOP_SRCDIR='"$(top_srcdir)"'
tests_unit_codegen_lower_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_lower_test_LDADD = $(codegen_test_libs)
tests_unit_codegen_plan_test_SOURCES = tests/unit/codegen_plan_test.c $(codegen_test_sources)
tests_unit_codegen_plan_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_plan_test_LDADD = $(codegen_test_libs)

check_PROGRAMS += tests/unit/codegen_print_test
TESTS += tests/unit/codegen_print_test
tests_unit_codegen_print_test_SOURCES = tests/unit/codegen_print_test.c $(codegen_test_sources)
tests_unit_codegen_print_test_CPPFLAGS = $(AM_CPPFLAGS) -DGOLDEN_DIR='"$(top_srcdir)/tests/unit/golden"'
tests_unit_codegen_print_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_print_test_LDADD = $(codegen_test_libs)
EXTRA_DIST += \
	tests/unit/golden/codegen_annotated.txt \
	tests/unit/golden/codegen_chains.txt \
	tests/unit/golden/codegen_conntrack.txt \
	tests/unit/golden/codegen_core4.txt \
	tests/unit/golden/codegen_core6.txt \
	tests/unit/golden/codegen_limit.txt \
	tests/unit/golden/codegen_matches.txt \
	tests/unit/golden/codegen_parts.txt

check_PROGRAMS += tests/unit/codegen_run_test
TESTS += tests/unit/codegen_run_test
codegen_run_sources = tests/unit/codegen_packets.c tests/unit/codegen_packets.h \
	tests/codegen/program.c tests/codegen/program.h $(codegen_test_sources)
tests_unit_codegen_run_test_SOURCES = tests/unit/codegen_run_test.c $(codegen_run_sources)
tests_unit_codegen_run_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_run_test_LDADD = $(codegen_test_libs) $(LIBBPF_LIBS)

check_PROGRAMS += tests/unit/codegen_fuzz_test
TESTS += tests/unit/codegen_fuzz_test
tests_unit_codegen_fuzz_test_SOURCES = tests/unit/codegen_fuzz_test.c tests/unit/random.h \
	tests/codegen/program.c tests/codegen/program.h $(codegen_test_sources)
tests_unit_codegen_fuzz_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_fuzz_test_LDADD = $(codegen_test_libs) $(LIBBPF_LIBS)

check_PROGRAMS += tests/unit/codegen_chains_test
TESTS += tests/unit/codegen_chains_test
tests_unit_codegen_chains_test_SOURCES = tests/unit/codegen_chains_test.c $(codegen_run_sources)
tests_unit_codegen_chains_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_chains_test_LDADD = $(codegen_test_libs) $(LIBBPF_LIBS)

check_PROGRAMS += tests/unit/codegen_kernelstate_test
TESTS += tests/unit/codegen_kernelstate_test
tests_unit_codegen_kernelstate_test_SOURCES = tests/unit/codegen_kernelstate_test.c $(codegen_test_sources)
tests_unit_codegen_kernelstate_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_kernelstate_test_LDADD = $(codegen_test_libs)

check_PROGRAMS += tests/unit/codegen_matches_test
TESTS += tests/unit/codegen_matches_test
tests_unit_codegen_matches_test_SOURCES = tests/unit/codegen_matches_test.c $(codegen_run_sources)
tests_unit_codegen_matches_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_matches_test_LDADD = $(codegen_test_libs) $(LIBBPF_LIBS)

check_PROGRAMS += tests/unit/codegen_engine_test
TESTS += tests/unit/codegen_engine_test
tests_unit_codegen_engine_test_SOURCES = tests/unit/codegen_engine_test.c tests/unit/random.h $(codegen_run_sources)
tests_unit_codegen_engine_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_engine_test_LDADD = $(codegen_test_libs) $(LIBBPF_LIBS)

check_PROGRAMS += tests/unit/codegen_time_test
TESTS += tests/unit/codegen_time_test
tests_unit_codegen_time_test_SOURCES = tests/unit/codegen_time_test.c $(codegen_test_sources)
tests_unit_codegen_time_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_time_test_LDADD = $(codegen_test_libs)

check_PROGRAMS += tests/unit/codegen_rate_test
TESTS += tests/unit/codegen_rate_test
tests_unit_codegen_rate_test_SOURCES = tests/unit/codegen_rate_test.c $(codegen_test_sources)
tests_unit_codegen_rate_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_rate_test_LDADD = $(codegen_test_libs)

check_PROGRAMS += tests/unit/codegen_bucket_test
TESTS += tests/unit/codegen_bucket_test
tests_unit_codegen_bucket_test_SOURCES = tests/unit/codegen_bucket_test.c $(codegen_run_sources)
tests_unit_codegen_bucket_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_bucket_test_LDADD = $(codegen_test_libs) $(LIBBPF_LIBS)
