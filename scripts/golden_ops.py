"""Writes internal/op/testdata/: what PyTorch computes for each operation, as golden data.

    python scripts/golden_ops.py [--out internal/op/testdata]

Every case is computed in float64 from inputs that are float32 numbers, and stored as float32,
so that a test's tolerance is all its own. Layouts are PyTorch's: activations NCHW, convolution
weights OIHW, dense weights (out, in). Files, one an operation, and the tensors of a case:

    conv.safetensors          <case>/x weight bias dy y dx dweight dbias
    maxpool.safetensors       <case>/x dy y dx
    avgpool.safetensors       <case>/x dy y dx
    lrn.safetensors           <case>/x dy y dx
    activation.safetensors    <case>/x dy y dx, functions that are an operation of their own
    dense.safetensors         <case>/x weight bias dy y dx dweight dbias
    crossentropy.safetensors  <case>/logits labels loss dlogits
    golden.json               the cases' settings, by operation, and the versions used

A case without dy is forward only (its input holds NaN). y is what leaves the operation, after
its ReLU and its pool, and dy the gradient that arrives there.

Where rounding could turn a decision, the gradient would differ by much and nobody be wrong:
so dy is zero where a ReLU's input is nearer to zero, or the two best of a pooling window nearer
to each other, than MARGIN times the largest absolute value. Cases with "grid" need none of that: their
inputs, weights and biases are -1, 0 or 1, so that every sum is exact in float32 in any order, ties
in a window are common, and PyTorch's rules show: of equal values the first in row-major order wins,
and a ReLU passes no gradient at zero.

Requires: torch, numpy, safetensors (see requirements.txt).
"""

import argparse
import json
import pathlib
import zlib

import numpy as np
import safetensors
import safetensors.numpy
import torch
import torch.nn.functional as F

from architecture import ROOT

MARGIN = 1e-4

