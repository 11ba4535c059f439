# C from the protocol definitions, by protoc-c, into build/gen.

proto_src := $(shell find proto -name '*.proto')
proto_gen := $(patsubst proto/%.proto,$(O)/gen/%.pb-c.c,$(proto_src))

.SECONDARY: $(proto_gen) $(proto_gen:.c=.h)
$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: proto/%.proto
	@mkdir -p $(@D)
	$(call say,PROTO)protoc-c --c_out=$(O)/gen -Iproto $<

# Generated code is not held to our warnings.
$(O)/obj/gen/%.o: $(O)/gen/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -w -c -o $@ $<

# $(call proto_objects,bridgetap/dataplane/v1/dataplane)
proto_objects = $(patsubst %,$(O)/obj/gen/%.pb-c.o,$(1))
proto_headers = $(patsubst %,$(O)/gen/%.pb-c.h,$(1))

# What the clients' services look like, for the server to tell and for both sides to look up.
public_protos := $(filter-out proto/bridgetap/dataplane/% proto/bridgetap/controlplane/%,$(proto_src))

$(O)/gen/descriptor_set.pb: $(public_protos)
	@mkdir -p $(@D)
	$(call say,PROTO)protoc --descriptor_set_out=$@ --include_imports -Iproto $(public_protos)
$(O)/obj/proto/descriptor_set.o: proto/descriptor_set.S $(O)/gen/descriptor_set.pb
	@mkdir -p $(@D)
	$(call say,AS)$(CC) -c -Wa,-I$(O)/gen -o $@ $<

# What all programs read messages with.
$(O)/lib/proto.a: $(call objects,$(wildcard proto/*.c)) $(O)/obj/proto/descriptor_set.o
$(O)/obj/proto/%.o: CFLAGS += $(call pkg_cflags,libprotobuf-c)
