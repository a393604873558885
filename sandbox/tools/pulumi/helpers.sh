#!/bin/sh
# What the Python language host calls, from the folder of the engine's own SDK into $1. The module cache drops the bit
# that lets a file run.
set -eu
sdk=$(go -C "$(dirname -- "$0")/cli" list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)/python
install -m 755 "$sdk/cmd/pulumi-language-python-exec" "$sdk/dist/pulumi-resource-pulumi-python" "$1"
