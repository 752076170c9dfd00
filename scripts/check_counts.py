"""Holds `vggtrain summary` to PyTorch: 20 random architecture files, every layer's name, type,
output shape, parameters and multiply-adds.

    python scripts/check_counts.py [--binary vggtrain] [--count 20] [--seed 0]

PyTorch's side is an nn.Sequential built from the same file; shapes come from forward hooks on the
meta device (nothing is computed), multiply-adds from those shapes and the weights'. Prints a line a
network and exits with 1 if anything differs.

Requires: torch, PyYAML, Go (see requirements.txt).
"""

import random
import sys

import torch
from torch import nn

import program
import torch_network
from architecture import Architecture


def draw(number, seed):
    """A random architecture and an input (N, C, H, W) and a number of classes that fit it."""
    dice = random.Random(f"{seed}/{number}")
    blocks = tuple((dice.randint(1, 4), dice.randint(1, 96)) for _ in range(dice.randint(1, 6)))
    hidden = tuple(dice.randint(1, 512) for _ in range(dice.randint(1, 3)))
    arch = Architecture(f"random-{number}", blocks, hidden, dice.choice([0.0, 0.1, 0.5]))
    least = 2 ** len(blocks)
    height, width = (dice.randint(least, 3 * least + 5) for _ in range(2))
    return arch, (dice.randint(1, 9), dice.randint(1, 4), height, width), dice.randint(2, 100)


def reference(arch, shape, classes):
    """PyTorch's rows: (name, type, output shape, parameters, multiply-adds)."""
    with torch.device("meta"):
        net = torch_network.build(arch, shape[2:], classes, shape[1])
        rows = []

        def row(name, module):
            def hook(_, __, output):
                macs = 0
                if isinstance(module, nn.Conv2d):
                    macs = output.numel() * module.weight[0].numel()
                elif isinstance(module, nn.Linear):
                    macs = output.numel() * module.in_features
                count = sum(p.numel() for p in module.parameters())
                rows.append((name, type(module).__name__, list(output.shape), count, macs))
            return hook

        for name, module in net.named_modules():
            if not isinstance(module, nn.Sequential):
                module.register_forward_hook(row(name, module))
        net(torch.empty(shape))
    return rows


def differences(summary, rows, arch, shape):
    """What of a summary is not as PyTorch has it, a line each."""
    got = [(r["name"], r["type"], r["output"], r["params"], r["macs"]) for r in summary["layers"]]
    params, macs = sum(r[3] for r in rows), sum(r[4] for r in rows)
    want = {"arch": arch.name, "input": list(shape), "params": params, "macs": macs,
            "flops": 2 * macs, "weight_bytes": 4 * params}
    lines = [f"{key} {summary[key]}, PyTorch {value}" for key, value in want.items() if summary[key] != value]
    if len(got) != len(rows):
        lines.append(f"{len(got)} layers, PyTorch {len(rows)}")
    return lines + [f"{ours}, PyTorch {theirs}" for ours, theirs in zip(got, rows) if ours != theirs]


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    wrong = 0
    with program.Program(flags.binary) as vggtrain:
        for number in range(flags.count):
            arch, shape, classes = draw(number, flags.seed)
            file = vggtrain.folder / f"{arch.name}.yaml"
            file.write_text(arch.yaml())
            size = "x".join(map(str, shape))
            summary = vggtrain.json("summary", "--arch", file, "--input", size, "--classes", classes, "--format", "json")
            rows = reference(arch, shape, classes)
            found = differences(summary, rows, arch, shape)
            print(f"{arch.name:10} {size:>14} {classes:3} classes {len(rows):3} layers "
                  f"{sum(r[3] for r in rows):>12,} parameters {sum(r[4] for r in rows):>16,} MACs  "
                  f"{'DIFFERS' if found else 'equal'}")
            for line in found:
                print(f"    {line}")
            wrong += bool(found)
    print(f"{flags.count - wrong} of {flags.count} equal PyTorch {torch.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
