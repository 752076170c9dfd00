"""Holds `vggtrain summary` to PyTorch: AlexNet, LeNet, vgg11-lrn, 20 random VGGs and 20 random lists
of layers; every layer's name, type, output shape, parameters, multiply-adds and receptive field.

    python scripts/check_counts.py [--binary vggtrain] [--count 20] [--seed 0]

PyTorch's side is an nn.Sequential built from the same file; shapes come from forward hooks on the
meta device (nothing is computed), multiply-adds from those shapes and the weights'. Receptive fields
are seen by autograd: which pixels have a gradient, of one output far from all borders, or, of a
linear layer, of all that it reads of the image. Prints a line a network and exits with 1 if
anything differs.

Requires: torch, PyYAML, Go (see requirements.txt).
"""

import random
import sys

import torch
from torch import nn

import architecture
import program
import torch_network
from architecture import Architecture


def draw_vgg(number, seed):
    """A random VGG and an input (N, C, H, W) and a number of classes that fit it."""
    dice = random.Random(f"{seed}/{number}")
    blocks = tuple((dice.randint(1, 4), dice.randint(1, 96)) for _ in range(dice.randint(1, 6)))
    hidden = tuple(dice.randint(1, 512) for _ in range(dice.randint(1, 3)))
    arch = Architecture(f"vgg-{number}", blocks, hidden, dice.choice([0.0, 0.1, 0.5]))
    least = 2 ** len(blocks)
    height, width = (dice.randint(least, 3 * least + 5) for _ in range(2))
    return arch, (dice.randint(1, 9), dice.randint(1, 4), height, width), dice.randint(2, 100)


def draw_layers(number, seed):
    """A random list of layers and an input and a number of classes that fit it."""
    dice = random.Random(f"layers/{seed}/{number}")
    sides = size = [dice.randint(20, 90), dice.randint(20, 90)]
    layers = []
    for _ in range(dice.randint(1, 9)):
        word, kernel = dice.choice(["conv", "conv", "maxpool", "avgpool"]), dice.randint(1, 7)
        value = {"kernel": kernel, "stride": dice.randint(1, 3)}
        if word == "conv":
            value |= {"out": dice.randint(1, 96), "padding": dice.randrange(kernel)}
        sides = [(side + 2 * value.get("padding", 0) - kernel) // value["stride"] + 1 for side in sides]
        if min(sides) < 1:
            break
        layers.append((word, value))
        layers += [(w, None) for w in dice.choice([["relu"], ["sigmoid"], ["dropout"], []])]
    layers.append(("flatten", None))
    for _ in range(dice.randint(0, 2)):
        layers += [("linear", dice.randint(1, 512)), (dice.choice(["relu", "sigmoid"]), None), ("dropout", 0.25)]
    arch = Architecture(f"layers-{number}", (), (), 0.5, tuple(layers + [("linear", "classes")]))
    return arch, (dice.randint(1, 9), dice.randint(1, 4), *size), dice.randint(2, 100)


def networks(count, seed):
    """All that are compared: architecture, input, classes."""
    yield architecture.load("alexnet"), (1, 1, 224, 224), 10
    yield architecture.load("lenet"), (1, 1, 28, 28), 10
    yield architecture.load("vgg11-lrn"), (1, 1, 56, 56), 10
    for number in range(count):
        yield draw_vgg(number, seed)
    for number in range(count):
        yield draw_layers(number, seed)


def reference(arch, shape, classes):
    """PyTorch's rows: (name, type, output shape, parameters, multiply-adds, receptive field)."""
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
    return [(*row, field) for row, field in zip(rows, receptive_fields(net, shape[2:]), strict=True)]


def receptive_fields(net, sides):
    """[height, width] of what one output of each layer sees of an image, in layers' order."""
    windows = [window(module) for module in net.features]
    fields = []
    for depth in range(1, len(windows) + 1):
        side = 64
        while (field := middle(windows[:depth], side)) is None:
            side *= 2
        fields.append(field)
    fields.append(fields[-1] if fields else [1, 1])  # flatten
    whole = extent(outputs(windows, sides)[0].grad)
    for i in range(len(net.classifier)):
        linear = any(isinstance(module, nn.Linear) for module in net.classifier[:i + 1])
        fields.append(whole if linear else fields[-1])
    return fields


def window(module):
    """What a layer slides over the image: (kernel, stride, padding)."""
    if isinstance(module, nn.Conv2d):
        return module.kernel_size[0], module.stride[0], module.padding[0]
    if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d)):
        return module.kernel_size, module.stride, 0
    return 1, 1, 0


def outputs(windows, sides, one=False):
    """An image and what windows of equal weights make of it, one after the other, with the gradients
    of the last one's middle output or of all of them; [] where a window does not fit."""
    maps = [torch.zeros(1, 1, *sides, dtype=torch.float64, requires_grad=True)]
    for kernel, stride, padding in windows:
        if min(maps[-1].shape[2:]) + 2 * padding < kernel:
            return []
        weight = torch.full((1, 1, kernel, kernel), 1 / kernel**2, dtype=torch.float64)
        maps.append(nn.functional.conv2d(maps[-1], weight, None, stride, padding))
        maps[-1].retain_grad()
    last = maps[-1][0, 0]
    (last[last.shape[0] // 2, last.shape[1] // 2] if one else last.sum()).backward()
    return maps


def middle(windows, side):
    """[height, width] of what the middle output sees; None where it is too near to the padding of
    some layer."""
    maps = outputs(windows, (side, side), one=True)
    inside = all(m.grad[0, 0, 0].count_nonzero() == 0 == m.grad[0, 0, -1].count_nonzero() for m in maps)
    return extent(maps[0].grad) if maps and inside else None


def extent(gradient):
    """[height, width] of the smallest box that holds all pixels with a gradient."""
    pixels = gradient[0, 0].nonzero()
    return (pixels.amax(0) - pixels.amin(0) + 1).tolist()


def differences(summary, rows, arch, shape):
    """What of a summary is not as PyTorch has it, a line each."""
    got = [(r["name"], r["type"], r["output"], r["params"], r["macs"], r["receptive_field"]) for r in summary["layers"]]
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
    wrong = total = 0
    with program.Program(flags.binary) as vggtrain:
        for arch, shape, classes in networks(flags.count, flags.seed):
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
            wrong, total = wrong + bool(found), total + 1
    print(f"{total - wrong} of {total} equal PyTorch {torch.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
