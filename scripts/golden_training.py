"""Writes internal/train/testdata/follow.json and follow.safetensors: PyTorch's training as golden data.

    python scripts/golden_training.py [--out internal/train/testdata] [--only CASE ...]

A case trains a network on images of the built-in sample, in the order the case lists, without
dropout and shuffle, from the weights that reference_training.py describes; PyTorch computes in
float64. follow.json holds the versions used and, for each case,

    name, arch (an architecture file's text), side, batch, steps, seed
    settings          lr, momentum, weight_decay, nesterov, label_smoothing
    images            indices of the sample's training images, clearest first (at 224 pixels: steadiest)
    images_sha256     of their 28×28 bytes in that order
    losses            one a step
    gradient_norms    L2 norm of each parameter's gradient at step 1, by name
    update_norms      L2 norm of its whole update, final minus initial weights
    float32           what PyTorch's own float32 differs by: first_loss and loss (largest absolute
                      difference), gradient and update (largest relative L2 of a tensor)

and follow.safetensors the tensors `<case>/gradient/<parameter>` and `<case>/update/<parameter>`.
Up to WHOLE values a tensor is there whole, in PyTorch's shape. A larger one is there as a count
sketch (Charikar, Chen & Farach-Colton 2002): with h = rng.New(SKETCH_SEED, Init, 0).Split(p).Uint64(i)
for element i of parameter p, in PyTorch's row-major order,

    sketch[h mod BUCKETS] += value[i], negated if h's top bit is set

in float64. It is linear, so the norm of the difference of two sketches estimates that of the
difference of the tensors, within sqrt(2/BUCKETS) = 4 %, and no element goes unseen.

Requires: torch, numpy, Pillow, PyYAML, safetensors (see requirements.txt).
"""

import argparse
import hashlib
import json
import pathlib
from dataclasses import asdict, dataclass

import numpy as np
import PIL
import safetensors
import safetensors.numpy
import torch

import architecture
import counter_rng
import fashion_images
import reference_training
import steady_images
import torch_network
from reference_training import Settings

WHOLE, BUCKETS, SKETCH_SEED = 4096, 1024, 1
SEED = 0
CANDIDATES = 600

TINY = architecture.Architecture("tiny", ((1, 8), (1, 8), (2, 16), (2, 16), (2, 16)), (64, 64), 0.0)
SMALL = architecture.Architecture("vgg11-small", ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), (4096, 4096), 0.0)

ALEXNET, LENET = architecture.load("alexnet"), architecture.load("lenet")

PLAIN = Settings()
DECAYED = dict(momentum=0.9, weight_decay=5e-4, label_smoothing=0.1)


@dataclass(frozen=True)
class Case:
    """One training. `count` images make the last batch of an epoch a short one."""

    name: str
    arch: architecture.Architecture
    settings: Settings
    side: int = 56
    batch: int = 64
    count: int = 500
    steps: int = 32


CASES = [
    Case("tiny", TINY, PLAIN),
    Case("tiny-momentum", TINY, Settings(**DECAYED)),
    Case("tiny-nesterov", TINY, Settings(nesterov=True, **DECAYED)),
    Case("small", SMALL, PLAIN),
    # Momentum 0.9 makes steps ten times as long: at lr 0.004 PyTorch does not agree with itself.
    Case("small-momentum", SMALL, Settings(lr=0.001, **DECAYED)),
    Case("small-224", SMALL, PLAIN, side=224, batch=16, count=72, steps=5),
    Case("lenet", LENET, Settings(lr=0.05, **DECAYED), side=28),
    Case("alexnet", ALEXNET, PLAIN, side=72, batch=16, count=56, steps=8),
]


def sketch(p, value):
    """The count sketch of parameter p's values, or the values themselves if they are few."""
    if value.numel() <= WHOLE:
        return value.numpy().astype(np.float32)
    stream = counter_rng.Stream.new(SKETCH_SEED, counter_rng.INIT, 0).split(p)
    h = stream.uint64(value.numel())
    signed = np.where(h >> np.uint64(63), -1.0, 1.0) * value.double().flatten().numpy()
    buckets = (h % np.uint64(BUCKETS)).astype(np.int64)
    return np.bincount(buckets, signed, BUCKETS).astype(np.float32)


