"""The reference network: what vggtrain trains, as PyTorch modules with torchvision's names.

Requires: torch.
"""

from collections import OrderedDict

import torch
from torch import nn


def build(arch, side, classes=10, channels=1, dropout=None):
    """nn.Sequential(features, flatten, classifier) of an Architecture for side×side images.

    A block is convs × [3×3 convolution, padding 1, ReLU] and a 2×2 max-pool; the classifier is
    [Linear, ReLU, Dropout] for each hidden width and a last Linear. `side` may be (height, width).
    Layers of an architecture that lists them are those up to Flatten, and those after it.
    """
    height, width = side if isinstance(side, tuple) else (side, side)
    dropout = arch.dropout if dropout is None else dropout
    if arch.layers:
        return build_layers(arch.layers, (channels, height, width), classes, dropout)
    features = []
    for convs, out in arch.blocks:
        for _ in range(convs):
            features += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU()]
            channels = out
        features.append(nn.MaxPool2d(2, 2))
        height, width = height // 2, width // 2
    classifier, inputs = [], channels * height * width
    for hidden in arch.hidden:
        classifier += [nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout)]
        inputs = hidden
    classifier.append(nn.Linear(inputs, classes))
    return network(features, classifier)


def network(features, classifier):
    return nn.Sequential(OrderedDict(
        features=nn.Sequential(*features),
        flatten=nn.Flatten(),
        classifier=nn.Sequential(*classifier)))


def build_layers(layers, shape, classes, dropout):
    """The network of a list of layers for images of shape (channels, height, width)."""
    parts = features, classifier = [], []
    x = torch.zeros(1, *shape)
    for word, value in layers:
        if word == "flatten":
            x, parts = x.flatten(1), (classifier, features)
            continue
        module = layer(word, value, x.shape[1], classes, dropout)
        x = module(x)
        parts[0].append(module)
    return network(features, classifier)


def layer(word, value, inputs, classes, dropout):
    """The module of one layer of an architecture file."""
    match word:
        case "conv":
            return nn.Conv2d(inputs, value["out"], value["kernel"], value.get("stride", 1), value.get("padding", 0))
        case "maxpool":
            return nn.MaxPool2d(value["kernel"], value.get("stride"))
        case "avgpool":
            return nn.AvgPool2d(value["kernel"], value.get("stride"))
        case "lrn":
            return nn.LocalResponseNorm(**value)
        case "linear":
            return nn.Linear(inputs, classes if value == "classes" else value)
        case "dropout":
            return nn.Dropout(dropout if value is None else value)
        case "relu":
            return nn.ReLU()
        case "sigmoid":
            return nn.Sigmoid()
    raise ValueError(f"unknown layer {word}")
