#!/usr/bin/env python3
"""Holds the lines of Python that `vggtrain export` prints to `vggtrain predict`.

    python scripts/check_pictures.py [--binary vggtrain]

Pictures of many kinds are made (sizes, transparency, palettes, greys, EXIF, formats) and a small network
is trained on them, for each mode of preparation, in grey and in colour; one more on the built-in sample
of Fashion-MNIST. Each is exported as ONNX; the lines in its metadata, which are those that are printed,
prepare the pictures for onnxruntime. Its probabilities must be predict's. Exits with 1 on a difference.

Requires: numpy, onnx, onnxruntime, Pillow, Go (see requirements.txt).
"""

import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from PIL import Image

import program

SIDE = 32
ARCH = """name: pictures
blocks: [[1, 8], [1, 16]]
hidden: [32]
"""
# float32 logits differ by some 1e-6 of the largest; JPEG decoders by a level or two of 255.
EXACT, DECODED = 1e-5, 0.02


def noise(random, height, width, channels):
    """A picture with something coarse to see, so that a shift or another filter shows."""
    coarse = random.integers(0, 256, (height // 9 + 2, width // 9 + 2, channels), np.uint8)
    return np.kron(coarse, np.ones((9, 9, 1), np.uint8))[:height, :width]


def make(folder):
    """Class folders with a picture of each kind in each class, saved so that decoders have no choice, but JPEG."""
    random = np.random.default_rng(5)
    for label in ("bright", "dark"):
        (folder / label).mkdir(parents=True)

        def picture(height, width, channels=3):
            a = noise(random, height, width, channels)
            a[..., :3] = a[..., :3] // 2 + (127 if label == "bright" else 0)
            return Image.fromarray(a[..., 0] if channels == 1 else a)

        def save(name, image, **options):
            image.save(folder / label / name, **options)

        save("square.png", picture(64, 64))
        save("small.png", picture(9, 13))
        save("same.png", picture(SIDE, SIDE))
        save("wide.png", picture(45, 301))
        save("high.png", picture(331, 30))
        save("odd.png", picture(77, 50))
        save("large.png", picture(700, 1100))
        save("thin.png", picture(1, 40))
        save("alpha.png", picture(60, 90, 4))
        save("grey.png", picture(50, 40, 1))
        deep = np.array(picture(48, 57, 1), np.uint16) * 256 + random.integers(0, 256, (48, 57), np.uint16)
        save("deep.png", Image.fromarray(deep))
        save("deep.tif", Image.fromarray(deep))
        save("deep.pgm", Image.fromarray(deep))
        save("grey-alpha.png", picture(41, 52, 2))
        save("palette.png", picture(70, 61).quantize(30))
        save("animation.gif", picture(40, 70).quantize(64))
        save("lossless.webp", picture(55, 66), lossless=True)
        save("plain.bmp", picture(33, 44))
        save("plain.ppm", picture(34, 43))
        turned = Image.Exif()
        turned[0x0112] = 6
        save("turned.png", picture(40, 80), exif=turned)
        save("turned.jpg", picture(96, 64), exif=turned, quality=95)


def softmax(logits):
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def predicted(vggtrain, run, files, classes, flags):
    table = np.empty((len(files), classes))
    for row, item in zip(table, vggtrain.json("predict", run, *files, "--json", "--topk", classes, *flags), strict=True):
        for guess in item["top"]:
            row[guess["class"]] = guess["probability"]
    return table


def check(vggtrain, name, fit, files, flags=()):
    """Trains, exports and compares; prints a line; tells whether all are near."""
    run, path = vggtrain.folder / name, vggtrain.folder / f"{name}.onnx"
    done = subprocess.run(vggtrain.command("fit", *fit, "--resize", SIDE, "--init", "kaiming", "--out", run, "--quiet"), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    printed = subprocess.run(vggtrain.command("export", run, "--out", path), check=True, capture_output=True, text=True).stdout
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    if not printed.endswith("\n" + metadata["vggtrain.python"]):
        sys.exit(f"{name}: printed\n{printed}in the metadata\n{metadata['vggtrain.python']}")
    lines = {}
    exec(metadata["vggtrain.python"], lines)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    theirs = softmax(np.concatenate([session.run(["logits"], {"input": lines["prepare"](file)})[0] for file in files]).astype(np.float64))
    ours = predicted(vggtrain, run, files, len(json.loads(metadata["vggtrain.classes"])), flags)
    apart = np.abs(ours - theirs).max(1)
    lossy = np.array([file.suffix == ".jpg" for file in files])
    spread = ours.std(0).max()
    print(f"{name}: {len(files)} pictures, {apart[~lossy].max():.1e} apart, JPEG {max(apart[lossy], default=0):.1e}, probabilities differ by {spread:.2f}", flush=True)
    for file, distance, limit in zip(files, apart, np.where(lossy, DECODED, EXACT)):
        if distance > limit:
            print(f"  {file.parent.name}/{file.name}: {distance:.3f}")
    return bool((apart <= np.where(lossy, DECODED, EXACT)).all()) and spread > 0.02


def main():
    arguments = program.flags(__doc__).parse_args()
    good = True
    with program.Program(arguments.binary) as vggtrain:
        arch, data = vggtrain.folder / "pictures.yaml", vggtrain.folder / "data"
        arch.write_text(ARCH)
        make(data)
        files = sorted(f for f in data.rglob("*") if f.is_file())
        common = ["--arch", arch, "--batch-size", 4, "--lr", 0.05, "--epochs", 3, "--normalize", "dataset"]
        for mode in ("crop", "pad", "stretch"):
            for channels in (1, 3):
                good &= check(vggtrain, f"{mode}-{channels}", ["--data", data, *common, "--resize-mode", mode, "--channels", channels], files)
        opaque = [f for f in files if "alpha" not in f.name]
        good &= check(vggtrain, "garments", ["--data", "sample", *common, "--max-steps", 400], opaque, ["--crop", "no"])
    print("equal but for rounding" if good else "DIFFERENT")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
