# Unit tests: one program a file, libc and cmocka only unless it says otherwise below.

unit_src  := $(wildcard tests/unit/*_test.c)
unit_bin  := $(patsubst tests/unit/%.c,$(O)/tests/%,$(unit_src))

$(O)/obj/tests/%.o: CPPFLAGS += -Idataplane -Icontrolplane
$(O)/obj/tests/%.o: CFLAGS += $(call pkg_cflags,cmocka)

$(unit_bin): $(O)/tests/%: $(O)/obj/tests/unit/%.o $(O)/lib/media.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(test_libs) $(call pkg_libs,cmocka) -lm

$(O)/tests/codec_test: test_libs = $(call pkg_libs,spandsp)

.PHONY: unit
unit: $(unit_bin) ## run the unit tests
	@set -e; for t in $(unit_bin); do $$t; done
