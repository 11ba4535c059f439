# Benchmarks: what anyone can run to see the figures. Their load clients, and `make bench`.

# The control plane's client: it shares the message code with the server, as the command line does.
bench_control := $(O)/bench/bridgetap-bench-control
bench_pkgs    := libnghttp2 libprotobuf-c

$(O)/obj/perf/%.o: CPPFLAGS += -Icontrolplane -Iperf
$(O)/obj/perf/%.o: CFLAGS += $(call pkg_cflags,$(bench_pkgs))
$(call objects,$(wildcard perf/bench/*.c)): | $(call proto_headers,$(api_protos))

$(bench_control): $(call objects,$(filter-out perf/bench/kernels.c,$(wildcard perf/bench/*.c))) \
		$(patsubst %,$(O)/lib/%.a,grpc api proto)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(bench_pkgs))

# The data plane's loops over samples, by themselves.
bench_kernels := $(O)/bench/bridgetap-bench-kernels

$(O)/obj/perf/bench/kernels.o: CPPFLAGS += -Idataplane
$(bench_kernels): $(call objects,$(patsubst %,perf/bench/%.c,kernels report report_format samples)) $(O)/lib/media.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^

# Bursts through the real worker with no driver.
bench_worker := $(O)/bench/bridgetap-bench-worker

$(O)/obj/perf/burst/%.o: CPPFLAGS += -Idataplane -DALLOW_EXPERIMENTAL_API
$(O)/obj/perf/burst/%.o: CFLAGS += $(call pkg_cflags,$(dataplane_pkgs))
$(bench_worker): $(call objects,$(wildcard perf/burst/*.c)) $(dataplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(OPTIMIZE) $(dataplane_lto) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(dataplane_pkgs)) -lrte_net_null

# A call through the real worker in the time of its packets.
bench_quality := $(O)/bench/bridgetap-bench-quality

$(O)/obj/perf/quality/%.o: CPPFLAGS += -Idataplane
$(O)/obj/perf/quality/%.o: CFLAGS += $(call pkg_cflags,$(dataplane_pkgs))
$(bench_quality): $(call objects,$(wildcard perf/quality/*.c)) $(dataplane_libs)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(dataplane_pkgs)) -lrte_net_ring

# The media's client: it plays both sides of many calls, and sets them up through the same client
# of the API.
rtpgen := $(O)/bin/bridgetap-rtpgen
rtpgen_src := $(wildcard perf/rtpgen/*.c)
rtpgen_api := $(patsubst %,perf/bench/%.c,channel hub office report_format samples)

$(O)/obj/perf/rtpgen/%.o: CFLAGS += $(call pkg_cflags,libdpdk)
$(call objects,$(rtpgen_src)): | $(call proto_headers,$(api_protos))

$(rtpgen): $(call objects,$(rtpgen_src) $(rtpgen_api)) $(patsubst %,$(O)/lib/%.a,grpc api proto)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,libdpdk $(bench_pkgs)) -lm

# The tests about it: of what it counts and hears, and end to end.
$(O)/obj/tests/unit/rtpgen_test.o: CPPFLAGS += -Iperf
$(O)/tests/rtpgen_test: $(call objects,$(patsubst %,perf/rtpgen/%.c,histogram party stream voice))
tests e2e: $(rtpgen)

# Streams of RTP through the kernel's networking, and through shared memory, and what comes back.
bench_blast := $(O)/bench/bridgetap-bench-blast
bench_memif := $(O)/bench/bridgetap-bench-memif

bench_sink  := $(O)/bench/sink.bpf.o

$(bench_blast): $(call objects,$(patsubst %,perf/blast/%.c,main receive streams)) | $(bench_sink)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,libbpf)

$(bench_sink): perf/blast/sink.bpf.c perf/blast/sink.h
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) -O2 -g -target bpf -Wall -Wextra -Werror -I. \
		-I/usr/include/$(bpf_multiarch) -c -o $@ $<

$(O)/obj/perf/memif/%.o: CFLAGS += $(call pkg_cflags,$(dataplane_pkgs))
$(bench_memif): $(call objects,perf/memif/main.c perf/blast/streams.c)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(dataplane_pkgs)) -lrte_net_memif

bench_programs := $(bench_control) $(bench_kernels) $(bench_worker) $(bench_quality) $(bench_blast) \
	$(bench_memif) $(rtpgen)

# Whoever changes what they are made of sees them break.
ifeq ($(SANITIZE),)
tests: $(bench_programs)
endif

# All of it, or some: make bench PARTS="worker peers". bench.py --help lists the parts.
.PHONY: bench
bench: ## measure everything, or PARTS="worker scale ..." (as root)
	@deploy/bootstrap build bench
	@$(MAKE) --no-print-directory $(jobs) all $(bench_programs) $(O)/python/stamp && \
		BRIDGETAP_BUILD=$(O) /usr/bin/python3 -B perf/bench/bench.py $(PARTS); status=$$?; \
		$(give_back); exit $$status
