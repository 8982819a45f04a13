#!/bin/sh
# Pins every dependency with its hashes, for all supported Pythons and platforms (needs uv).
set -eu
cd "$(dirname "$0")/.."
lock() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
    --no-header pyproject.toml "$@"
}
lock --group build --output-file requirements/run.lock
lock --extra audit --extra documents --group build --group dev --output-file requirements/dev.lock
lock --extra audit --extra documents --group build --group dev --group bench --output-file requirements/bench.lock
