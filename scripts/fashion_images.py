"""Fashion-MNIST as PyTorch's side of a comparison sees it: IDX files, Pillow's resize, scaling.

Requires: numpy, Pillow.
"""

import gzip
import os
import pathlib

import numpy as np
from PIL import Image

from architecture import ROOT

SAMPLE = ROOT / "dataset" / "sample"
DEBIAN = pathlib.Path("/usr/share/datasets/fashion-mnist")
PREFIX = {"train": "train", "test": "t10k"}


def folder(spec):
    """Folder of `--data auto|sample|DIR`; auto is VGGTRAIN_DATA, Debian's package, the sample."""
    if spec == "sample":
        return SAMPLE
    if spec != "auto":
        return pathlib.Path(spec)
    if os.environ.get("VGGTRAIN_DATA"):
        return pathlib.Path(os.environ["VGGTRAIN_DATA"])
    return DEBIAN if DEBIAN.is_dir() else SAMPLE


def _idx(path):
    packed = path.with_name(path.name + ".gz")
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    dims = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def load(where, split, limit=None):
    """The first `limit` images (N, rows, columns) and labels (N) of "train" or "test", 8 bit."""
    images = _idx(where / f"{PREFIX[split]}-images-idx3-ubyte")
    labels = _idx(where / f"{PREFIX[split]}-labels-idx1-ubyte")
    return images[:limit], labels[:limit]


def resized(images, side):
    """8 bit (N, side, side): Pillow's bilinear filter."""
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side), Image.BILINEAR)) for image in images])


def inputs(images, side, normalize=None):
    """Float32 (N, 1, side, side): resized, scaled to [0,1], (mean, deviation) or None."""
    x = resized(images, side)[:, None].astype(np.float32) / np.float32(255)
    if normalize is not None:
        mean, deviation = (np.float32(value) for value in normalize)
        x = (x - mean) / deviation
    return x