# name, batch, in channels, height, width, out channels, kernel, stride, padding, relu, pool, values
CONVS = [
    ("3x3", 2, 16, 5, 7, 32, 3, 1, 1, False, False, "normal"),
    ("3x3-relu", 2, 15, 7, 7, 17, 3, 1, 1, True, False, "normal"),
    ("3x3-relu-pool", 2, 16, 8, 8, 32, 3, 1, 1, True, True, "normal"),
    ("3x3-relu-pool-odd", 3, 17, 7, 9, 33, 3, 1, 1, True, True, "normal"),
    ("3x3-relu-32-48", 2, 32, 5, 7, 48, 3, 1, 1, True, False, "normal"),
    ("3x3-65-33", 1, 65, 7, 7, 33, 3, 1, 1, False, False, "normal"),
    ("3x3-33-65-relu-pool", 1, 33, 4, 4, 65, 3, 1, 1, True, True, "normal"),
    ("3x3-wide-row", 1, 3, 3, 61, 16, 3, 1, 1, True, False, "normal"),
    ("first-layer-relu-pool", 3, 1, 9, 5, 16, 3, 1, 1, True, True, "normal"),
    ("first-layer-relu-pool-14x12", 2, 1, 14, 12, 16, 3, 1, 1, True, True, "normal"),
    ("first-layer-colour-relu-pool", 2, 3, 14, 12, 16, 3, 1, 1, True, True, "normal"),
    ("first-layer-colour-relu-pool-odd", 3, 3, 9, 19, 32, 3, 1, 1, True, True, "normal"),
    ("first-layer-colour-relu", 2, 3, 7, 17, 48, 3, 1, 1, True, False, "normal"),
    ("first-layer-2x3", 1, 1, 2, 3, 31, 3, 1, 1, False, False, "normal"),
    ("image-1x1", 1, 48, 1, 1, 65, 3, 1, 1, False, False, "normal"),
    ("image-1x1-relu", 2, 2, 1, 1, 3, 3, 1, 1, True, False, "normal"),
    ("image-2x3-pool-to-1x1", 1, 5, 2, 3, 48, 3, 1, 1, True, True, "normal"),
    ("image-3x3-relu-pool-batch-5", 5, 16, 3, 3, 16, 3, 1, 1, True, True, "normal"),
    ("padding-0", 2, 3, 7, 7, 5, 3, 1, 0, True, False, "normal"),
    ("padding-2-stride-2", 2, 2, 9, 5, 15, 3, 2, 2, False, False, "normal"),
    ("padding-3", 1, 5, 2, 3, 3, 3, 1, 3, True, False, "normal"),
    ("stride-2", 2, 17, 7, 7, 31, 3, 2, 1, True, False, "normal"),
    ("stride-3-past-kernel-2", 1, 3, 9, 8, 5, 2, 3, 0, False, False, "normal"),
    ("1x1", 2, 31, 5, 7, 32, 1, 1, 0, False, False, "normal"),
    ("1x1-stride-2-relu", 1, 16, 7, 7, 15, 1, 2, 0, True, False, "normal"),
    ("1x1-padding-1", 1, 1, 2, 3, 2, 1, 1, 1, False, False, "normal"),
    ("2x2-stride-2", 2, 5, 9, 5, 16, 2, 2, 0, True, False, "normal"),
    ("2x2-padding-1", 1, 2, 7, 7, 5, 2, 1, 1, False, False, "normal"),
    ("5x5-padding-2-relu-pool", 2, 1, 9, 9, 5, 5, 1, 2, True, True, "normal"),
    ("5x5-padding-0", 1, 3, 7, 7, 16, 5, 1, 0, True, False, "normal"),
    ("7x7-padding-3-stride-2", 1, 3, 9, 9, 17, 7, 2, 3, True, False, "normal"),
    ("5x5-padding-2-relu-16-17", 2, 16, 7, 9, 17, 5, 1, 2, True, False, "normal"),
    ("11x11-padding-2-stride-4", 1, 1, 23, 19, 16, 11, 4, 2, True, False, "normal"),
    ("11x11-padding-1-stride-4", 1, 3, 21, 27, 15, 11, 4, 1, False, False, "normal"),
    ("grid-first-layer-ties", 2, 1, 8, 8, 5, 3, 1, 1, True, True, "grid"),
    ("grid-first-layer-colour-ties", 2, 3, 8, 10, 16, 3, 1, 1, True, True, "grid"),
    ("grid-ties", 2, 16, 6, 6, 33, 3, 1, 1, True, True, "grid"),
    ("grid-ties-odd-5x5-kernel", 1, 3, 7, 5, 16, 5, 1, 2, True, True, "grid"),
    ("grid-relu-at-zero", 2, 2, 7, 7, 32, 3, 1, 1, True, False, "grid"),
    ("grid-all-negative", 1, 3, 6, 6, 17, 3, 1, 1, True, True, "grid-negative"),
    ("grid-flat-image", 1, 2, 8, 8, 16, 3, 1, 1, True, True, "grid-flat"),
    ("nan-relu", 1, 3, 5, 7, 17, 3, 1, 1, True, False, "nan"),
    ("nan-colour-relu-pool", 1, 3, 8, 12, 16, 3, 1, 1, True, True, "nan"),
    ("nan-relu-pool", 1, 1, 8, 8, 16, 3, 1, 1, True, True, "nan"),
]

# name, batch, channels, height, width, kernel, stride, values
POOLS = [
    ("2x2", 2, 16, 8, 6, 2, 2, "normal"),
    ("2x2-odd", 3, 17, 7, 9, 2, 2, "normal"),
    ("2x2-one-window", 1, 33, 2, 3, 2, 2, "normal"),
    ("2x2-overlapping", 1, 3, 5, 4, 2, 1, "normal"),
    ("3x3-stride-2", 2, 15, 7, 7, 3, 2, "normal"),
    ("3x3-stride-2-even", 1, 32, 8, 6, 3, 2, "normal"),
    ("3x3-stride-1", 1, 2, 5, 7, 3, 1, "normal"),
    ("3x3-stride-3", 2, 1, 9, 5, 3, 3, "normal"),
    ("2x2-stride-3-gaps", 1, 5, 8, 8, 2, 3, "normal"),
    ("2x2-ties", 2, 31, 8, 8, 2, 2, "grid"),
    ("3x3-stride-2-ties", 2, 5, 9, 7, 3, 2, "grid"),
    ("2x2-flat", 1, 3, 6, 6, 2, 2, "grid-flat"),
    ("2x2-all-negative", 1, 16, 6, 6, 2, 2, "negative"),
    ("2x2-minus-infinity", 1, 3, 6, 6, 2, 2, "minus-infinity"),
    ("2x2-nan", 1, 17, 6, 6, 2, 2, "nan"),
    ("3x3-stride-2-nan", 1, 2, 7, 7, 3, 2, "nan"),
]

