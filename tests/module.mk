# Unit tests: one program a file. Those in tests/unit need libc and cmocka; those in
# tests/unit/dpdk run on real mempools, rings and workers, without a NIC.

unit_src := $(wildcard tests/unit/*_test.c)
dpdk_src := $(wildcard tests/unit/dpdk/*_test.c)
unit_bin := $(patsubst tests/unit/%.c,$(O)/tests/%,$(unit_src))
dpdk_bin := $(patsubst tests/unit/dpdk/%.c,$(O)/tests/dpdk/%,$(dpdk_src))

$(O)/obj/tests/%.o: CPPFLAGS += -Idataplane -Icontrolplane -Itests/unit
$(O)/obj/tests/%.o: CFLAGS += $(call pkg_cflags,cmocka)
$(O)/obj/tests/unit/dpdk/%.o $(O)/obj/tests/unit/frame_test.o $(O)/obj/tests/e2e/%.o: CFLAGS += $(call pkg_cflags,$(dataplane_pkgs))

$(unit_bin): $(O)/tests/%: $(O)/obj/tests/unit/%.o
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) $(test_flags) -o $@ $^ $(test_libs) $(call pkg_libs,cmocka) -lm

# What each of them links besides cmocka.
libs = $(patsubst %,$(O)/lib/%.a,$(1))
$(patsubst %,$(O)/tests/%_test,codec conceal frame gap kernels matrix mix pcm_ring quality rtcp rtcp_timer rtp rtp_source rtp_stream similarity timeline unvoiced_payload): \
	$(call libs,media)
$(O)/tests/frame_test: $(call libs,net)
$(patsubst %,$(O)/tests/%_test,g722 resample wide_ring): $(call libs,media)
# media/ has G.722 by spandsp, and the tests an oracle for G.711.
$(patsubst %,$(O)/tests/%_test,codec conceal frame g722 gap kernels timeline): test_libs = $(call pkg_libs,spandsp)
$(O)/tests/track_test: $(call objects,controlplane/recorder/track.c)
$(patsubst %,$(O)/tests/%_test,port_pool changes call_index): $(call libs,monitor)
$(O)/tests/grpc_test: $(call libs,grpc api proto)
$(O)/tests/grpc_test: test_libs = $(call pkg_libs,libnghttp2 libprotobuf-c)
$(O)/tests/monitor_test: $(call objects,tests/unit/failing_alloc.c tests/unit/people.c) \
	$(call libs,dataplane_link loop monitor api proto) $(call objects,controlplane/log.c)
$(O)/tests/monitor_test: test_libs = $(call pkg_libs,liburing libprotobuf-c)
$(O)/tests/monitor_test: test_flags = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
$(O)/tests/link_test: $(call objects,tests/unit/people.c tests/fuzz/office_loop.c controlplane/log.c) \
	$(call libs,dataplane_link monitor api proto)
$(O)/tests/link_test: test_libs = $(call pkg_libs,libprotobuf-c)
$(O)/obj/tests/unit/link_test.o: CPPFLAGS += -Itests -Itests/fuzz
$(patsubst %,$(O)/tests/%_test,decision edit): $(call objects,tests/unit/people.c) $(call libs,monitor)
$(patsubst %,$(O)/tests/%_test,store audit full_disk): $(call objects,tests/unit/store_fixture.c) \
	$(call libs,store) $(call objects,controlplane/log.c) $(call libs,api)
$(patsubst %,$(O)/tests/%_test,store audit full_disk): test_libs = $(call pkg_libs,sqlite3 nettle libprotobuf-c)
$(O)/tests/audit_test: $(call objects,tests/unit/failing_alloc.c)
$(O)/tests/audit_test: test_flags = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
$(patsubst %,$(O)/obj/tests/unit/%_test.o,grpc link monitor store): CFLAGS += $(call pkg_cflags,$(controlplane_pkgs))
$(patsubst %,$(O)/obj/tests/unit/%_test.o,grpc link monitor store): | $(call proto_headers,$(api_protos))

# XDP programs, run by the kernel on packets of ours (as root).
bpf_test_bin := $(patsubst tests/bpf/%.c,$(O)/tests/bpf/%,$(wildcard tests/bpf/*_test.c))

$(O)/obj/tests/bpf/%.o: CFLAGS += $(call pkg_cflags,libbpf)
$(bpf_test_bin): $(O)/tests/bpf/%: $(O)/obj/tests/bpf/%.o $(call objects,tests/bpf/steer_fixture.c)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,cmocka libbpf)

$(dpdk_bin): $(O)/tests/dpdk/%: $(O)/obj/tests/unit/dpdk/%.o \
		$(call objects,$(patsubst %,tests/unit/dpdk/%.c,fixture witness)) $(dataplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(test_libs) \
		$(call pkg_libs,cmocka $(dataplane_pkgs)) -lrte_net_ring -lrte_net_null -lm

# As in the kernel, headers lie where the packet has them.
$(O)/obj/tests/unit/dpdk/relay_program.o: CFLAGS += -fno-sanitize=alignment
$(O)/tests/dpdk/relay_test: $(call objects,tests/unit/dpdk/relay_program.c)
$(patsubst %,$(O)/tests/dpdk/%_test,registry server): $(call objects,tests/unit/dpdk/registry_fixture.c)

unit_all := $(unit_bin) $(dpdk_bin) $(bpf_test_bin)

.PHONY: unit
unit: $(unit_all) $(bpf_objects) ## run the unit, DPDK and BPF tests (as root)
	@echo "unit tests$(if $(SANITIZE), under $(SANITIZE)):"
	@BRIDGETAP_BPF=$(O)/bpf tests/run-unit $(unit_all)

# The stubs of stock Python clients, generated from proto/ alone.
$(O)/python/stamp: $(proto_src)
	@mkdir -p $(@D)
	$(call say,PYTHON)protoc --python_out=$(@D) --grpc_python_out=$(@D) -Iproto \
		--plugin=protoc-gen-grpc_python=$$(command -v grpc_python_plugin) $(proto_src)
	@touch $@

# The stock JavaScript client and what it needs, in the versions that package-lock.json has.
grpcjs := tests/interop/grpcjs
$(O)/grpcjs/stamp: $(grpcjs)/package.json $(grpcjs)/package-lock.json
	@mkdir -p $(@D)
	$(call say,NPM)cp $^ $(@D) && npm ci --prefix $(@D) --cache $(abspath $(BUILD))/npm \
		--prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# The data plane with a matrix that is wrong on purpose, to show that the guard holds on its own.
broken_matrix := $(O)/tests/bridgetap-dataplane-broken-matrix
$(O)/obj/tests/e2e/broken_matrix.o: | $(call proto_headers,$(dataplane_wire))
$(broken_matrix): $(call objects,dataplane/main.c tests/e2e/broken_matrix.c) $(dataplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -Wl,--wrap=plan_call -o $@ $^ $(call pkg_libs,$(dataplane_pkgs)) -lm

# A NIC of several queues, which this machine may not have.
nic := $(O)/tests/bridgetap-nic
$(nic): $(call objects,tests/e2e/nic.c) $(call libs,net media)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(dataplane_pkgs))

PYTEST := /usr/bin/python3 -B -m pytest -q

.PHONY: tests
tests: $(unit_all) $(broken_matrix) $(nic) $(O)/python/stamp $(O)/grpcjs/stamp ## build the tests

.PHONY: e2e
e2e: $(programs) $(broken_matrix) $(nic) $(O)/python/stamp $(O)/grpcjs/stamp ## run the end-to-end tests (as root)
	@echo "end-to-end and interoperation tests$(if $(SANITIZE), under $(SANITIZE)):"
	@BRIDGETAP_BUILD=$(O) $(PYTEST) $(pytest_args) tests/e2e tests/interop
