# The loader. Dispatcher, guard and netid are compiled by clang now and become arrays in the binary.
noinst_LIBRARIES += libloader.a
libloader_a_SOURCES = \
	src/loader/abi.h src/loader/abi_user.h src/loader/loader.h \
	src/loader/boot.c src/loader/boot.h \
	src/loader/cache.c src/loader/cache.h \
	src/loader/choose.c \
	src/loader/clang.c src/loader/clang.h \
	src/loader/entries.c src/loader/entries.h \
	src/loader/events.c src/loader/events.h \
	src/loader/exclusive.c src/loader/exclusive.h \
	src/loader/exclusive_enter.c \
	src/loader/fragments.c src/loader/fragments.h \
	src/loader/guard.c src/loader/guard.h src/loader/guard_rule.c \
	src/loader/hash.h \
	src/loader/hold.c src/loader/hold.h \
	src/loader/hook.c src/loader/hook.h \
	src/loader/job.c src/loader/job.h \
	src/loader/keeper.c src/loader/keeper.h \
	src/loader/kept.c src/loader/kept.h \
	src/loader/kick.c src/loader/kick.h \
	src/loader/merge.c \
	src/loader/ns.c src/loader/ns.h \
	src/loader/place.c src/loader/place.h \
	src/loader/notify.c src/loader/notify.h \
	src/loader/program.c src/loader/program.h \
	src/loader/objects.c src/loader/objects.h \
	src/loader/off.c \
	src/loader/reap.c src/loader/reap.h \
	src/loader/record.c src/loader/record.h \
	src/loader/remove.c src/loader/remove.h \
	src/loader/rulematch.c src/loader/rulematch.h \
	src/loader/ruleset.c src/loader/ruleset.h \
	src/loader/slot.c src/loader/slot.h \
	src/loader/slot_carry.c src/loader/slot_key.c \
	src/loader/slot_totals.c src/loader/slot_totals.h \
	src/loader/snapfile.c src/loader/snapfile.h \
	src/loader/snapnote.c \
	src/loader/spare.c src/loader/spare.h \
	src/loader/status.c src/loader/status.h \
	src/loader/swap.c src/loader/swap.h \
	src/loader/sync.c src/loader/sync.h \
	src/loader/sys.c src/loader/sys.h \
	src/loader/tables.c src/loader/tables.h \
	src/loader/watch.c src/loader/watch.h \
	src/loader/wish.c src/loader/wish.h

bpf_headers = \
	src/loader/abi.h \
	src/loader/bpf/notes.bpf.h \
	src/loader/bpf/vmlinux.bpf.h
bpf_sources = \
	src/loader/bpf/rulematch.bpf.c \
	src/loader/bpf/dispatch.bpf.c \
	src/loader/bpf/guard.bpf.c \
	src/loader/bpf/netid.bpf.c
bpf_arrays = $(bpf_sources:.bpf.c=.bpf.inc)

EXTRA_DIST += $(bpf_headers) $(bpf_sources)
BUILT_SOURCES += $(bpf_arrays)
CLEANFILES += $(bpf_arrays) $(bpf_arrays:=.o)

BPF_CFLAGS = -O2 -g -target bpf -mcpu=v3 -Wall -Wextra $(WERROR) -nostdinc -I$(top_srcdir)/src

$(bpf_arrays): $(bpf_headers)
src/loader/bpf/rulematch.bpf.inc: src/loader/bpf/rulematch.bpf.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CLANG) $(BPF_CFLAGS) -c $(srcdir)/src/loader/bpf/rulematch.bpf.c -o $@.o && $(BPF_TO_ARRAY)
src/loader/bpf/dispatch.bpf.inc: src/loader/bpf/dispatch.bpf.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CLANG) $(BPF_CFLAGS) -c $(srcdir)/src/loader/bpf/dispatch.bpf.c -o $@.o && $(BPF_TO_ARRAY)
src/loader/bpf/guard.bpf.inc: src/loader/bpf/guard.bpf.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CLANG) $(BPF_CFLAGS) -c $(srcdir)/src/loader/bpf/guard.bpf.c -o $@.o && $(BPF_TO_ARRAY)
src/loader/bpf/netid.bpf.inc: src/loader/bpf/netid.bpf.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CLANG) $(BPF_CFLAGS) -c $(srcdir)/src/loader/bpf/netid.bpf.c -o $@.o && $(BPF_TO_ARRAY)
BPF_TO_ARRAY = od -v -An -tx1 $@.o | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@

# The watcher as a service; for others it is a template.
systemdunitdir = $(prefix)/lib/systemd/system
dist_systemdunit_sources = src/loader/systemd/iptables-bpf.service.in src/loader/systemd/iptables-bpf@.service.in
systemdunit_DATA = src/loader/systemd/iptables-bpf.service src/loader/systemd/iptables-bpf@.service
EXTRA_DIST += $(dist_systemdunit_sources)
CLEANFILES += $(systemdunit_DATA)
$(systemdunit_DATA): %.service: %.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's|[@]sbindir@|$(sbindir)|' $< > $@
