# Programs for the kernel (XDP) and for rte_bpf, built by clang for the BPF machine.

bpf_objects   := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
bpf_multiarch := $(shell $(CC) -print-multiarch 2>/dev/null)
programs      += $(bpf_objects)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) -O2 -g -target bpf -Wall -Wextra -Werror -I. \
		-I/usr/include/$(bpf_multiarch) -c -o $@ $<
