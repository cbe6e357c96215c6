check_PROGRAMS += tests/snapshot/compare_snapshot
tests_snapshot_compare_snapshot_SOURCES = tests/snapshot/compare_snapshot.c
tests_snapshot_compare_snapshot_LDADD = libloader.a libcodegen.a libextensions.a libcodegen.a libtranslate.a \
	libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(LIBBPF_LIBS)
