"""Holds `vggtrain fit` to PyTorch: the same weights, images and settings, step by step.

    python scripts/compare_training.py [--data auto|sample|DIR] [--binary vggtrain] [--threads 2] [--case NAME]

Each case trains vgg11-small without dropout and shuffle from the weights of reference_training.py,
handed over by `--init FILE`, with a short batch at the end of an epoch, and compares

    the loss at step 1                   absolute difference  ≤ 1e-6
    each parameter's gradient at step 1  relative L2          ≤ 1e-3
    the loss at every step               absolute difference  ≤ 2e-3
    each tensor's whole update           relative L2          ≤ 5 %

with PyTorch in float64, which has no rounding of its own to speak of. Beside it stand how far PyTorch's
float32 is from that, and we from PyTorch's float32. Exits with 1 if a tolerance is exceeded.

The gradient is read from the weights after one step of plain SGD with GRADIENT_LR: (w0 − w1)/lr.
So large a rate makes the rounding of w1 small beside the step; what is left of it, 2⁻²⁴·|w1|/lr, is
printed with the result, relative to the gradient as everything else.

Images are the clearest of the first CANDIDATES of the training set, for the reason that
reference_training.py gives; at 224 pixels, where no image is clear, the first batch is the steadiest of
fewer, as steady_images.py describes.

Requires: torch, numpy, Pillow, PyYAML, safetensors, Go (see requirements.txt).
"""

import json
import math
import struct
import sys
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import architecture
import fashion_images
import program
import reference_training
import steady_images
import torch_network
from reference_training import Settings, relative, updates

CANDIDATES = {56: 5000, 224: 600}
GRADIENT_LR = 64.0
TOLERANCE = {"first loss": 1e-6, "gradient": 1e-3, "loss": 2e-3, "update": 5e-2}


@dataclass(frozen=True)
class Case:
    """One training; `count` images, so that the last batch of an epoch is short."""

    name: str
    settings: Settings
    side: int = 56
    batch: int = 64
    count: int = 500
    steps: int = 32


# Momentum 0.9 makes steps ten times as long; at lr 0.004 PyTorch does not agree with itself.
DECAYED = dict(lr=0.001, momentum=0.9, weight_decay=5e-4, label_smoothing=0.1)
CASES = [
    Case("plain", Settings()),
    Case("momentum", Settings(**DECAYED)),
    Case("nesterov", Settings(nesterov=True, **DECAYED)),
    Case("224", Settings(), side=224, batch=16, count=72, steps=5),
]


def write_idx(folder, split, images, labels):
    """A split's two IDX files, plain."""
    prefix = fashion_images.PREFIX[split]
    (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, *images.shape) + images.tobytes())
    (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, len(labels)) + labels.tobytes())


