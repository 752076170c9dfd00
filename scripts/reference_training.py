"""The training that vggtrain is held against: PyTorch's, from weights that both sides can make.

The initial weights are computed, so that goldens of a network of 18 million parameters need not hold
them. Parameters are counted in the order of the state dict (features.0.weight is 0, features.0.bias
is 1, ...); element i of parameter p, in row-major order of PyTorch's shape, is

    float32(limit · (2·rng.New(seed, Init, 0).Split(p).Float64(i) − 1))

computed in float64, limit being sqrt(6/fan_in) for weights, which is what Init("kaiming", seed) of the
Go side draws, and 1/sqrt(fan_in) for biases, as its Init("xavier", seed) draws them (Kaiming's zeros
would leave whole black backgrounds near zero, where one bias' sign decides for half the image).
Both of the last layer are then multiplied by float32(0.1), in float32: logits start near zero, and
32 steps stay where rounding is not amplified.

Rounding can still turn a decision: a ReLU's input that is nearly zero, or a window of a max-pool
whose two best values are nearly equal. One such decision changes the gradients below it by up to 1 %, and
64 images at 56 pixels take seven million of them: on arbitrary images PyTorch's float32, its
channels_last float32 and its float64 differ from each other by more than 1e-4 every second time. Gradients
are therefore compared on images that decide clearly: those with the largest `margins`.

Requires: torch, numpy.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import counter_rng

LAST_LAYER = np.float32(0.1)
TIE = 1e-12  # windows whose best values are nearer than this are equal but for float64's last bits


@dataclass(frozen=True)
class Settings:
    """What a comparison varies; named as fit's flags."""

    lr: float = 0.004
    momentum: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False
    label_smoothing: float = 0.0


def initial_weights(net, seed=0):
    """The weights described above: name → float32 tensor."""
    shapes = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    last = list(shapes)[-1].rsplit(".", 1)[0]
    stream = counter_rng.Stream.new(seed, counter_rng.INIT, 0)
    weights = {}
    for p, (name, shape) in enumerate(shapes.items()):
        layer, kind = name.rsplit(".", 1)
        fan_in = math.prod(shapes[f"{layer}.weight"][1:])
        limit = math.sqrt(6 / fan_in) if kind == "weight" else 1 / math.sqrt(fan_in)
        values = (limit * (2 * stream.split(p).float64(math.prod(shape)) - 1)).astype(np.float32)
        if layer == last:
            values *= LAST_LAYER
        weights[name] = torch.from_numpy(values.reshape(shape))
    return weights


@torch.no_grad()
def margins(net, weights, images, chunk=100):
    """How clearly each image decides: its smallest distance of a ReLU's input from zero, or of the
    best value of a pooling window from the second, as a part of that layer's largest value.

    Exact zeros and exact ties are clear: every order of summation gives them.
    """
    net.double().eval()
    net.load_state_dict(weights)
    scales, result = {}, []
    for x in torch.from_numpy(images).split(chunk):
        x, nearest = x.double(), torch.full((len(x),), torch.inf, dtype=torch.float64)
        for i, layer in enumerate([*net.features, net.flatten, *net.classifier]):
            gap = None
            if isinstance(layer, nn.ReLU):
                gap = x.abs()
            elif isinstance(layer, nn.MaxPool2d):
                k, s = layer.kernel_size, layer.stride
                best = x.unfold(2, k, s).unfold(3, k, s).flatten(-2).topk(2, dim=-1).values
                gap = best[..., 0] - best[..., 1]
                gap[best[..., 0] <= 0] = torch.inf  # a ReLU has made it zero: no gradient
            if gap is not None:
                scale = scales.setdefault(i, x.abs().max())
                gap = gap.flatten(1) / scale
                gap[gap < TIE] = torch.inf
                nearest = torch.minimum(nearest, gap.amin(1))
            x = layer(x)
        result.append(nearest)
    return torch.cat(result).numpy()


def clearest(net, weights, images, count):
    """Indices of the `count` images with the largest margins, clearest first."""
    return np.argsort(-margins(net, weights, images), kind="stable")[:count]


def train(net, start, images, labels, batch, steps, settings, dtype=torch.float32):
    """Trains from `start` over the images in order, epoch after epoch, the last batch short.

    Returns the losses, the gradients of the first step and the final weights (both name → tensor).
    """
    net.to(dtype).train()
    net.load_state_dict(start, strict=True)
    sgd = torch.optim.SGD(net.parameters(), lr=settings.lr, momentum=settings.momentum,
                          weight_decay=settings.weight_decay, nesterov=settings.nesterov)
    images, labels = torch.from_numpy(images).to(dtype), torch.from_numpy(labels.astype(np.int64))
    batches = list(zip(images.split(batch), labels.split(batch)))
    losses, gradients = [], None
    for step in range(steps):
        x, y = batches[step % len(batches)]
        sgd.zero_grad()
        loss = cross_entropy(net(x), y, label_smoothing=settings.label_smoothing)
        loss.backward()
        if gradients is None:
            gradients = {name: p.grad.clone() for name, p in net.named_parameters()}
        sgd.step()
        losses.append(loss.item())
    return losses, gradients, {name: p.detach().clone() for name, p in net.named_parameters()}


def updates(start, end):
    """The whole update of each tensor, in float64."""
    return {name: value.double() - start[name].double() for name, value in end.items()}


def relative(got, want):
    """L2 distance of two tensors relative to the second's norm."""
    got, want = got.double(), want.double()
    return ((got - want).norm() / want.norm()).item()
