# Everything is a make target; `make help` lists them. Required: Go 1.26, git, make.
# Everything else (a browser, a C compiler for the race detector, peers for
# interoperability tests) is installed on Debian when run as root; elsewhere a
# message says what to install.

GO      ?= go
ADDR    ?= 127.0.0.1:8080
FUZZTIME?= 20s
# make test RACE= : without the race detector, which needs a C compiler.
RACE    ?= -race
# make test TEST='-run Dial -v' : additional arguments for go test.
TEST    ?=
# The time limit for the tests of one package: the default 10 minutes are too
# short on a busy machine.
TIMEOUT ?= 40m
# make bench BENCH='-mode idle -only ours,raw', make bench-browser
# BENCH='-in firefox -only window/binary/16/64': arguments for the benchmark.
BENCH   ?=

# The Go releases that are supported, and the other one than $(GO)'s: a command
# of Go's with GOTOOLCHAIN=$(OTHER_GO) downloads it.
RELEASES := go1.26.8 go1.27.4
OTHER_GO  = $(lastword $(filter-out $(basename $(shell $(GO) env GOVERSION)).%,$(RELEASES)))

BIN     := bin
JS      := GOOS=js GOARCH=wasm
MODULES := . tools bench internal/roads h2 h3 cmd/ws
TOOLS   := tools/go.mod tools/go.sum
# The runner of wasm tests, used by wasm_test.
export WASMBROWSERTEST := $(CURDIR)/bin/wasmbrowsertest

.DEFAULT_GOAL := help
.PHONY: help demo test test-other-go serve command size size-other-go lint fmt vet staticcheck tidy fuzz chaos bench-browser clean prepare system test-native test-h2 test-h3 test-js test-tools test-command test-homes test-roads run-homes run-roads page

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## run examples/echo natively and in a headless browser, compare the outputs, and run examples/legacy
	@WS_NO_BROWSER= scripts/need.sh browser >/dev/null
	@$(MAKE) --no-print-directory -s $(BIN)/wasmbrowsertest
	$(GO) run ./internal/demo -runner $(BIN)/wasmbrowsertest

test: ## run all tests, natively, in a headless browser, in other browsers and runtimes, and through proxies (WS_NO_BROWSER=1, WS_NO_PEERS=1, WS_NO_HOMES=1, WS_NO_ROADS=1 skip some)
	@$(MAKE) --no-print-directory -s -j2 prepare
	@$(MAKE) --no-print-directory -k test-native test-h2 test-h3 run-roads test-js test-tools test-command run-homes

test-homes: ## run the suite in Firefox, WebKitGTK, Node.js 24, Deno, Bun, workerd, jsdom and happy-dom
	@scripts/need.sh homes $(if $(RACE),cc) >/dev/null
	@$(MAKE) --no-print-directory -s $(BIN)/homes
	@$(MAKE) --no-print-directory run-homes

test-other-go: ## run the native tests with the other supported Go release, which is downloaded
	@echo "with $(OTHER_GO), natively, without the race detector:"
	GOTOOLCHAIN=$(OTHER_GO) WS_NO_BROWSER=1 WS_NO_HOMES=1 $(GO) test -count=1 -timeout $(TIMEOUT) $(TEST) ./...
	cd h2 && GOTOOLCHAIN=$(OTHER_GO) $(GO) test -count=1 -timeout $(TIMEOUT) $(TEST) ./...
	cd h3 && GOTOOLCHAIN=$(OTHER_GO) $(GO) test -count=1 -timeout $(TIMEOUT) $(TEST) ./...
	cd internal/roads && GOTOOLCHAIN=$(OTHER_GO) $(GO) test -count=1 -timeout $(TIMEOUT) $(TEST) ./...
	cd cmd/ws && GOTOOLCHAIN=$(OTHER_GO) $(GO) test -count=1 -timeout $(TIMEOUT) $(TEST) ./...

test-roads: ## run the tests through proxies: nginx, haproxy, Apache, lighttpd, Caddy, squid, tinyproxy, microsocks, ssh -D
	@scripts/need.sh roads node $(if $(RACE),cc) >/dev/null
	@$(MAKE) --no-print-directory run-roads

serve: page ## start a server with a page to open (ADDR=host:port)
	$(GO) build -o $(BIN)/testserver ./testserver
	@echo "open http://$(ADDR)/ in a browser; interrupt to end"
	@exec $(BIN)/testserver -addr $(ADDR) -page $(BIN)/page

command: ## build the command ws (bin/ws)
	cd cmd/ws && $(GO) build -o ../../$(BIN)/ws .

size: $(BIN)/size ## print the sizes of programs for the browser; fail if over budget
	@$(BIN)/size

size-other-go: $(BIN)/size ## the same with the other supported Go release
	@GOTOOLCHAIN=$(OTHER_GO) $(BIN)/size

lint: fmt vet staticcheck tidy ## gofmt, go vet and staticcheck for both homes, go mod tidy

fuzz: ## run every fuzz target for FUZZTIME each
	scripts/fuzz.sh $(FUZZTIME)
	cd h2 && ../scripts/fuzz.sh $(FUZZTIME)

chaos: ## exchange messages over streams that fail, and print the seed (CHAOS_MESSAGES=n, CHAOS_SEED=n, CHAOS_CONN=n)
	$(GO) test $(RACE) -count=1 -timeout 0 -run TestChaos -v $(TEST) ./internal/chaos

bench-browser: ## measure the cost of a message in browsers, compared with JavaScript (12 min; results in bench/browser/results)
	@scripts/need.sh browser homes >/dev/null
	cd bench && $(GO) run ./browser -in chromium,firefox,webkit $(BENCH)

