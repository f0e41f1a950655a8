# Every target has its line in the list that a bare `make` prints.

.DEFAULT_GOAL := help
SHELL := /bin/sh

PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
CXXFLAGS ?= -O2 -g
# Callbacks seldom use all of their parameters.
WARNINGS = -Wall -Wextra -Wpedantic -Wno-unused-parameter

# Where rustup puts cargo, for shells that have not heard of it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# The tests and the examples' run paths expect everything here.
export CARGO_TARGET_DIR := $(CURDIR)/target

LIBRARY = target/release/libmcpserver.so.0
HEADERS = include/mcpserver.h include/mcpserver.hpp examples/c/samples.h
EXAMPLES = target/examples/c/everything target/examples/cpp/everything
# Programs find the library beside them, so that they run from the checkout.
LINK = -Iinclude -Ltarget/release -lmcpserver -pthread -Wl,-rpath,'$$ORIGIN/../../release'

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: examples ## the library in target/release and the examples in target/examples

.PHONY: library
library:
	cargo build --release --locked --package mcpserver-c
	@ln -sf libmcpserver.so $(LIBRARY)

# For targets that take the library as it is: `sudo make install` needs no cargo once it is built.
$(LIBRARY):
	$(MAKE) library

.PHONY: examples
examples: $(EXAMPLES)

target/examples/c/%: examples/c/%.c $(HEADERS) | library
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CFLAGS) $(WARNINGS) $< -o $@ $(LINK)

target/examples/cpp/%: examples/cpp/%.cpp $(HEADERS) | library
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(CXXFLAGS) $(WARNINGS) $< -o $@ $(LINK)

.PHONY: setup
setup: ## what building and testing need: system packages (apt), Python and Node packages in the checkout
	tests/setup/system
	tests/setup/setup

.PHONY: fmt
fmt: ## formats the Rust sources, and those in C and C++ where clang-format is installed
	cargo fmt --all
	@if command -v clang-format >/dev/null; then \
		clang-format -i examples/*/*.c examples/*/*.cpp include/mcpserver.hpp tests/cpp/*.cpp; \
	else echo "clang-format is not installed; C and C++ were left alone"; fi

.PHONY: lint
lint: ## formatting, clippy, the generated header, the exported symbols
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	cargo run --quiet --locked --package mcpserver-header -- --check

.PHONY: test
test: setup build ## everything; ends with the number of tests that passed and failed
	tests/run

.PHONY: conformance
conformance: build ## the official conformance suite against both examples
	tests/setup/setup node
	tests/conformance/run --server c=target/examples/c/everything --server cpp=target/examples/cpp/everything

.PHONY: bench
bench: build ## the benchmarks beside other servers, and the tables
	env -u CARGO_TARGET_DIR benches/run.sh

.PHONY: demo
demo: build ## a C server, an official client, one call and one push
	tests/setup/setup mcp2
	.venv-mcp2/bin/python tests/demo/demo.py

.PHONY: install
install: | $(LIBRARY) ## the library and headers into PREFIX (/usr/local), below DESTDIR
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' LIBDIR='$(LIBDIR)' bindings/install.sh

.PHONY: clean
clean: ## removes what was built
	rm -rf target build
