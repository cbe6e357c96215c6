# Each room's unit tests: one fragment, tests/unit/<room>.mk.
if HAVE_CMOCKA
endif