bench: ## compare the native implementation with other libraries (5 min; results in bench/results)
	cd bench && $(GO) run . -within 4m30s -out results $(BENCH)

clean: ## remove build outputs
	rm -rf bin

# --- the parts of lint -----------------------------------------------------

fmt:
	@files=$$(gofmt -l .); test -z "$$files" || { echo "gofmt these files:"; echo "$$files"; exit 1; }

vet:
	$(GO) vet ./...
	$(JS) $(GO) vet ./...
	cd tools && $(GO) vet ./... && $(JS) $(GO) vet ./standard/page
	cd bench && $(GO) vet ./... && $(JS) $(GO) vet ./browser/...
	cd internal/roads && $(GO) vet ./...
	cd h2 && $(GO) vet ./...
	cd h3 && $(GO) vet ./...
	cd cmd/ws && $(GO) vet ./... && GOOS=windows $(GO) vet ./...

staticcheck: $(BIN)/staticcheck
	$(BIN)/staticcheck ./...
	$(JS) $(BIN)/staticcheck ./...
	cd tools && ../$(BIN)/staticcheck ./... && $(JS) ../$(BIN)/staticcheck ./standard/page
	cd bench && ../$(BIN)/staticcheck ./... && $(JS) ../$(BIN)/staticcheck ./browser/...
	cd internal/roads && ../../$(BIN)/staticcheck ./...
	cd h2 && ../$(BIN)/staticcheck ./...
	cd h3 && ../$(BIN)/staticcheck ./...
	cd cmd/ws && ../../$(BIN)/staticcheck ./...

tidy:
	@for m in $(MODULES); do echo "go mod tidy -diff in $$m"; (cd $$m && $(GO) mod tidy -diff) || exit 1; done

# --- the parts of test -----------------------------------------------------

# In parallel: compile while a browser is downloaded.
prepare: system $(BIN)/wasmbrowsertest $(BIN)/homes

system:
	@scripts/need.sh browser $(if $(RACE),cc) interop node homes roads >/dev/null

# -count=1, because the cache does not know the browser's part of a native test.
# WS_NO_GATHER=1 turns the coalescing of messages off.
test-native:
	$(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) -skip '^TestHomes(HTTP2)?$$' $(TEST) ./...
	WS_NO_GATHER=1 $(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) $(TEST) ./internal/engine ./internal/conformance ./internal/hostile ./internal/chaos
ifeq ($(TEST),)
	@echo "allocations and stacks, without the race detector, which changes them:"
	$(GO) test -count=1 -timeout $(TIMEOUT) -run 'Alloc|Idle' . ./frame ./handshake ./internal/ctxlock ./internal/deflate ./internal/engine ./wsjson
endif

# The client over HTTP/2, against peers too.
test-h2:
	@[ "$$WS_NO_ROADS" != 1 ] || echo "WS_NO_ROADS=1: the tests of h2 against Node.js and hypercorn were NOT run"
	cd h2 && $(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) $(TEST) ./...

# The client and the server over HTTP/3.
test-h3:
	cd h3 && $(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) $(TEST) ./...

run-roads:
	@[ "$$WS_NO_ROADS" != 1 ] || echo "WS_NO_ROADS=1: the tests through proxies were NOT run"
	cd internal/roads && $(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) $(TEST) ./...

# Only packages with tests of their js files. wasm_test runs its own browser.
test-js:
	@scripts/test-js.sh -timeout $(TIMEOUT) $(TEST)

# Includes tests that drive a browser over DevTools, and that run the examples in
# Firefox and WebKit; -p 1, since each such package starts one.
test-tools:
	@[ "$$WS_NO_BROWSER" != 1 ] || echo "WS_NO_BROWSER=1: the tests that drive a browser over DevTools were NOT run"
	@[ "$$WS_NO_HOMES" != 1 ] || echo "WS_NO_HOMES=1: the tests of tools/homes, and of the examples in Firefox and WebKit, were NOT run"
	cd tools && $(GO) test -count=1 -p 1 -timeout $(TIMEOUT) $(TEST) ./...

test-command: ## run the tests of the command ws, in pseudo-terminals and pipes
	cd cmd/ws && $(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) $(TEST) ./...

# By itself: each home is a browser or a runtime of its own.
run-homes:
	@[ "$$WS_NO_HOMES" != 1 ] || echo "WS_NO_HOMES=1: the tests in other browsers and runtimes were NOT run"
	$(GO) test $(RACE) -count=1 -timeout $(TIMEOUT) -run '^TestHomes(HTTP2)?$$' $(TEST) ./wasm_test

# --- build outputs ------------------------------------------------------------

page:
	@mkdir -p $(BIN)/page
	$(JS) $(GO) build -trimpath -ldflags='-s -w' -o $(BIN)/page/main.wasm ./examples/page
	@cp examples/page/*.html examples/page/*.css examples/page/*.js $(BIN)/page/
	@cp "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" $(BIN)/page/

# tools/patient wraps it, since a browser may be slow to start.
$(BIN)/wasmbrowsertest: $(TOOLS) $(wildcard tools/patient/*.go)
	cd tools && $(GO) build -o ../$@.once github.com/agnivade/wasmbrowsertest
	cd tools && $(GO) build -o ../$@ ./patient

$(BIN)/homes: $(TOOLS) $(wildcard tools/homes/*.go tools/homes/page/*)
	cd tools && $(GO) build -o ../$@ ./homes

$(BIN)/staticcheck: $(TOOLS)
	cd tools && $(GO) build -o ../$@ honnef.co/go/tools/cmd/staticcheck

$(BIN)/size: $(TOOLS) $(wildcard tools/size/*.go)
	cd tools && $(GO) build -o ../$@ ./size
