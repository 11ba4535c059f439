# The packet side. Code may call what stands in a later library of this list, never the other way
# round: control, worker, call, net, media.

dataplane_libs := $(patsubst %,$(O)/lib/%.a,control worker call net media proto)
dataplane_pkgs := libdpdk libbpf libmnl libconfig libprotobuf-c spandsp
dataplane_wire := bridgetap/dataplane/v1/dataplane
programs       += $(O)/bin/bridgetap-dataplane

$(foreach lib,control worker call net media,\
	$(eval $(O)/lib/$(lib).a: $(call objects,$(wildcard dataplane/$(lib)/*.c))))
$(O)/lib/control.a: $(call proto_objects,$(dataplane_wire))

$(O)/obj/dataplane/%.o: CPPFLAGS += -Idataplane
$(O)/obj/dataplane/%.o: CFLAGS += $(if $(findstring /media/,$@),,$(call pkg_cflags,$(dataplane_pkgs)))
# What a packet passes through is compiled as one where programs that packets pass through are
# linked; tests link the same objects as they are.
dataplane_lto := $(if $(SANITIZE),,-flto=auto -ffat-lto-objects)
$(call objects,$(wildcard dataplane/call/*.c dataplane/net/*.c dataplane/worker/*.c) \
	$(filter-out dataplane/media/kernels%,$(wildcard dataplane/media/*.c))): CFLAGS += $(dataplane_lto)

# Loops over samples that are not on the way of every packet.
$(call objects,$(patsubst %,dataplane/media/%.c,conceal similarity)): CFLAGS += -O3

# In DPDK 22.11 the limit on the width of vectors is not yet part of the stable interface.
$(O)/obj/dataplane/control/start.o: CPPFLAGS += -DALLOW_EXPERIMENTAL_API

# The sets of kernels that need more than every CPU has; kernels_init() chooses one that can run.
$(O)/obj/dataplane/media/kernels_sse42.o: CFLAGS += -msse4.2
$(O)/obj/dataplane/media/kernels_avx2.o: CFLAGS += -mavx2
$(O)/obj/dataplane/media/kernels_avx512.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512vbmi -mbmi2

$(call objects,$(wildcard dataplane/control/*.c) dataplane/main.c): | $(call proto_headers,$(dataplane_wire))

$(O)/bin/bridgetap-dataplane: $(call objects,dataplane/main.c) $(dataplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(OPTIMIZE) $(dataplane_lto) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(dataplane_pkgs)) -lm
