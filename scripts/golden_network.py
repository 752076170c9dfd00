"""Writes model/testdata/network.json: what PyTorch computes for whole networks, as golden data.

    python scripts/golden_network.py [--out model/testdata/network.json]

Small networks with odd sizes: one made of VGG blocks, one with strides, larger kernels and pools that
cannot be fused, and two lists of layers, one like LeNet and one with ReLUs, sigmoids and pools where
nothing computes them beside another layer. For each: the logits of a batch, and loss and gradients of all its rows
and of the first few, which is a short batch. Dropout is off.

Nothing random is stored: the weights are those of Params.Init("xavier", SEED), from PyTorch's own
fans, and pixel i of a batch in N×C×H×W order is the i-th number of the all-zero key's stream PIXELS.
Computed in float64 from float32 weights and pixels. The script fails if a ReLU's input is nearer to
zero, or the two best of a pooling window nearer to each other, than MARGIN: float32 might decide
otherwise there, and nobody be wrong.

Requires: torch, numpy, PyYAML (see requirements.txt).
"""

import argparse
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.init import _calculate_fan_in_and_fan_out

import architecture
import torch_network
from counter_rng import INIT, Stream

SEED, PIXELS, MARGIN = 3, 7, 1e-6

VGG = architecture.Architecture("golden", ((2, 3), (1, 35)), (7, 40), 0.5)

LENET = architecture.parse("""
name: lenet
layers:
  - conv: {out: 6, kernel: 5, padding: 2}
  - sigmoid
  - avgpool: {kernel: 2}
  - conv: {out: 5, kernel: 5}
  - sigmoid
  - avgpool: {kernel: 2, stride: 1}
  - flatten
  - linear: 12
  - sigmoid
  - linear: classes
""")

MIXED = architecture.parse("""
name: mixed
layers:
  - relu
  - conv: {out: 3, kernel: 3, padding: 1}
  - relu
  - maxpool: {kernel: 2}
  - relu
  - avgpool: {kernel: 2}
  - conv: {out: 2, kernel: 1}
  - sigmoid
  - relu
  - maxpool: {kernel: 3, stride: 1}
  - relu
  - flatten
  - relu
  - linear: 4
  - sigmoid
  - linear: 5
  - relu
  - relu
  - linear: classes
""")


def strided():
    """The network of model's test of the same name."""
    features = nn.Sequential(
        nn.Conv2d(3, 33, 5, stride=2, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(33, 4, 1), nn.MaxPool2d(2, 2), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU())
    return nn.Sequential(*[features, nn.Flatten(), nn.Sequential(nn.Linear(6 * 2 * 3, 5))])


def named(module):
    names = ["features", "flatten", "classifier"]
    return {names[int(k[0])] + k[1:] if k[0].isdigit() else k: p for k, p in module.named_parameters()}


def init(params):
    """model.Params.Init("xavier", SEED), float32 values in float64 tensors."""
    stream = Stream.new(SEED, INIT, 0)
    fan_in = None
    for index, p in enumerate(params.values()):
        if p.dim() > 1:
            fan_in, fan_out = _calculate_fan_in_and_fan_out(p)
            limit = math.sqrt(6 / (fan_in + fan_out))
        else:
            limit = 1 / math.sqrt(fan_in)
        draws = limit * (2 * stream.split(index).float64(p.numel()) - 1)
        with torch.no_grad():
            p.copy_(torch.from_numpy(draws.astype(np.float32)).double().view_as(p))


def check_margins(module, x):
    for layer in module.modules():
        if isinstance(layer, nn.Sequential):
            continue
        if isinstance(layer, nn.ReLU) and x[x != 0].abs().min() < MARGIN:  # zeros are another ReLU's
            raise SystemExit(f"a ReLU's input is {x[x != 0].abs().min():g}: change SEED")
        if isinstance(layer, nn.MaxPool2d):
            best = F.unfold(x.flatten(0, 1)[:, None], layer.kernel_size, stride=layer.stride).topk(2, 1).values
            gap = (best[:, 0] - best[:, 1])[best[:, 0] != 0].min()  # equal zeros pass no gradient
            if gap < MARGIN:
                raise SystemExit(f"the best of a pooling window are {gap:g} apart: change SEED")
        x = layer(x)


def floats(t):
    """The numbers to 7 digits: the test asks for fewer."""
    return [float(f"{v:.7g}") for v in t.detach().reshape(-1).tolist()]


def case(module, shape, classes, rows, smoothing):
    module = module.double().eval()
    params = named(module)
    init(params)
    pixels = Stream(np.uint64(0)).split(PIXELS).float64(math.prod(shape)).astype(np.float32)
    x = torch.from_numpy(pixels).double().view(shape)
    labels = torch.tensor([(7 * n + 1) % classes for n in range(shape[0])])
    check_margins(module, x)
    runs = []
    for count in (shape[0], rows):
        module.zero_grad()
        loss = F.cross_entropy(module(x[:count]), labels[:count], label_smoothing=smoothing)
        loss.backward()
        runs.append({"rows": count, "loss": loss.item(), "grads": {n: floats(p.grad) for n, p in params.items()}})
    return {"shape": shape, "classes": classes, "smoothing": smoothing, "logits": floats(module(x)), "runs": runs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=architecture.ROOT / "model/testdata/network.json")
    args = parser.parse_args()
    cases = {
        "vgg": case(torch_network.build(VGG, (9, 13), classes=4, channels=2), [5, 2, 9, 13], 4, 3, 0.1),
        "strided": case(strided(), [3, 3, 20, 28], 5, 1, 0),
        "lenet": case(torch_network.build(LENET, (13, 16), classes=3, channels=2), [4, 2, 13, 16], 3, 1, 0.1),
        "mixed": case(torch_network.build(MIXED, (13, 12), classes=3), [5, 1, 13, 12], 3, 2, 0),
    }
    with open(args.out, "w") as out:
        json.dump({"torch": torch.__version__, "seed": SEED, "pixels": PIXELS, "cases": cases}, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
