noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	src/model/builtin.c \
	src/model/chain_index.c \
	src/model/model.c src/model/model.h
