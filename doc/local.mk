# The manual. Links under the other names: MULTI_LINKS in iptables-bpf/local.mk.
man8_MANS = doc/iptables-bpf.8 doc/iptables-bpfctl.8
EXTRA_DIST += doc/iptables-bpf.8.in doc/iptables-bpfctl.8.in \
	CONTRIBUTING.md doc/ARCHITECTURE.md doc/ENGINE.md doc/MATCHES.md
CLEANFILES += $(man8_MANS)
$(man8_MANS): %.8: %.8.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's|[@]sysconfdir@|$(sysconfdir)|' \
		-e 's|[@]systemdunitdir@|$(systemdunitdir)|' $< > $@
