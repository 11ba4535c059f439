# The packet side. Code may call what stands in a later library of this list, never the other way
# round: control, worker, call, net, media.

dataplane_libs := $(patsubst %,$(O)/lib/%.a,control worker call net media)
dataplane_pkgs := libdpdk libbpf libmnl

$(foreach lib,control worker call net media,\
	$(eval $(O)/lib/$(lib).a: $(call objects,$(wildcard dataplane/$(lib)/*.c))))

$(O)/obj/dataplane/%.o: CPPFLAGS += -Idataplane
$(O)/obj/dataplane/%.o: CFLAGS += $(if $(findstring /media/,$@),,$(call pkg_cflags,$(dataplane_pkgs)))
