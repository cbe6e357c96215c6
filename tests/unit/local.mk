# Each room's unit tests: one fragment, tests/unit/<room>.mk.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/restore_test
TESTS += tests/unit/restore_test
tests_unit_restore_test_SOURCES = tests/unit/restore_test.c \
	tests/unit/restore_standins.c tests/unit/restore_standins.h \
	tests/unit/restore_text.c tests/unit/restore_text.h \
	iptables-bpf/restore_file.c iptables-bpf/restore_grammar.y \
	iptables-bpf/restore_queue.c iptables-bpf/restore_scanner.l iptables-bpf/restore_words.c \
	iptables-bpf/stock.c iptables-bpf/xt_rule.c
tests_unit_restore_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_restore_test_LDADD = libmodel.a libbase.a $(XTABLES_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/translate_codec_test tests/unit/translate_kernel_test
TESTS += tests/unit/translate_codec_test tests/unit/translate_kernel_test
EXTRA_DIST += tests/unit/golden/translate_encode.txt
tests_unit_translate_codec_test_SOURCES = tests/unit/translate_codec_test.c \
	tests/unit/translate_util.c tests/unit/translate_util.h
tests_unit_translate_codec_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_translate_codec_test_LDADD = libtranslate.a libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(CMOCKA_LIBS)
tests_unit_translate_kernel_test_SOURCES = tests/unit/translate_kernel_test.c \
	tests/unit/translate_util.c tests/unit/translate_util.h
tests_unit_translate_kernel_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_translate_kernel_test_LDADD = libtranslate.a libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/translate_snapshot_test
TESTS += tests/unit/translate_snapshot_test
tests_unit_translate_snapshot_test_SOURCES = tests/unit/translate_snapshot_test.c \
	tests/unit/translate_util.c tests/unit/translate_util.h
tests_unit_translate_snapshot_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_translate_snapshot_test_LDADD = libtranslate.a libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(CMOCKA_LIBS)
include tests/unit/codegen.mk
include tests/unit/loader.mk
check_PROGRAMS += tests/unit/args_test tests/unit/model_test
TESTS += tests/unit/args_test tests/unit/model_test
tests_unit_args_test_SOURCES = tests/unit/args_test.c
tests_unit_args_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_args_test_LDADD = $(FRONTEND_LIBS) $(CMOCKA_LIBS)
tests_unit_model_test_SOURCES = tests/unit/model_test.c
tests_unit_model_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_model_test_LDADD = libmodel.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/monitor_test
TESTS += tests/unit/monitor_test
tests_unit_monitor_test_SOURCES = tests/unit/monitor_test.c
tests_unit_monitor_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_monitor_test_LDADD = $(FRONTEND_LIBS) $(CMOCKA_LIBS)
endif
