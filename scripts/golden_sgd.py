#!/usr/bin/env python3
"""Makes internal/solver/testdata/sgd.json: weights, gradients and what torch.optim.SGD
and torch.nn.utils.clip_grad_norm_ make of them over a few steps.

    python scripts/golden_sgd.py > internal/solver/testdata/sgd.json

Every number is a float32, written so that it reads back to the same bits.
"""

import json
import sys

import torch

SHAPES = [(7, 5), (5,), (3,)]
RATES = [0.1, 0.05, 0.2, 0.025, 0.1]  # the learning rate of each step
VARIANTS = {
    "plain": {},
    "decay": {"weight_decay": 0.02},
    "momentum": {"momentum": 0.9},
    "momentum-decay": {"momentum": 0.9, "weight_decay": 0.02},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "nesterov-decay": {"momentum": 0.8, "weight_decay": 0.02, "nesterov": True},
    "clip": {"clip_norm": 2.0},
    "clip-not-reached": {"clip_norm": 1e6},
    "clip-nesterov-decay": {"clip_norm": 2.0, "momentum": 0.9, "weight_decay": 0.02, "nesterov": True},
}


def run(start, grads, clip_norm=0.0, **settings):
    weights = [torch.nn.Parameter(w.clone()) for w in start]
    optimizer = torch.optim.SGD(weights, lr=RATES[0], **settings)
    after, norms = [], []
    for rate, step in zip(RATES, grads):
        for w, g in zip(weights, step):
            w.grad = g.clone()
        if clip_norm:
            norms.append(float(torch.nn.utils.clip_grad_norm_(weights, clip_norm)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        after.append([w.detach().flatten().tolist() for w in weights])
    momenta = [optimizer.state[w].get("momentum_buffer") for w in weights]
    return {
        "momentum": settings.get("momentum", 0.0),
        "weight_decay": settings.get("weight_decay", 0.0),
        "nesterov": settings.get("nesterov", False),
        "clip_norm": clip_norm,
        "weights": after,
        "norms": norms,
        "momenta": None if momenta[0] is None else [m.flatten().tolist() for m in momenta],
    }


def main():
    generator = torch.Generator().manual_seed(3)
    start = [torch.randn(shape, generator=generator) for shape in SHAPES]
    grads = [[torch.randn(shape, generator=generator) for shape in SHAPES] for _ in RATES]
    golden = {
        "made_by": f"scripts/golden_sgd.py, torch {torch.__version__}",
        "rates": RATES,
        "start": [w.flatten().tolist() for w in start],
        "grads": [[g.flatten().tolist() for g in step] for step in grads],
        "variants": {name: run(start, grads, **v) for name, v in VARIANTS.items()},
    }
    json.dump(golden, sys.stdout)
    print()


if __name__ == "__main__":
    main()
