#!/usr/bin/env python3
"""Make dataset/testdata/resize.json: what Pillow's bilinear resize makes of known images.

    python scripts/golden_resize.py          # needs Pillow

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
    if rows == cols:
        pixels = image.resize((side, side), Image.BILINEAR).tobytes()
    else:  # Pillow 13 may take the columns first, to save time; all versions before take the rows first
        pixels = image.resize((side, rows), Image.BILINEAR).resize((side, side), Image.BILINEAR).tobytes()
    made = {"source": kind, "offset": offset, "rows": rows, "cols": cols, "side": side,
            "sha256": hashlib.sha256(pixels).hexdigest()}
    if kind == "sample" and side in SHOWN and (rows, cols) == (28, 28) and offset == 0:
        made["pixels"] = list(pixels)
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
    return made


def main() -> None:
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases())
    text = f'{{"made by":"scripts/golden_resize.py","pillow":"{PIL.__version__}","cases":[\n{lines}\n]}}\n'
    (ROOT / "dataset/testdata/resize.json").write_text(text)


if __name__ == "__main__":
    main()
