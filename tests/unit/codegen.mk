codegen_test_sources = tests/unit/codegen_util.c tests/unit/codegen_util.h
codegen_test_libs = libcodegen.a libextensions.a libcodegen.a libmodel.a libbase.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/codegen_lower_test tests/unit/codegen_plan_test
TESTS += tests/unit/codegen_lower_test tests/unit/codegen_plan_test
tests_unit_codegen_lower_test_SOURCES = tests/unit/codegen_lower_test.c $(codegen_test_sources)
tests_unit_codegen_lower_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_lower_test_LDADD = $(codegen_test_libs)
tests_unit_codegen_plan_test_SOURCES = tests/unit/codegen_plan_test.c $(codegen_test_sources)
tests_unit_codegen_plan_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_codegen_plan_test_LDADD = $(codegen_test_libs)
