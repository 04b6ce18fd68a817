#!/usr/bin/env bash
# Try three learning rates, one after the other.
set -eu
for lr in 0.01 0.03 0.1; do
    ledger run --name "lr-$lr" -- python train.py "$lr"
done