# name, batch, channels, height, width, kernel, stride, values
MEANS = [
    ("2x2", 2, 16, 8, 6, 2, 2, "normal"),
    ("2x2-odd", 3, 17, 7, 9, 2, 2, "normal"),
    ("2x2-overlapping", 1, 3, 5, 4, 2, 1, "normal"),
    ("2x2-stride-3-gaps", 1, 5, 8, 8, 2, 3, "normal"),
    ("3x3-stride-2", 2, 33, 7, 7, 3, 2, "normal"),
    ("3x3-stride-1", 1, 2, 5, 7, 3, 1, "normal"),
    ("5x4-image-4x4", 1, 15, 5, 4, 4, 2, "normal"),
    ("1x1-stride-2", 1, 3, 5, 4, 1, 2, "normal"),
    ("2x2-infinity", 1, 3, 6, 6, 2, 2, "minus-infinity"),
    ("2x2-nan", 1, 17, 6, 6, 2, 2, "nan"),
]

# name, batch, channels, height, width, size, alpha, beta, k, values
NORMS = [
    ("5-of-alexnet", 2, 17, 5, 3, 5, 5e-4, 0.75, 2.0, "normal"),
    ("5-usual", 2, 16, 4, 4, 5, 1e-4, 0.75, 1.0, "large"),
    ("4-even", 1, 15, 5, 4, 4, 0.5, 0.75, 1.0, "normal"),
    ("3-square-root", 3, 33, 2, 3, 3, 1.0, 0.5, 0.5, "large"),
    ("2-even-linear", 1, 5, 3, 5, 2, 2.0, 1.0, 1.0, "normal"),
    ("1-alone", 1, 3, 6, 6, 1, 1.0, 0.75, 1.0, "normal"),
    ("9-wider-than-channels", 2, 4, 3, 3, 9, 1.0, 0.9, 2.0, "normal"),
    ("32-of-65", 1, 65, 2, 2, 32, 10.0, 0.75, 1.0, "normal"),
    ("beta-0", 1, 6, 2, 2, 5, 1.0, 0.0, 1.0, "normal"),
    ("nan", 1, 17, 5, 5, 5, 1.0, 0.75, 1.0, "nan"),
]

# name, batch, channels, height, width (1 and 1: a row of features), function, values
ACTIVATIONS = [
    ("relu", 2, 17, 5, 3, "relu", "normal"),
    ("relu-row", 3, 33, 1, 1, "relu", "normal"),
    ("relu-at-zero", 2, 16, 4, 4, "relu", "grid"),
    ("relu-infinity", 1, 5, 6, 6, "relu", "minus-infinity"),
    ("relu-nan", 2, 17, 5, 5, "relu", "nan"),
    ("sigmoid", 2, 17, 5, 3, "sigmoid", "normal"),
    ("sigmoid-row", 3, 33, 1, 1, "sigmoid", "normal"),
    ("sigmoid-large", 2, 16, 4, 4, "sigmoid", "large"),
    ("sigmoid-infinity", 1, 5, 6, 6, "sigmoid", "minus-infinity"),
    ("sigmoid-nan", 2, 17, 5, 5, "sigmoid", "nan"),
]

# name, batch, in, out, relu
DENSES = [
    ("1-1-1", 1, 1, 1, False),
    ("1-33-10", 1, 33, 10, False),
    ("1-64-100-relu", 1, 64, 100, True),
    ("13-64-33-relu", 13, 64, 33, True),
    ("13-1-64", 13, 1, 64, False),
    ("14-100-64-relu", 14, 100, 64, True),
    ("14-33-33", 14, 33, 33, False),
    ("15-10-100", 15, 10, 100, False),
    ("15-100-10", 15, 100, 10, False),
    ("15-64-1-relu", 15, 64, 1, True),
]

# name, batch, rows (those past it hold NaN and count for nothing), classes, smoothing, logits
ENTROPIES = [
    ("plain", 8, 8, 10, 0.0, "normal"),
    ("smoothing", 8, 8, 10, 0.1, "normal"),
    ("one-row", 1, 1, 10, 0.0, "normal"),
    ("two-classes", 5, 5, 2, 0.1, "normal"),
    ("large", 8, 8, 10, 0.0, "large"),
    ("large-smoothing", 8, 8, 10, 0.1, "large"),
    ("equal", 3, 3, 10, 0.0, "equal"),
    ("short-batch", 8, 5, 10, 0.0, "normal"),
    ("short-batch-smoothing", 8, 5, 33, 0.1, "normal"),
    ("short-batch-one-row", 4, 1, 10, 0.1, "large"),
]


