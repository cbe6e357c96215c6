check_PROGRAMS += tests/codegen/compile_ruleset
tests_codegen_compile_ruleset_SOURCES = tests/codegen/compile_ruleset.c \
	tests/codegen/program.c tests/codegen/program.h
tests_codegen_compile_ruleset_LDADD = libcodegen.a libextensions.a libcodegen.a libtranslate.a \
	libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(LIBBPF_LIBS)

check_PROGRAMS += tests/codegen/time_ruleset
tests_codegen_time_ruleset_SOURCES = tests/codegen/time_ruleset.c \
	tests/codegen/program.c tests/codegen/program.h
nodist_tests_codegen_time_ruleset_SOURCES = tests/codegen/cold_text.c
tests_codegen_time_ruleset_LDADD = $(tests_codegen_compile_ruleset_LDADD)

check_PROGRAMS += tests/codegen/corpus_share
tests_codegen_corpus_share_SOURCES = tests/codegen/corpus_share.c
tests_codegen_corpus_share_LDADD = $(tests_codegen_compile_ruleset_LDADD)

tests/codegen/cold_text.c: $(srcdir)/tests/codegen/cold.bpf.h $(srcdir)/tests/codegen/local.mk
	$(AM_V_GEN)$(MKDIR_P) tests/codegen && { \
		echo 'extern const char *const cold_text;' && \
		echo 'const char *const cold_text =' && \
		cat $(srcdir)/tests/codegen/cold.bpf.h | $(CODEGEN_QUOTE) && \
		echo ';'; } > $@.tmp && mv $@.tmp $@

CLEANFILES += tests/codegen/cold_text.c
EXTRA_DIST += tests/codegen/cold.bpf.h
