"""Holds `vggtrain predict` to garments that do not fill their picture.

    python scripts/garments.py runs/NAME/best.bin [--images 300] [--canvas 2] [--binary vggtrain]

The network is one that was trained on Fashion-MNIST, whose garments fill their 28×28 pixels. Test images are
written as PNG files: as they are, and each on a canvas so many times its size, in the middle and anywhere,
on black and, inverted, on white. Exits with 1 if predict is right less often about any of these than
about the images themselves, by more than 3 points.

Requires: numpy, Pillow, Go (see requirements.txt).
"""

import sys

import numpy as np
from PIL import Image, ImageOps

import fashion_images
import program

ALLOWED = 0.03


def on_canvas(image, times, place):
    """The image on black, `times` its size, with its corner at a place in [0, 1]²."""
    room = [round(n * times) - n for n in image.size]
    canvas = Image.new("L", [n + r for n, r in zip(image.size, room)])
    canvas.paste(image, [round(r * p) for r, p in zip(room, place)])
    return canvas


def main():
    parser = program.flags(__doc__)
    parser.add_argument("file", help="best.bin of a run on Fashion-MNIST")
    parser.add_argument("--data", default="auto", help="auto, sample or a folder of IDX files")
    parser.add_argument("--images", type=int, default=300, help="the first so many test images")
    parser.add_argument("--canvas", type=float, default=2, help="its side, as a multiple of the image's")
    flags = parser.parse_args()
    pixels, labels = fashion_images.load(fashion_images.folder(flags.data), "test", flags.images)
    images, random = [Image.fromarray(p) for p in pixels], np.random.default_rng(0)
    anywhere = [on_canvas(image, flags.canvas, random.random(2)) for image in images]
    kinds = {
        "as they are": images,
        "in the middle of black": [on_canvas(image, flags.canvas, (0.5, 0.5)) for image in images],
        "anywhere on black": anywhere,
        "anywhere on white, inverted": [ImageOps.invert(image) for image in anywhere],
    }
    right = {}
    with program.Program(flags.binary) as vggtrain:
        for number, (kind, pictures) in enumerate(kinds.items()):
            folder = vggtrain.folder / f"kind-{number}"
            folder.mkdir()
            for i, picture in enumerate(pictures):
                picture.save(folder / f"{i:05}.png")
            items = vggtrain.json("predict", flags.file, folder, "--topk", 1, "--json")
            right[kind] = np.mean([item["top"][0]["class"] == label for item, label in zip(items, labels, strict=True)])
            print(f"{kind}: {right[kind]:.3f}", flush=True)
    good = min(right.values()) >= right["as they are"] - ALLOWED
    print("as good as it should be" if good else "NOT GOOD ENOUGH")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
