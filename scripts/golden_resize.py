#!/usr/bin/env python3
"""Make dataset/testdata/resize.json: what Pillow's bilinear resize makes of known images.

    python scripts/golden_resize.py          # needs Pillow 13

Modes are crop (as torchvision's Resize and CenterCrop), pad and stretch. Pillow 13 resizes some
pictures by columns first, to save time; the versions before always take the rows first, which rounds
otherwise.
Sources, which the Go test makes anew:
    sample  the H*W bytes from offset on of the pixels of the built-in sample's test images
    noise   the first H*W bytes of SHA-256("0"), SHA-256("1"), ... after each other
    white   255 everywhere, where every rounding of weights shows
A case holds the SHA-256 of the resized pixels; a few small ones also hold the pixels themselves.
"""

import gzip
import hashlib
import json
from pathlib import Path

import PIL
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHOWN = {1, 5, 29}  # sides whose pixels are in the file
IMAGE = 28 * 28

sample = gzip.decompress((ROOT / "dataset/sample/t10k-images-idx3-ubyte.gz").read_bytes())[16:]


def source(kind: str, rows: int, cols: int, offset: int) -> bytes:
    size = rows * cols
    if kind == "sample":
        return sample[offset : offset + size]
    if kind == "white":
        return b"\xff" * size
    blocks = (hashlib.sha256(str(i).encode()).digest() for i in range((size + 31) // 32))
    return b"".join(blocks)[:size]


def case(kind: str, rows: int, cols: int, side: int, offset: int = 0) -> dict:
    image = Image.frombytes("L", (cols, rows), source(kind, rows, cols, offset))
    pixels = image.resize((side, side), Image.BILINEAR).tobytes()
    made = {"source": kind, "offset": offset, "rows": rows, "cols": cols, "side": side,
            "sha256": hashlib.sha256(pixels).hexdigest()}
    if kind == "sample" and side in SHOWN and (rows, cols) == (28, 28) and offset == 0:
        made["pixels"] = list(pixels)
    return made


def crop(image: Image.Image, side: int) -> Image.Image:
    """torchvision.transforms.Resize(side), then CenterCrop(side), on a PIL image."""
    wide, high = image.size
    short, long = min(wide, high), max(wide, high)
    size = (side, int(side * long / short)) if wide <= high else (int(side * long / short), side)
    image = image.resize(size, Image.BILINEAR)
    left, top = int(round((size[0] - side) / 2.0)), int(round((size[1] - side) / 2.0))
    return image.crop((left, top, left + side, top + side))


def pad(image: Image.Image, side: int, fill) -> Image.Image:
    longer = max(image.size)
    padded = Image.new(image.mode, (longer, longer), fill)
    padded.paste(image, ((longer - image.size[0]) // 2, (longer - image.size[1]) // 2))
    return padded.resize((side, side), Image.BILINEAR)


FILL = (200, 3, 77)


def prepared(mode: str, kind: str, rows: int, cols: int, side: int) -> list[dict]:
    """The case in colour, and in grey made of the colours."""
    colours = Image.frombytes("RGB", (cols, rows), source(kind, rows, 3 * cols, 0))
    made = []
    for image in (colours, colours.convert("L")):
        fill = FILL if image.mode == "RGB" else FILL[0]
        how = {"crop": lambda: crop(image, side), "pad": lambda: pad(image, side, fill),
               "stretch": lambda: image.resize((side, side), Image.BILINEAR)}
        made.append({"mode": mode, "source": kind, "offset": 0, "rows": rows, "cols": cols, "side": side,
                     "channels": len(image.getbands()), "sha256": hashlib.sha256(how[mode]().tobytes()).hexdigest()})
    return made


def pictures() -> list[dict]:
    """Pictures of every shape: wide, high, tiny, and so long that weights add up to more than 1."""
    made = []
    for mode in ("crop", "pad", "stretch"):
        for side in (1, 28, 56, 61):
            for rows, cols in ((1, 1), (2, 3), (3, 2), (28, 28), (56, 56), (20, 31), (31, 20), (57, 100), (100, 57),
                               (113, 56), (112, 56), (56, 113), (640, 200), (200, 640), (61, 400), (400, 61)):
                made += prepared(mode, "noise", rows, cols, side)
        made += prepared(mode, "noise", 700, 1001, 224) + prepared(mode, "noise", 1001, 700, 224)
        made += prepared(mode, "noise", 33, 1200, 28) + prepared(mode, "noise", 1200, 33, 28)
    for mode in ("crop", "stretch"):
        made += prepared(mode, "noise", 1, 65535, 28) + prepared(mode, "noise", 65535, 1, 28)
        made += prepared(mode, "white", 1, 65535, 2) + prepared(mode, "white", 65535, 2, 3)
    made += prepared("pad", "noise", 3, 20000, 5) + prepared("pad", "white", 20000, 3, 3)
    return made


def cases() -> list[dict]:
    made = []
    for side in [56, 84, 96, 224, 1, 2, 3, 5, 27, 28, 29, 31, 32, 100, 333]:
        made += [case("sample", 28, 28, side, i * IMAGE) for i in range(4)]
        made.append(case("white", 28, 28, side))
    made += [case("noise", 28, 28, side) for side in range(1, 258)]
    sizes = [(1, 1), (1, 7), (7, 1), (2, 2), (3, 2), (32, 32), (17, 40), (40, 17), (64, 64), (255, 255), (300, 11), (1024, 1024)]
    for rows, cols in sizes:
        made += [case("noise", rows, cols, side) for side in [1, 4, 28, 56, 64, 97, 224]]
        made.append(case("white", rows, cols, 56))
    made += [case("sample", 32, 32, 56, 100), case("sample", 17, 40, 64, 200), case("sample", 560, 784, 224)]
    return made + pictures()


def main() -> None:
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases())
    text = f'{{"made by":"scripts/golden_resize.py","pillow":"{PIL.__version__}","cases":[\n{lines}\n]}}\n'
    (ROOT / "dataset/testdata/resize.json").write_text(text)


if __name__ == "__main__":
    main()
