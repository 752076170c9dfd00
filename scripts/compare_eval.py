"""Holds `vggtrain eval` to PyTorch, to the image.

    python scripts/compare_eval.py runs/NAME/best.bin [--data auto|sample|DIR] [--split test] [--binary vggtrain]

PyTorch loads the same file (safetensors.torch.load_file and load_state_dict(strict=True)) into the
network that its metadata describe, resizes with Pillow, normalises as the metadata say, and computes
in float32 and float64. Accuracy and confusion must be equal; where they are not, the images that
PyTorch decided most narrowly in the cells that differ are listed. Exits with 1 on a difference.

Requires: torch, numpy, Pillow, PyYAML, safetensors, Go (see requirements.txt).
"""

import sys

import numpy as np
import safetensors
import torch
import yaml
from safetensors.torch import load_file

import architecture
import fashion_images
import program
import torch_network

CHUNK = 250


def load(file):
    """The network of a file with its weights, the side of its images and their normalisation."""
    with safetensors.safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    arch = architecture.parse(metadata["vggtrain.arch"])
    _, channels, side, _ = (int(n) for n in metadata["vggtrain.input"].split("x"))
    classes = yaml.safe_load(metadata["vggtrain.classes"])
    normalize = yaml.safe_load(metadata["vggtrain.normalize"])
    net = torch_network.build(arch, side, len(classes), channels).eval()
    net.load_state_dict(load_file(file), strict=True)
    return net, side, None if normalize == "none" else normalize


@torch.inference_mode()
def logits(net, images, side, normalize, dtype):
    """PyTorch's logits of all images."""
    net.to(dtype)
    return torch.cat([net(torch.from_numpy(fashion_images.inputs(images[i:i + CHUNK], side, normalize)).to(dtype))
                      for i in range(0, len(images), CHUNK)]).numpy()


def confusion(labels, predicted, classes):
    """Counts [true][predicted]."""
    return np.bincount(labels.astype(int) * classes + predicted, minlength=classes ** 2).reshape(classes, classes)


def report(ours, theirs, scores, labels):
    """Prints the cells that differ and PyTorch's narrowest decisions in them."""
    predicted = scores.argmax(1)
    best = np.sort(scores, axis=1)
    margin = best[:, -1] - best[:, -2]
    for true, guess in np.argwhere(ours != theirs):
        print(f"true {true} predicted {guess}: vggtrain {ours[true, guess]}, PyTorch {theirs[true, guess]}")
        cell = np.flatnonzero((labels == true) & (predicted == guess))
        for image in cell[np.argsort(margin[cell])][:3]:
            print(f"    image {image}: PyTorch's best logit is ahead by {margin[image]:.2e}")


def main():
    parser = program.flags(__doc__)
    parser.add_argument("file", help="best.bin or checkpoint.bin of a run (weights only, for strict loading: best.bin)")
    parser.add_argument("--data", default="auto", help="auto, sample or a folder")
    parser.add_argument("--split", default="test", choices=["test", "train"])
    flags = parser.parse_args()

    where = fashion_images.folder(flags.data)
    images, labels = fashion_images.load(where, flags.split)
    net, side, normalize = load(flags.file)
    with program.Program(flags.binary) as vggtrain:
        record = vggtrain.json("eval", flags.file, "--data", where, "--split", flags.split, "--json")
    ours = np.array(record["confusion"])
    single, double = (logits(net, images, side, normalize, dtype) for dtype in (torch.float32, torch.float64))
    theirs = confusion(labels, single.argmax(1), len(ours))
    exact = confusion(labels, double.argmax(1), len(ours))

    print(f"{flags.file}: {len(images):,} images of {where}, {side}×{side}, normalize {normalize or 'none'}")
    print(f"vggtrain         {record['correct']:6} correct, accuracy {record['accuracy']:.4f}")
    print(f"PyTorch float32  {theirs.trace():6} correct, accuracy {theirs.trace() / len(images):.4f}")
    print(f"PyTorch float64  {exact.trace():6} correct, {np.count_nonzero(single.argmax(1) != double.argmax(1))} images decided otherwise than in float32")
    equal = (ours == theirs).all() and record["correct"] == theirs.trace() and record["images"] == len(images)
    if not equal:
        report(ours, theirs, single, labels)
    print("equal to the image" if equal else "DIFFERENT")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
