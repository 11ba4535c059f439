# Unit tests: one program a file. Those in tests/unit need libc and cmocka; those in
# tests/unit/dpdk run on real mempools, rings and workers, without a NIC.

unit_src := $(wildcard tests/unit/*_test.c)
dpdk_src := $(wildcard tests/unit/dpdk/*_test.c)
unit_bin := $(patsubst tests/unit/%.c,$(O)/tests/%,$(unit_src))
dpdk_bin := $(patsubst tests/unit/dpdk/%.c,$(O)/tests/dpdk/%,$(dpdk_src))

$(O)/obj/tests/%.o: CPPFLAGS += -Idataplane -Icontrolplane -Itests/unit
$(O)/obj/tests/%.o: CFLAGS += $(call pkg_cflags,cmocka)
$(O)/obj/tests/unit/dpdk/%.o $(O)/obj/tests/unit/frame_test.o: CFLAGS += $(call pkg_cflags,$(dataplane_pkgs))

$(unit_bin): $(O)/tests/%: $(O)/obj/tests/unit/%.o $(O)/lib/media.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(test_libs) $(call pkg_libs,cmocka) -lm

$(O)/tests/codec_test: test_libs = $(call pkg_libs,spandsp)
$(O)/tests/frame_test: $(O)/lib/net.a

$(dpdk_bin): $(O)/tests/dpdk/%: $(O)/obj/tests/unit/dpdk/%.o \
		$(call objects,$(wildcard tests/unit/dpdk/fixture.c)) $(dataplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(test_libs) \
		$(call pkg_libs,cmocka $(dataplane_pkgs)) -lrte_net_ring -lm

.PHONY: unit
unit: $(unit_bin) $(dpdk_bin) $(bpf_objects) ## run the unit tests
	@set -e; for t in $(unit_bin) $(dpdk_bin); do $$t; done
