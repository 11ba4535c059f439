# Fuzz targets: one program a file, for libFuzzer and for AFL++. Everything they link is built with
# the fuzzer's instrumentation and sanitizers, in a folder of its own, by a make within make:
# `make fuzz` and what `make check` runs of it.

fuzz_src  := $(wildcard tests/fuzz/*_fuzz.c)
fuzz_bin  := $(patsubst tests/fuzz/%_fuzz.c,$(O)/fuzz/%,$(fuzz_src))
fuzz_libs  = $(patsubst %,$(O)/lib/%.a,$(1))
fuzz_at    = $(patsubst %,$(O)/fuzz/%,$(1))

$(O)/obj/tests/fuzz/%.o: CPPFLAGS += -Itests -Itests/fuzz
$(O)/obj/tests/fuzz/%.o: CFLAGS += $(call pkg_cflags,$(dataplane_pkgs) $(controlplane_pkgs))
$(call objects,$(wildcard tests/fuzz/*.c)): | $(call proto_headers,$(api_protos))

$(fuzz_bin): $(O)/fuzz/%: $(O)/obj/tests/fuzz/%_fuzz.o $(call objects,tests/fuzz/quiet.c)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(fuzz_pkgs) -lm

# What each of them links besides.
$(call fuzz_at,frame rtp rtcp stream): $(call fuzz_libs,media)
$(call fuzz_at,stream): fuzz_pkgs = $(call pkg_libs,spandsp)
$(call fuzz_at,frame): $(call fuzz_libs,net) $(call objects,tests/fuzz/sums.c)

$(call fuzz_at,track): $(call objects,controlplane/recorder/track.c)
$(call fuzz_at,track): fuzz_pkgs = $(call pkg_libs,spandsp)
$(call fuzz_at,messages): $(O)/obj/gen/fuzz_messages.o $(call fuzz_libs,api proto)
$(call fuzz_at,messages): fuzz_pkgs = $(call pkg_libs,libprotobuf-c)

fuzz_dpdk := $(call fuzz_at,burst batch)
$(fuzz_dpdk): $(call objects,tests/fuzz/sums.c tests/unit/dpdk/fixture.c) $(dataplane_libs)
$(fuzz_dpdk): fuzz_pkgs = $(call pkg_libs,cmocka $(dataplane_pkgs)) -lrte_net_ring

$(call fuzz_at,dataplane_config): $(call objects,tests/fuzz/text_file.c) $(dataplane_libs)
$(call fuzz_at,dataplane_config): fuzz_pkgs = $(call pkg_libs,$(dataplane_pkgs))
$(call fuzz_at,controlplane_config): $(call objects,tests/fuzz/text_file.c controlplane/config.c) \
	$(call fuzz_libs,service grpc monitor store api proto)
$(call fuzz_at,controlplane_config): fuzz_pkgs = $(call pkg_libs,$(controlplane_pkgs))

fuzz_office := $(call fuzz_at,http2 services link)
$(fuzz_office): $(call objects,$(patsubst %,tests/fuzz/%.c,office office_loop office_dataplane office_store) \
	tests/unit/people.c) $(call fuzz_libs,service dataplane_link grpc monitor api proto)
$(fuzz_office): fuzz_pkgs = $(call pkg_libs,cmocka $(controlplane_pkgs))

# The list of all messages, from what protoc-c has made of them.
$(O)/gen/fuzz_messages.c: $(call proto_headers,$(api_protos))
	$(call say,GEN)awk '/^extern const ProtobufCMessageDescriptor / { print substr($$4, 1, length($$4) - 1) }' \
		$^ | LC_ALL=C sort | awk 'BEGIN { print "#include \"tests/fuzz/messages.h\"" } \
		{ printf "extern const ProtobufCMessageDescriptor %s;\n", $$1; list = list "\t&" $$1 ",\n" } \
		END { printf "const ProtobufCMessageDescriptor *const messages[] = {\n%s};\n", list; \
		print "const unsigned message_count = sizeof(messages) / sizeof(messages[0]);" }' >$@

.PHONY: fuzz-programs
fuzz-programs: $(fuzz_bin)

# --- for people: plain makes, which begin the one above ---

FUZZER  ?= libfuzzer
SECONDS ?= 3600
TARGETS ?= $(patsubst tests/fuzz/%_fuzz.c,%,$(fuzz_src))

fuzz_cc_libfuzzer       := clang
fuzz_cc_afl             := afl-clang-fast
fuzz_sanitize_libfuzzer := address,undefined,fuzzer-no-link
fuzz_sanitize_afl       := address,undefined

# What our code is warned of, gcc says.
fuzz_make = $(MAKE) --no-print-directory $(jobs) O=$(BUILD)/fuzz-$(1) CC=$(fuzz_cc_$(1)) \
	SANITIZE=$(fuzz_sanitize_$(1)) WARNINGS="-Wall -Wextra -Wno-string-concatenation" fuzz-programs

# What they begin with.
$(BUILD)/fuzz/seeds/stamp: tests/fuzz/seeds.py $(BUILD)/python/stamp $(BUILD)/gen/fuzz_messages.c \
		$(wildcard deploy/*.conf)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(call say,SEEDS)/usr/bin/python3 -B $< $(BUILD) $(@D)
	@touch $@

fuzz_inputs := $(BUILD)/fuzz/seeds/stamp $(BUILD)/bpf/rec_guard.bpf.o

.PHONY: fuzz fuzz-check fuzz-merge
fuzz: ## fuzz for SECONDS=3600 each, or TARGETS="rtp http2 ..."; FUZZER=afl
	@deploy/bootstrap build check $(if $(filter afl,$(FUZZER)),fuzz)
	@$(call fuzz_make,$(FUZZER)) && $(MAKE) --no-print-directory $(jobs) $(fuzz_inputs) && \
		tests/fuzz/run $(FUZZER) $(BUILD) $(SECONDS) $(TARGETS); status=$$?; \
		$(give_back); exit $$status

# The corpora, and the same few thousand inputs each time.
fuzz-check: $(fuzz_inputs)
	@$(call fuzz_make,libfuzzer)
	@echo "fuzz targets:"
	@tests/fuzz/run check $(BUILD) $(TARGETS)

fuzz-merge: $(fuzz_inputs) ## keep what fuzzing has found on the way in the tree's corpora
	@$(call fuzz_make,libfuzzer)
	@tests/fuzz/run merge $(BUILD) $(TARGETS)
