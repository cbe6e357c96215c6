noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	src/model/builtin.c \
	src/model/model.c src/model/model.h
