check_PROGRAMS += tests/unit/loader_cache_test tests/unit/loader_notes_test tests/unit/loader_record_test tests/unit/loader_slot_test
TESTS += tests/unit/loader_cache_test tests/unit/loader_notes_test tests/unit/loader_record_test tests/unit/loader_slot_test
tests_unit_loader_notes_test_SOURCES = tests/unit/loader_notes_test.c
tests_unit_loader_notes_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread
tests_unit_loader_notes_test_LDADD = $(CMOCKA_LIBS)
tests_unit_loader_record_test_SOURCES = tests/unit/loader_record_test.c \
	tests/unit/loader_place.c tests/unit/loader_place.h
tests_unit_loader_record_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_loader_record_test_LDADD = libloader.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_loader_slot_test_SOURCES = tests/unit/loader_slot_test.c \
	tests/unit/loader_place.c tests/unit/loader_place.h
tests_unit_loader_slot_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_loader_slot_test_LDADD = libloader.a libmodel.a libbase.a $(CMOCKA_LIBS)
tests_unit_loader_cache_test_SOURCES = tests/unit/loader_cache_test.c
tests_unit_loader_cache_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_loader_cache_test_LDADD = libloader.a libmodel.a libbase.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/loader_snapfile_test
TESTS += tests/unit/loader_snapfile_test
tests_unit_loader_snapfile_test_SOURCES = tests/unit/loader_snapfile_test.c \
	tests/unit/loader_place.c tests/unit/loader_place.h
tests_unit_loader_snapfile_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_loader_snapfile_test_LDADD = libloader.a libtranslate.a libmodel.a libbase.a $(LIBNFTNL_LIBS) $(LIBMNL_LIBS) $(CMOCKA_LIBS)