def chosen(case, net, start, sample, labels):
    """Indices of the case's images: the sample's clearest; at 224 pixels, where no image is
    clear, the steadiest of the first CANDIDATES for the batch whose gradient is compared, then others."""
    if case.side < 224:
        return reference_training.clearest(net, start, fashion_images.inputs(sample, case.side), case.count)
    inputs = fashion_images.inputs(sample[:CANDIDATES], case.side)
    return steady_images.first_steady(net, start, inputs, labels[:CANDIDATES], case.batch)[:case.count]


def follow(case, sample, labels):
    """Index entry and tensors of a case."""
    net = torch_network.build(case.arch, case.side, dropout=0)
    start = reference_training.initial_weights(net, SEED)
    images = chosen(case, net, start, sample, labels)
    x = fashion_images.inputs(sample[images], case.side)
    runs = {}
    for dtype in (torch.float64, torch.float32):
        losses, gradients, end = reference_training.train(
            net, start, x, labels[images], case.batch, case.steps, case.settings, dtype)
        runs[dtype] = losses, gradients, reference_training.updates(start, end)
    losses, gradients, updates = runs[torch.float64]
    own = runs[torch.float32]
    entry = {
        "name": case.name, "arch": case.arch.yaml(), "side": case.side, "batch": case.batch,
        "steps": case.steps, "seed": SEED, "settings": asdict(case.settings),
        "images": images.tolist(), "images_sha256": hashlib.sha256(sample[images].tobytes()).hexdigest(),
        "losses": losses,
        "gradient_norms": {name: value.norm().item() for name, value in gradients.items()},
        "update_norms": {name: value.norm().item() for name, value in updates.items()},
        "float32": {
            "first_loss": abs(own[0][0] - losses[0]),
            "loss": max(abs(a - b) for a, b in zip(own[0], losses)),
            "gradient": max(reference_training.relative(own[1][name], gradients[name]) for name in start),
            "update": max(reference_training.relative(own[2][name], updates[name]) for name in start),
        },
    }
    tensors = {}
    for p, name in enumerate(start):
        tensors[f"{case.name}/gradient/{name}"] = sketch(p, gradients[name])
        tensors[f"{case.name}/update/{name}"] = sketch(p, updates[name])
    return entry, tensors


def present(out, name):
    """Index entry and tensors of a case as they are."""
    entry = next(e for e in json.loads((out / "follow.json").read_text())["cases"] if e["name"] == name)
    tensors = safetensors.numpy.load_file(out / "follow.safetensors")
    return entry, {k: v for k, v in tensors.items() if k.startswith(name + "/")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=architecture.ROOT / "internal/train/testdata")
    parser.add_argument("--only", nargs="+", metavar="CASE", default=[case.name for case in CASES],
                        help="renew these; what is there of the others stays, of whatever version")
    args = parser.parse_args()
    out = args.out
    out.mkdir(parents=True, exist_ok=True)
    sample, labels = fashion_images.load(fashion_images.SAMPLE, "train")
    made_by = {"script": "scripts/golden_training.py", "torch": torch.__version__, "numpy": np.__version__,
               "pillow": PIL.__version__, "safetensors": safetensors.__version__}
    entries, tensors = [], {}
    for case in CASES:
        if case.name not in args.only:
            entry, of_case = present(out, case.name)
            entries.append(entry)
            tensors |= of_case
            continue
        entry, of_case = follow(case, sample, labels)
        entries.append(entry)
        tensors |= of_case
        own = ", ".join(f"{k} {v:.1e}" for k, v in entry["float32"].items())
        print(f"{case.name}: loss {entry['losses'][0]:.4f} to {entry['losses'][-1]:.4f}; PyTorch float32 differs by {own}",
              flush=True)
    # One entry only: the container's metadata has no fixed order, and a rerun shall change no byte.
    safetensors.numpy.save_file(tensors, out / "follow.safetensors", metadata={"made_by": json.dumps(made_by)})
    (out / "follow.json").write_text(json.dumps({"made_by": made_by, "cases": entries}, indent=1) + "\n")


if __name__ == "__main__":
    main()
