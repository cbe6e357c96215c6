# Each room's unit tests: one fragment, tests/unit/<room>.mk.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/restore_test
TESTS += tests/unit/restore_test
tests_unit_restore_test_SOURCES = tests/unit/restore_test.c \
	iptables-bpf/restore_file.c iptables-bpf/restore_grammar.y \
	iptables-bpf/restore_scanner.l iptables-bpf/restore_words.c
tests_unit_restore_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_restore_test_LDADD = libmodel.a libbase.a $(XTABLES_LIBS) $(CMOCKA_LIBS)
endif
