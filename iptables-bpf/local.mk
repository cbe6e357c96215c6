# The command side. One file a line.
noinst_LIBRARIES += libfrontend.a
libfrontend_a_SOURCES = \
	$(TEXT_SOURCES) \
	$(MONITOR_SOURCES) \
	iptables-bpf/any_port.c \
	iptables-bpf/any_port.h \
	iptables-bpf/applet_iptables.c \
	iptables-bpf/args.c \
	iptables-bpf/args.h \
	iptables-bpf/args_commands.c \
	iptables-bpf/args_finish.c \
	iptables-bpf/args_help.c \
	iptables-bpf/args_options.c \
	iptables-bpf/cmd_append.c \
	iptables-bpf/cmd_check.c \
	iptables-bpf/cmd_delete.c \
	iptables-bpf/cmd_delete_chain.c \
	iptables-bpf/cmd_flush.c \
	iptables-bpf/cmd_flush_table.c \
	iptables-bpf/cmd_insert.c \
	iptables-bpf/cmd_list.c \
	iptables-bpf/cmd_new_chain.c \
	iptables-bpf/cmd_policy.c \
	iptables-bpf/cmd_rename_chain.c \
	iptables-bpf/cmd_replace.c \
	iptables-bpf/cmd_zero.c \
	iptables-bpf/command.c \
	iptables-bpf/command.h \
	iptables-bpf/context.c \
	iptables-bpf/context.h \
	iptables-bpf/family.h \
	iptables-bpf/family_ipv4.c \
	iptables-bpf/family_ipv6.c \
	iptables-bpf/frontend.c \
	iptables-bpf/interface.c \
	iptables-bpf/interface.h \
	iptables-bpf/options.c \
	iptables-bpf/options.h \
	iptables-bpf/stock.c \
	iptables-bpf/stock.h \
	iptables-bpf/transaction.c \
	iptables-bpf/transaction.h \
	iptables-bpf/xt.c \
	iptables-bpf/xt.h \
	iptables-bpf/xt_rule.c \
	iptables-bpf/xt_rule.h \
	iptables-bpf/zero.h

FRONTEND_LIBS = libfrontend.a libloader.a libcodegen.a libextensions.a libtranslate.a libmodel.a libbase.a \
	$(LIBBPF_LIBS) $(XTABLES_LIBS) $(LIBNFTNL_LIBS) $(LIBMNL_LIBS)

sbin_PROGRAMS += xtables-bpf-multi
xtables_bpf_multi_SOURCES = iptables-bpf/main.c
xtables_bpf_multi_LDADD = $(FRONTEND_LIBS)

sbin_PROGRAMS += iptables-bpfctl
iptables_bpfctl_SOURCES = \
	iptables-bpf/bpfctl.c \
	iptables-bpf/bpfctl.h \
	iptables-bpf/bpfctl_compile.c \
	iptables-bpf/bpfctl_show.c \
	iptables-bpf/bpfctl_status.c
iptables_bpfctl_LDADD = $(FRONTEND_LIBS)

# The names under which users know the one program.
MULTI_LINKS = \
	iptables-bpf \
	iptables-bpf-restore \
	iptables-bpf-restore-translate \
	iptables-bpf-save \
	iptables-bpf-translate \
	ip6tables-bpf \
	ip6tables-bpf-restore \
	ip6tables-bpf-restore-translate \
	ip6tables-bpf-save \
	ip6tables-bpf-translate \
	xtables-bpf-monitor

install-exec-hook:
	cd $(DESTDIR)$(sbindir) && for link in $(MULTI_LINKS); do \
		rm -f $$link && $(LN_S) xtables-bpf-multi $$link || exit 1; \
	done

MAN_LINKS = $(MULTI_LINKS:=.8) xtables-bpf-multi.8

install-data-hook:
	cd $(DESTDIR)$(man8dir) && for link in $(MAN_LINKS); do \
		test $$link = iptables-bpf.8 || { rm -f $$link && $(LN_S) iptables-bpf.8 $$link; } || exit 1; \
	done

uninstall-hook:
	rm -f $(MULTI_LINKS:%=$(DESTDIR)$(sbindir)/%) $(MAN_LINKS:%=$(DESTDIR)$(man8dir)/%)

# A directory for PATH, or for where there are no alternatives: all names under which others call iptables,
# iptables-legacy among them. Nothing that is there already and leads elsewhere is replaced.
COMPAT_FAMILIES = iptables ip6tables iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy
COMPAT_LINKS = \
	$(COMPAT_FAMILIES) $(COMPAT_FAMILIES:=-save) $(COMPAT_FAMILIES:=-restore) \
	iptables-translate ip6tables-translate iptables-restore-translate ip6tables-restore-translate \
	xtables-monitor

install-compat-links:
	@test -n "$(DIR)" || { echo "usage: make install-compat-links DIR=directory" >&2; exit 1; }
	$(MKDIR_P) "$(DESTDIR)$(DIR)"
	@cd "$(DESTDIR)$(DIR)" && for link in $(COMPAT_LINKS); do \
		if test -e $$link -o -L $$link; then \
			test "`readlink $$link`" = "$(sbindir)/xtables-bpf-multi" && continue; \
			echo "$(DIR)/$$link is something else: left alone" >&2; exit 1; \
		fi; \
		$(LN_S) "$(sbindir)/xtables-bpf-multi" $$link || exit 1; \
	done
