# The deciding side. service asks monitor; monitor knows nothing of the rest.

controlplane_dirs := dataplane_link grpc loop monitor service store
controlplane_libs := $(patsubst %,$(O)/lib/%.a,service dataplane_link store grpc loop monitor api proto)
controlplane_pkgs := libnghttp2 liburing libprotobuf-c sqlite3 nettle libconfig
programs          += $(O)/bin/bridgetap-controlplane

$(foreach lib,$(controlplane_dirs),\
	$(eval $(O)/lib/$(lib).a: $(call objects,$(wildcard controlplane/$(lib)/*.c))))

# The generated messages of all protocols that the control plane speaks.
api_protos := $(patsubst proto/%.proto,%,$(proto_src))
$(O)/lib/api.a: $(call proto_objects,$(api_protos))

$(O)/obj/controlplane/%.o: CPPFLAGS += -Icontrolplane
$(O)/obj/controlplane/%.o: CFLAGS += $(call pkg_cflags,$(controlplane_pkgs))
$(call objects,$(wildcard controlplane/*/*.c controlplane/*.c)): | $(call proto_headers,$(api_protos))

$(O)/bin/bridgetap-controlplane: $(call objects,$(wildcard controlplane/*.c)) $(controlplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(controlplane_pkgs))

# The command line: a client, which shares the message code with the server and nothing else.
ctl_pkgs := libnghttp2 libprotobuf-c jansson
programs += $(O)/bin/bridgetapctl

$(O)/obj/controlplane/ctl/%.o: CFLAGS += $(call pkg_cflags,$(ctl_pkgs))
$(O)/bin/bridgetapctl: $(call objects,$(wildcard controlplane/ctl/*.c)) \
		$(patsubst %,$(O)/lib/%.a,grpc api proto)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(ctl_pkgs))

# The bundled recorder.
programs += $(O)/bin/bridgetap-recorder

$(O)/obj/controlplane/recorder/%.o: CFLAGS += $(call pkg_cflags,spandsp)
$(O)/bin/bridgetap-recorder: $(call objects,$(wildcard controlplane/recorder/*.c)) \
		$(call objects,controlplane/log.c) $(O)/lib/loop.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,liburing)
