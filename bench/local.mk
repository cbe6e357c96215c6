# The benchmark's generator; its BPF programs are compiled by clang now and become an array in the binary.
noinst_PROGRAMS += bench/inject
bench_inject_SOURCES = bench/inject.c bench/conntrack.c bench/conntrack.h bench/frame.h
bench_inject_LDADD = $(LIBBPF_LIBS) $(LIBMNL_LIBS)

EXTRA_DIST += bench/inject.bpf.c
BUILT_SOURCES += bench/inject.bpf.inc
CLEANFILES += bench/inject.bpf.inc bench/inject.bpf.inc.o

# The kernel's headers for users want the machine's own <asm/...>.
bench/inject.bpf.inc: bench/inject.bpf.c bench/frame.h
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CLANG) -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter $(WERROR) \
		-I$(top_srcdir) -idirafter /usr/include/$$($(CC) -print-multiarch) -c $(srcdir)/bench/inject.bpf.c -o $@.o && $(BPF_TO_ARRAY)

noinst_PROGRAMS += bench/timed
bench_timed_SOURCES = bench/timed.c