def draw(random, shape, values):
    """Float32 numbers of a kind, as float64."""
    if values.startswith("grid"):
        x = random.integers(-1, 2, shape)
        if values == "grid-flat":
            x = np.full(shape, 0.5)
    else:
        x = random.standard_normal(shape)
    if values == "negative":
        x = -np.abs(x) - 1
    elif values == "large":
        x *= 100
    elif values == "minus-infinity":
        x[random.random(shape) < 0.6] = -np.inf
    elif values == "nan":
        x[random.random(shape) < 0.03] = np.nan
    return torch.from_numpy(x.astype(np.float32).astype(np.float64))


def generator(operation, case):
    """Numbers that depend on the case's name alone: another case added changes no other."""
    return np.random.default_rng(zlib.crc32(f"{operation}/{case}".encode()))


def unsure_relu(z):
    """Where rounding could move z to the other side of zero."""
    return z.abs() < MARGIN * z.abs().max()


def unsure_pool(z, kernel, stride):
    """Windows whose two best values rounding could exchange."""
    windows = z.unfold(2, kernel, stride).unfold(3, kernel, stride).flatten(-2)
    if windows.shape[-1] == 1:
        return torch.zeros(windows.shape[:-1], dtype=torch.bool)
    best = windows.topk(2, dim=-1).values
    return best[..., 0] - best[..., 1] < MARGIN * z.abs().max()


def backward(random, y, unsure, leaves):
    """Draws dy, zero where unsure, and returns it with the gradients of the leaves."""
    dy = draw(random, tuple(y.shape), "normal")
    dy[unsure] = 0
    y.backward(dy)
    return {"dy": dy, **{f"d{name}": leaf.grad for name, leaf in leaves.items()}}


def conv(case, batch, cin, height, width, cout, kernel, stride, padding, relu, pool, values):
    random = generator("conv", case)
    exact = values.startswith("grid")
    x = draw(random, (batch, cin, height, width), values)
    kind = "grid" if exact else "normal"
    weight = draw(random, (cout, cin, kernel, kernel), kind)
    if not exact:
        weight = (weight / (cin * kernel * kernel) ** 0.5).float().double()
    bias = draw(random, (cout,), kind)
    if values == "grid-negative":
        bias -= 2 * cin * kernel * kernel
    leaves = {"x": x, "weight": weight, "bias": bias}
    for leaf in leaves.values():
        leaf.requires_grad_()
    z = F.conv2d(x, weight, bias, stride, padding)
    y = F.relu(z) if relu else z
    unsure = torch.zeros_like(z, dtype=torch.bool)
    if relu and not exact:
        unsure = unsure_relu(z)
    if pool:
        # Zero loses to every positive value, so a window of a ReLU's outputs is unsure by the
        # gap of its two best inputs, or by the best one's nearness to zero.
        near_zero = F.max_pool2d(z, 2).abs() < MARGIN * z.abs().max()
        unsure = torch.zeros_like(near_zero) if exact else near_zero | unsure_pool(z, 2, 2)
        y = F.max_pool2d(y, 2)
    result = {**leaves, "y": y}
    if values != "nan":
        result |= backward(random, y, unsure, leaves)
    return result


def maxpool(case, batch, channels, height, width, kernel, stride, values):
    random = generator("maxpool", case)
    x = draw(random, (batch, channels, height, width), values).requires_grad_()
    y = F.max_pool2d(x, kernel, stride)
    result = {"x": x, "y": y}
    if values != "nan":  # pooling rounds nothing: every decision is sure
        result |= backward(random, y, torch.zeros_like(y, dtype=torch.bool), {"x": x})
    return result


def avgpool(case, batch, channels, height, width, kernel, stride, values):
    random = generator("avgpool", case)
    x = draw(random, (batch, channels, height, width), values).requires_grad_()
    y = F.avg_pool2d(x, kernel, stride)
    result = {"x": x, "y": y}
    if values != "nan":
        result |= backward(random, y, torch.zeros_like(y, dtype=torch.bool), {"x": x})
    return result


