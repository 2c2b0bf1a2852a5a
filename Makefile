# make deps | build | run | test | soak | lint | bench | clean
SHELL := /bin/bash
PORT ?= 8080
STATE ?= $(CURDIR)/.state
SWIFT ?= $(firstword $(wildcard /opt/swift/usr/bin/swift) swift)
# The one release build, with Swift's own libraries inside.
RELEASE := $(SWIFT) build -c release --static-swift-stdlib --explicit-target-dependency-import-check error
BIN := .build/release/slipway

.PHONY: deps build run test soak lint bench clean

deps:
	dev/deps build run

build:
	dev/deps build
	$(RELEASE) --product slipway
	$(RELEASE) --product slipway-authd

run: deps
	$(RELEASE) --product slipway
	dev/run "$(BIN)" "$(PORT)" "$(STATE)"

test:
	dev/deps build run test
	node --test Tests/Web/*.test.js
	$(SWIFT) test --parallel
	$(RELEASE) --product slipway
	$(RELEASE) --product slipway-authd
	dev/end-to-end "$(BIN)"

soak:
	dev/deps build run test
	$(RELEASE) --product slipway
	$(RELEASE) --product slipway-authd
	dev/end-to-end "$(BIN)" -m soak

lint:
	dev/deps lint
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift
	for file in dev/* .ci/run; do bash -n $$file || exit 1; done
	dev/stamp-assets --check
	for file in $$(find static -name '*.js'); do node --check $$file || exit 1; done
	cd Sources/Recipes/Files && for file in system conda lock dependencies; do \
		shellcheck --shell sh -a -x -P SCRIPTDIR $$file.sh || exit 1; done

bench:
	dev/deps build run test
	$(RELEASE) --product slipway
	dev/bench "$(BIN)"

clean:
	rm -rf .build