class Comparison:
    """A case's common ground: network, initial weights, images, and the files fit reads."""

    def __init__(self, case, vggtrain, flags):
        self.case, self.vggtrain, self.threads = case, vggtrain, flags.threads
        self.folder = vggtrain.folder / case.name
        self.folder.mkdir()
        self.net = torch_network.build(architecture.load("vgg11-small"), case.side, dropout=0)
        self.start = reference_training.initial_weights(self.net)
        self.init = self.folder / "init.safetensors"
        save_file(self.start, self.init)
        where = fashion_images.folder(flags.data)
        images, labels = fashion_images.load(where, "train", CANDIDATES[case.side])
        inputs = fashion_images.inputs(images, case.side)
        if case.side == 56:
            chosen = reference_training.clearest(self.net, self.start, inputs, case.count)
        else:
            chosen = steady_images.first_steady(self.net, self.start, inputs, labels, case.batch)[:case.count]
        self.images, self.labels = images[chosen], labels[chosen]
        self.data = self.folder / "data"
        self.data.mkdir()
        write_idx(self.data, "train", self.images, self.labels)
        write_idx(self.data, "test", *fashion_images.load(where, "test", 10))

    def reference(self, dtype):
        """PyTorch's losses, gradients at step 1 and updates."""
        case = self.case
        inputs = fashion_images.inputs(self.images, case.side)
        losses, gradients, end = reference_training.train(
            self.net, self.start, inputs, self.labels, case.batch, case.steps, case.settings, dtype)
        return losses, gradients, updates(self.start, end)

    def fit(self, name, settings, steps):
        """vggtrain's losses and final weights."""
        case, out = self.case, self.folder / name
        epochs = math.ceil(steps / math.ceil(case.count / case.batch))
        self.vggtrain.json(
            "fit", "--recipe", "d2l", "--arch", "vgg11-small", "--init", self.init, "--data", self.data,
            "--resize", case.side, "--batch-size", case.batch, "--epochs", epochs, "--max-steps", steps,
            "--shuffle=false", "--dropout", 0, "--lr", settings.lr, "--momentum", settings.momentum,
            "--weight-decay", settings.weight_decay, f"--nesterov={str(settings.nesterov).lower()}",
            "--label-smoothing", settings.label_smoothing, "--threads", self.threads, "--out", out, "--json")
        lines = (out / "steps.jsonl").read_text().splitlines()
        weights = load_file(out / "checkpoint.bin")
        return [json.loads(line)["loss"] for line in lines], {name: weights[name] for name in self.start}

    def gradients(self):
        """vggtrain's gradients at step 1, and the rounding that reading them from weights leaves."""
        smoothing = self.case.settings.label_smoothing
        _, end = self.fit("one-step", Settings(lr=GRADIENT_LR, label_smoothing=smoothing), 1)
        gradients = {name: -value / GRADIENT_LR for name, value in updates(self.start, end).items()}
        rounding = {name: 2.0 ** -24 * end[name].double().norm().item() / GRADIENT_LR / g.norm().item()
                    for name, g in gradients.items()}
        return gradients, rounding


def differences(a, b):
    """Per measure: the largest difference of (losses, gradients, updates) and where it is."""
    return {
        "first loss": (abs(a[0][0] - b[0][0]), ""),
        "gradient": max((relative(a[1][name], b[1][name]), name) for name in b[1]),
        "loss": max((abs(x - y), f"step {i + 1}") for i, (x, y) in enumerate(zip(a[0], b[0]))),
        "update": max((relative(a[2][name], b[2][name]), name) for name in b[2]),
    }


def compare(case, vggtrain, flags):
    """Runs a case, prints its table and returns whether every tolerance holds."""
    common = Comparison(case, vggtrain, flags)
    exact, single = common.reference(torch.float64), common.reference(torch.float32)
    losses, end = common.fit("run", case.settings, case.steps)
    if len(losses) != case.steps:
        sys.exit(f"{case.name}: {len(losses)} lines in steps.jsonl, want {case.steps}")
    gradients, rounding = common.gradients()
    ours = losses, gradients, updates(common.start, end)

    print(f"\n{case.name}: {case.steps} steps, {case.count} images of {case.side}×{case.side}, batch {case.batch}, "
          f"{case.settings}\nloss {losses[0]:.6f} to {losses[-1]:.6f}")
    print(f"{'':12}{'tolerance':>10}{'ours':>10}{'':22}{'PyTorch float32':>16}{'ours from that':>16}")
    own, between = differences(single, exact), differences(ours, single)
    good = True
    for measure, (value, where) in differences(ours, exact).items():
        within = value <= TOLERANCE[measure]
        good &= within
        print(f"{measure:12}{TOLERANCE[measure]:10.0e}{value:10.1e}  {where:20}{own[measure][0]:16.1e}"
              f"{between[measure][0]:16.1e}  {'' if within else 'EXCEEDED'}", flush=True)
    worst = max(rounding, key=rounding.get)
    print(f"rounding of a gradient read from weights: at most {rounding[worst]:.1e} ({worst})")
    return good


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--data", default="auto", help="auto, sample or a folder of IDX files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--case", choices=[case.name for case in CASES], action="append", help="only this one")
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    with program.Program(flags.binary) as vggtrain:
        results = {case.name: compare(case, vggtrain, flags)
                   for case in CASES if flags.case is None or case.name in flags.case}
    print("\n" + ", ".join(f"{name}: {'follows PyTorch' if good else 'DOES NOT'}" for name, good in results.items()))
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
