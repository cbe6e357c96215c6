check_PROGRAMS += tests/codegen/compile_ruleset
tests_codegen_compile_ruleset_SOURCES = tests/codegen/compile_ruleset.c \
	tests/codegen/program.c tests/codegen/program.h
tests_codegen_compile_ruleset_LDADD = libcodegen.a libextensions.a libcodegen.a libtranslate.a \
	libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(LIBBPF_LIBS)

check_PROGRAMS += tests/codegen/time_ruleset
tests_codegen_time_ruleset_SOURCES = tests/codegen/time_ruleset.c \
	tests/codegen/program.c tests/codegen/program.h
tests_codegen_time_ruleset_LDADD = $(tests_codegen_compile_ruleset_LDADD)

check_PROGRAMS += tests/codegen/corpus_share
tests_codegen_corpus_share_SOURCES = tests/codegen/corpus_share.c
tests_codegen_corpus_share_LDADD = $(tests_codegen_compile_ruleset_LDADD)
