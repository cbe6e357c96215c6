noinst_LIBRARIES += libcodegen.a
libcodegen_a_SOURCES = \
	src/codegen/call.c src/codegen/call.h \
	src/codegen/engine.h src/codegen/engine_cut.c \
	src/codegen/engine_build.c src/codegen/engine_key.c \
	src/codegen/engine_lines.c src/codegen/engine_lines.h \
	src/codegen/engine_print.c src/codegen/engine_table.c \
	src/codegen/codegen.h \
	src/codegen/lower.c src/codegen/lower.h \
	src/codegen/cost.c src/codegen/obstacle.c \
	src/codegen/plan.c src/codegen/plan.h \
	src/codegen/plan_flow.c src/codegen/plan_hits.c \
	src/codegen/plan_gates.c \
	src/codegen/plan_share.c \
	src/codegen/print.c src/codegen/print.h \
	src/codegen/print_code.c \
	src/codegen/print_hashlimit.c \
	src/codegen/print_string.c \
	src/codegen/print_pred.c \
	src/codegen/rate.c src/codegen/rate.h
nodist_libcodegen_a_SOURCES = src/codegen/runtime_text.c

# What surrounds the chains of every generated program, as strings in the compiler.
CODEGEN_HEAD = \
	$(srcdir)/src/codegen/kernel.bpf.h \
	$(srcdir)/src/loader/abi.h \
	$(srcdir)/src/loader/bpf/notes.bpf.h \
	$(srcdir)/src/codegen/pkt.bpf.h \
	$(srcdir)/src/codegen/packet.bpf.h \
	$(srcdir)/src/codegen/match.bpf.h \
	$(srcdir)/src/codegen/match6.bpf.h \
	$(srcdir)/src/codegen/match_fib.bpf.h \
	$(srcdir)/src/codegen/match_state.bpf.h \
	$(srcdir)/src/codegen/match_rate.bpf.h \
	$(srcdir)/src/codegen/calendar.bpf.h \
	$(srcdir)/src/codegen/match_time.bpf.h \
	$(srcdir)/src/codegen/match_code.bpf.h
CODEGEN_ENGINE = $(srcdir)/src/codegen/engine.bpf.h
CODEGEN_TAIL = $(srcdir)/src/codegen/front.bpf.h
CODEGEN_QUOTE = sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/'

src/codegen/runtime_text.c: $(CODEGEN_HEAD) $(CODEGEN_ENGINE) $(CODEGEN_TAIL) src/codegen/local.mk
	$(AM_V_GEN)$(MKDIR_P) src/codegen && { \
		echo '#include "codegen/engine.h"' && \
		echo '#include "codegen/print.h"' && \
		echo 'const char *const runtime_head =' && \
		cat $(CODEGEN_HEAD) | $(CODEGEN_QUOTE) && \
		echo ';' && \
		echo 'const char *const runtime_engine =' && \
		cat $(CODEGEN_ENGINE) | $(CODEGEN_QUOTE) && \
		echo ';' && \
		echo 'const char *const runtime_tail =' && \
		cat $(CODEGEN_TAIL) | $(CODEGEN_QUOTE) && \
		echo ';'; } > $@.tmp && mv $@.tmp $@

CLEANFILES += src/codegen/runtime_text.c
EXTRA_DIST += $(CODEGEN_HEAD) $(CODEGEN_ENGINE) $(CODEGEN_TAIL)
