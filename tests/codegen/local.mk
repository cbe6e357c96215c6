check_PROGRAMS += tests/codegen/compile_ruleset
tests_codegen_compile_ruleset_SOURCES = tests/codegen/compile_ruleset.c \
	tests/codegen/program.c tests/codegen/program.h
tests_codegen_compile_ruleset_LDADD = libcodegen.a libextensions.a libcodegen.a libtranslate.a \
	libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(LIBBPF_LIBS)
