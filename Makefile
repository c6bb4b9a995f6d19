# One command for each act. `make help` lists them.

GO      ?= go
ARGS    ?=
PART    ?= all
PACKAGES ?= ./...

# Test binaries that run at the same time. More than two gain nothing on the two
# cores that the time limit of `make test` is meant for.
PARALLEL ?= 2

# SQLite is a translation from C: its own races and pointers are not what our tests look
# for, and to watch them takes more than half of their time.
QUICK := -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0' -gcflags='modernc.org/libc=-race=false -d=checkptr=0'

# What tests write, databases above all, lies in memory where there is room: what they
# wait for most is a disk to flush.
MEMORY := $(shell free=$$(df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 {print $$4}'); [ -w /dev/shm ] && [ "$${free:-0}" -ge 12288 ] && echo /dev/shm)
test: export TMPDIR := $(or $(TMPDIR),$(MEMORY),/tmp)

# The program that loads llama.cpp: a Go module of its own, as it drags others in.
ENGINE := engine

# Go modules of their own for tests: OpenAI's client, the tests in a browser, those of the files of
# deploy/, and those of a whole fleet.
CLIENT := test/clients/openaigo
BROWSER := test/browser
DEPLOY := test/deploy
SCALE := test/scale

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.1
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
CYCLONEDX := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.DEFAULT_GOAL := help
.PHONY: help run build test needs proof proof-scale bench lint fmt docs vuln release clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start the server on 127.0.0.1:8080 with its data in ./data (ARGS="--listen …" for more)
	@exec bin/skytower serve $(ARGS)

build: ## build bin/skytower, and bin/skytower-llama, which runs GGUF files
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/skytower ./cmd/skytower
	cd $(ENGINE) && CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o ../bin/skytower-llama ./llama

needs: ## install what the tests need (a C compiler, PostgreSQL's programs, proxies, Node.js with its test clients, llama.cpp's library)
	@tools/needs.sh

test: needs ## run all tests, about 25 minutes on two cores (PACKAGES=./internal/… for some)
	$(GO) test -race $(QUICK) -p $(PARALLEL) -timeout 30m $(PACKAGES)
ifeq ($(PACKAGES),./...)
	cd $(ENGINE) && CGO_ENABLED=0 $(GO) test -timeout 10m ./...
	cd $(BROWSER) && $(GO) test -timeout 20m ./...
	cd $(DEPLOY) && $(GO) test -timeout 20m ./...
	cd $(SCALE) && $(GO) test -race $(QUICK) -timeout 20m ./...
endif

proof: needs ## run the long forms: each fuzz target for FUZZTIME=60s, tests with their full rounds (PART=fuzz, kills, long, scale or soak for one)
	@tools/proof.sh $(PART)

proof-scale: needs ## run a fleet of processes through an hour's mixed load and its bad days, squeezed into minutes
	@tools/proof.sh scale

bench: build ## compare with Go's ReverseProxy on this machine, predictions with River alone, and the ledger with a plain one (ARGS="-h" lists the choices)
	$(GO) run ./tools/bench -skip-build $(ARGS)
	$(GO) run ./tools/benchpredictions
	$(GO) run ./tools/benchpredictions -database postgres
	$(GO) run ./tools/benchledger
	$(GO) run ./tools/benchledger -database postgres

lint: ## check format, vet, staticcheck and go.mod; changes nothing
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted (run make fmt):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	cd test/stripemock && $(GO) mod tidy -diff
	cd $(ENGINE) && CGO_ENABLED=0 $(GO) vet ./... && CGO_ENABLED=0 $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff
	cd $(CLIENT) && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff
	cd $(BROWSER) && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff
	cd $(SCALE) && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff
	cd $(DEPLOY) && $(GO) vet ./... && $(GO) mod tidy -diff

fmt: ## format the Go code
	gofmt -w .

docs: ## write the generated pages of the manual again
	$(GO) run ./tools/gendocs

vuln: ## look for known vulnerabilities, where the database can be reached
	@GO="$(GO)" GOVULNCHECK="$(GOVULNCHECK)" tools/vuln.sh

release: ## build dist/: static programs of this version, their checksums, and the list of their modules (SBOM)
	$(GO) run ./tools/release -version "$(VERSION)" -sbom "$(CYCLONEDX)" -out dist

clean: ## remove what was built; ./data stays
	rm -rf bin dist
