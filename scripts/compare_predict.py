"""Holds `vggtrain predict` to PyTorch and to `vggtrain eval`.

    python scripts/compare_predict.py runs/NAME/best.bin [--images 10000] [--photos FOLDER] [--binary vggtrain]

Test images are written as PNG files: what predict makes of them must be eval's confusion, to the image,
and PyTorch's probabilities but for rounding. So must its probabilities of photos, which Pillow alone
prepares (photo.py). JPEG decoders may differ by a grey level or two: those photos are given to predict
as Pillow decodes them. Exits with 1 on a difference.

Requires: torch, numpy, Pillow, PyYAML, safetensors, Go (see requirements.txt).
"""

import itertools
import pathlib
import sys

import numpy as np
import torch
from PIL import Image, ImageOps

import compare_eval
import fashion_images
import photo
import program
from architecture import ROOT

# Logits of float32 networks differ by some 1e-5 of the largest, which is about 20, and a probability
# by at most half of what the logits do.
ALLOWED = 2e-4


def softmax(logits):
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def predictions(vggtrain, file, names, classes, *flags):
    """Probabilities (N, classes) by `vggtrain predict`."""
    items = vggtrain.json("predict", file, *names, "--json", "--topk", classes, *flags)
    table = np.full((len(items), classes), np.nan)
    for row, item in zip(table, items):
        ranked = [guess["probability"] for guess in item["top"]]
        assert ranked == sorted(ranked, reverse=True), item
        row[[guess["class"] for guess in item["top"]]] = ranked
    return table


def report(what, ours, theirs):
    """Prints how far two tables of probabilities are apart and tells whether that is too far."""
    apart = np.abs(ours - theirs)
    decided = np.count_nonzero(ours.argmax(1) != theirs.argmax(1))
    print(f"{what}: {len(ours):,}, largest difference of a probability {apart.max():.1e}, mean {apart.mean():.1e}, "
          f"{decided} decided otherwise than by PyTorch in float64")
    return apart.max() <= ALLOWED


def test_images(vggtrain, flags, net, side, normalize):
    where = fashion_images.folder(flags.data)
    images, labels = fashion_images.load(where, "test", flags.images)
    folder = vggtrain.folder / "test"
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:05}.png")
    record = vggtrain.json("eval", flags.file, "--data", where, "--limit", len(images), "--json")
    classes = len(record["confusion"])
    ours = predictions(vggtrain, flags.file, [folder], classes)
    theirs = softmax(compare_eval.logits(net, images, side, normalize, torch.float64))
    same = (compare_eval.confusion(labels, ours.argmax(1), classes) == np.array(record["confusion"])).all()
    print("confusion equals eval's" if same else "confusion DIFFERS from eval's")
    return report("test images", ours, theirs) and same, classes


def photos(vggtrain, flags, net, side, normalize, classes):
    folder = vggtrain.folder / "photos"
    folder.mkdir()
    good = True
    for path in sorted(p for p in pathlib.Path(flags.photos).iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".gif")):
        target = folder / path.name
        if path.suffix.lower() in (".jpg", ".jpeg"):
            target = target.with_suffix(".jpg.png")
            ImageOps.exif_transpose(Image.open(path)).convert("L").save(target)
        else:
            target.write_bytes(path.read_bytes())
    names = sorted(folder.iterdir())
    for invert, crop in itertools.product(("auto", "yes", "no"), ("auto", "no")):
        ours = predictions(vggtrain, flags.file, names, classes, "--invert", invert, "--crop", crop)
        pixels = np.stack([photo.prepared(name, side, invert, crop == "auto")[0] for name in names])
        theirs = softmax(compare_eval.logits(net, pixels, side, normalize, torch.float64))
        good &= report(f"photos, --invert {invert} --crop {crop}", ours, theirs)
    return good


def main():
    parser = program.flags(__doc__)
    parser.add_argument("file", help="best.bin of a run on Fashion-MNIST's own files, or the sample")
    parser.add_argument("--data", default="auto", help="auto, sample or a folder")
    parser.add_argument("--images", type=int, default=10000, help="the first so many test images")
    parser.add_argument("--photos", default=ROOT / "internal/photo/testdata/photos", help="folder of photos of any kind")
    flags = parser.parse_args()
    net, side, normalize = compare_eval.load(flags.file)
    with program.Program(flags.binary) as vggtrain:
        good, classes = test_images(vggtrain, flags, net, side, normalize)
        good &= photos(vggtrain, flags, net, side, normalize, classes)
    print("equal but for rounding" if good else "DIFFERENT")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
