noinst_LIBRARIES += libtranslate.a
libtranslate_a_SOURCES = \
	src/translate/batch.c src/translate/batch.h \
	src/translate/codec.h \
	src/translate/change.c \
	src/translate/commit.c \
	src/translate/compat.c \
	src/translate/conn.c src/translate/conn.h \
	src/translate/debug.c src/translate/debug.h \
	src/translate/delta.c src/translate/delta.h \
	src/translate/decode.c src/translate/decode.h \
	src/translate/decode_core.c \
	src/translate/decode_l4.c \
	src/translate/dump.c \
	src/translate/encode.c \
	src/translate/equal.c \
	src/translate/expr.c src/translate/expr.h \
	src/translate/guard.h \
	src/translate/native.c src/translate/native.h \
	src/translate/native_l4.c \
	src/translate/native_misc.c \
	src/translate/nft.h \
	src/translate/nlread.c src/translate/nlread.h \
	src/translate/nlwrite.c src/translate/nlwrite.h \
	src/translate/raw.c src/translate/raw.h \
	src/translate/rule_message.c src/translate/rule_message.h \
	src/translate/sketch.c \
	src/translate/snapshot.h src/translate/snapshot_format.h \
	src/translate/snapshot_read.c \
	src/translate/snapshot_replay.c \
	src/translate/snapshot_write.c
