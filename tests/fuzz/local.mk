# libFuzzer targets: built by `make fuzzers' where configure was told --enable-libfuzzer (./run libfuzzer does).
if HAVE_LIBFUZZER
fuzz_programs = tests/fuzz/restore_fuzz tests/fuzz/command_fuzz tests/fuzz/decode_fuzz tests/fuzz/lower_fuzz
EXTRA_PROGRAMS = $(fuzz_programs)
fuzzers: $(BUILT_SOURCES)
	$(MAKE) $(AM_MAKEFLAGS) $(fuzz_programs)

tests_fuzz_restore_fuzz_SOURCES = tests/fuzz/restore_fuzz.c \
	tests/unit/restore_standins.c tests/unit/restore_standins.h \
	tests/unit/restore_text.c tests/unit/restore_text.h \
	iptables-bpf/restore_file.c iptables-bpf/restore_grammar.y \
	iptables-bpf/restore_queue.c iptables-bpf/restore_scanner.l iptables-bpf/restore_words.c \
	iptables-bpf/stock.c iptables-bpf/xt_rule.c
tests_fuzz_restore_fuzz_CFLAGS = $(AM_CFLAGS)
tests_fuzz_restore_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_restore_fuzz_LDADD = libmodel.a libbase.a $(XTABLES_LIBS)

tests_fuzz_command_fuzz_SOURCES = tests/fuzz/command_fuzz.c \
	tests/unit/restore_text.c tests/unit/restore_text.h
tests_fuzz_command_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_command_fuzz_LDADD = $(FRONTEND_LIBS)

tests_fuzz_decode_fuzz_SOURCES = tests/fuzz/decode_fuzz.c tests/fuzz/input.h \
	tests/fuzz/expressions.c tests/fuzz/expressions.h \
	tests/fuzz/evaluate.c tests/fuzz/evaluate.h
tests_fuzz_decode_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_decode_fuzz_LDADD = libtranslate.a libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS)

tests_fuzz_lower_fuzz_SOURCES = tests/fuzz/lower_fuzz.c tests/fuzz/input.h
tests_fuzz_lower_fuzz_CPPFLAGS = $(AM_CPPFLAGS) -DCLANG_PATH='"$(CLANG)"'
tests_fuzz_lower_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_lower_fuzz_LDADD = libcodegen.a libextensions.a libcodegen.a libtranslate.a libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS)
endif
