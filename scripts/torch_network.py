"""The reference network: what vggtrain trains, as PyTorch modules with torchvision's names.

Requires: torch.
"""

from collections import OrderedDict

from torch import nn


def build(arch, side, classes=10, channels=1, dropout=None):
    """nn.Sequential(features, flatten, classifier) of an Architecture for side×side images.

    A block is convs × [3×3 convolution, padding 1, ReLU] and a 2×2 max-pool; the classifier is
    [Linear, ReLU, Dropout] for each hidden width and a last Linear. `side` may be (height, width).
    """
    height, width = side if isinstance(side, tuple) else (side, side)
    features = []
    for convs, out in arch.blocks:
        for _ in range(convs):
            features += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU()]
            channels = out
        features.append(nn.MaxPool2d(2, 2))
        height, width = height // 2, width // 2
    classifier, inputs = [], channels * height * width
    for hidden in arch.hidden:
        classifier += [nn.Linear(inputs, hidden), nn.ReLU(),
                       nn.Dropout(arch.dropout if dropout is None else dropout)]
        inputs = hidden
    classifier.append(nn.Linear(inputs, classes))
    return nn.Sequential(OrderedDict(
        features=nn.Sequential(*features),
        flatten=nn.Flatten(),
        classifier=nn.Sequential(*classifier)))
