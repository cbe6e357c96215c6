EXTRA_DIST += \
	src/loader/abi.h src/loader/loader.h \
	src/loader/bpf/notes.bpf.h src/loader/bpf/vmlinux.bpf.h \
	src/loader/bpf/dispatch.bpf.c src/loader/bpf/guard.bpf.c src/loader/bpf/netid.bpf.c
