"""Images at which PyTorch's gradient is well-conditioned, for comparisons at 224 pixels.

An image of 224 pixels takes two million decisions (signs of ReLUs' inputs, best values of pooling
windows), and none has all of them clear of rounding. But most weigh next to nothing, and what an
image's gradient owes to the few that weigh much can be seen by trying: noise is added to
every convolution's output, and the gradient's way measured. An image's unsteadiness is the

    largest, over SEEDS noises and the tensors of the convolutions, of  ‖gradient with noise − gradient‖ / ‖gradient‖

and the steadiest images are taken. The noise is normal, NOISE·√C of the layer's largest output for C
channels in. In float32, F(4×4,3×3) computed in PyTorch errs there by about 1e-8·√C in the root mean square (direct
convolution by 3e-8 from 16 channels on), so an image that hardly moves has no weighty decision within
ten times an ordinary error's reach. Nothing but PyTorch takes part in the choice.

Requires: torch, numpy.
"""

import contextlib
import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from reference_training import relative

NOISE = 1e-7
SEEDS = 4


@contextlib.contextmanager
def noise(net, seed, size=NOISE):
    """Within, every convolution's output is disturbed."""
    generator = torch.Generator().manual_seed(seed)

    def disturb(layer, _, out):
        deviation = size * math.sqrt(layer.in_channels) * out.detach().abs().max()
        return out + deviation * torch.randn(out.shape, generator=generator, dtype=out.dtype)

    hooks = [layer.register_forward_hook(disturb) for layer in net.features if isinstance(layer, nn.Conv2d)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def gradient(net, images, labels):
    """The loss's gradient by each tensor of the convolutions, which lie below all decisions that weigh."""
    return torch.autograd.grad(cross_entropy(net(images), labels), list(net.features.parameters()))


def moved(net, images, labels, seed, still, size=NOISE):
    """How far one noise moves the gradient from `still`."""
    with noise(net, seed, size):
        return max(relative(got, want) for got, want in zip(gradient(net, images, labels), still))


def steadiest(net, weights, images, labels, count):
    """Indices of the `count` steadiest images, steadiest first.

    Computed in float32, whose own rounding is a thirtieth of the noise; an image is given up as
    soon as it moves more than `count` others have.
    """
    net.float().eval()
    net.load_state_dict(weights)
    worst = np.full(len(images), np.inf)
    for i, (x, y) in enumerate(zip(torch.from_numpy(images).split(1), torch.from_numpy(labels.astype(np.int64)).split(1))):
        bar, most = np.partition(worst, count - 1)[count - 1], 0.0
        still = gradient(net, x, y)
        for seed in range(SEEDS):
            most = max(most, moved(net, x, y, seed, still))
            if most >= bar:
                break
        else:
            worst[i] = most
    return np.argsort(worst, kind="stable")[:count]


def first_steady(net, weights, images, labels, count):
    """All indices: the `count` steadiest images, then the others as they come."""
    first = steadiest(net, weights, images, labels, count)
    return np.concatenate([first, np.setdiff1d(np.arange(len(images)), first)])