def lrn(case, batch, channels, height, width, size, alpha, beta, k, values):
    random = generator("lrn", case)
    x = draw(random, (batch, channels, height, width), values).requires_grad_()
    y = F.local_response_norm(x, size, alpha, beta, k)
    result = {"x": x, "y": y}
    if values != "nan":
        result |= backward(random, y, torch.zeros_like(y, dtype=torch.bool), {"x": x})
    return result


def activation(case, batch, channels, height, width, function, values):
    random = generator("activation", case)
    x = draw(random, (batch, channels, height, width), values).requires_grad_()
    y = getattr(torch, function)(x)
    result = {"x": x, "y": y}
    if values != "nan":  # the inputs are float32 numbers: a ReLU's sign is sure
        result |= backward(random, y, torch.zeros_like(y, dtype=torch.bool), {"x": x})
    return result


def dense(case, batch, inputs, outputs, relu):
    random = generator("dense", case)
    weight = draw(random, (outputs, inputs), "normal") / inputs ** 0.5
    leaves = {"x": draw(random, (batch, inputs), "normal"),
              "weight": weight.float().double(),
              "bias": draw(random, (outputs,), "normal")}
    for leaf in leaves.values():
        leaf.requires_grad_()
    z = F.linear(leaves["x"], leaves["weight"], leaves["bias"])
    unsure = unsure_relu(z) if relu else torch.zeros_like(z, dtype=torch.bool)
    y = F.relu(z) if relu else z
    return {**leaves, "y": y, **backward(random, y, unsure, leaves)}


def crossentropy(case, batch, rows, classes, smoothing, kind):
    random = generator("crossentropy", case)
    logits = draw(random, (batch, classes), "normal")
    if kind == "large":
        logits[0::3] *= 1000
        logits[1::3] = (logits[1::3].sign() * 1000).float()
        logits[2::3] += 1000
        logits = logits.float().double()
    elif kind == "equal":
        logits[:] = torch.tensor([0.0, 1000.0, -1000.0], dtype=torch.float64)[:batch, None]
    logits[rows:] = torch.nan
    labels = torch.from_numpy(random.integers(0, classes, batch))
    used = logits[:rows].clone().requires_grad_()
    loss = F.cross_entropy(used, labels[:rows], label_smoothing=smoothing)
    loss.backward()
    return {"logits": logits, "labels": labels.float(), "loss": loss.reshape(1), "dlogits": used.grad}


OPERATIONS = {
    "conv": (conv, CONVS, "batch in_channels height width out_channels kernel stride padding relu pool values"),
    "maxpool": (maxpool, POOLS, "batch channels height width kernel stride values"),
    "avgpool": (avgpool, MEANS, "batch channels height width kernel stride values"),
    "lrn": (lrn, NORMS, "batch channels height width size alpha beta k values"),
    "activation": (activation, ACTIVATIONS, "batch channels height width function values"),
    "dense": (dense, DENSES, "batch in out relu"),
    "crossentropy": (crossentropy, ENTROPIES, "batch rows classes smoothing values"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "internal/op/testdata")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    made_by = {"script": "scripts/golden_ops.py", "torch": torch.__version__,
               "numpy": np.__version__, "safetensors": safetensors.__version__}
    index = {"made_by": made_by}
    for operation, (compute, cases, settings) in OPERATIONS.items():
        tensors = {}
        for name, *values in cases:
            for tensor, value in compute(name, *values).items():
                value = value.detach()
                kept = value if value.dtype == torch.int32 else value.float()
                tensors[f"{name}/{tensor}"] = np.ascontiguousarray(kept.numpy())
        index[operation] = [{"name": name, **dict(zip(settings.split(), values))} for name, *values in cases]
        file = out / f"{operation}.safetensors"
        # One entry only: the container's metadata has no fixed order, and a rerun shall change no byte.
        safetensors.numpy.save_file(tensors, file, metadata={"made_by": json.dumps(made_by)})
        print(f"{file}: {len(cases)} cases, {file.stat().st_size:,} bytes")
    lines = [f'  "made_by": {json.dumps(made_by)}']
    for operation in OPERATIONS:
        rows = ",\n    ".join(json.dumps(case) for case in index[operation])
        lines.append(f'  "{operation}": [\n    {rows}\n  ]')
    (out / "golden.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
