#!/usr/bin/env python3
"""Make the sample of Fashion-MNIST that is embedded in the program (dataset/sample/).

    python3 scripts/make_sample.py [FOLDER]

FOLDER holds the four published files, .gz or plain (default: where Debian's package
dataset-fashion-mnist puts them). The sample is 5,000 images of the training files and 1,000 of the
test files, as many of each class: of each class those with the smallest SHA-256 of "SEED:file:index",
in the order of the published file. That draw depends on no library's random numbers, so the same
pixels come out everywhere. Needs nothing but Python's standard library.
"""

import gzip
import hashlib
import struct
import sys
from pathlib import Path

SEED = 0
CLASSES = 10
SPLITS = {"train": 5_000, "t10k": 1_000}
SHA256 = {  # of the uncompressed published files
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def read(folder: Path, name: str) -> bytes:
    packed = folder / f"{name}.gz"
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256[name]:
        sys.exit(f"{folder / name}: not the published file")
    return data


def draw(split: str, labels: bytes, count: int) -> list[int]:
    """The indices of the sample, count/CLASSES of each class, ascending."""

    def rank(index: int) -> bytes:
        return hashlib.sha256(f"{SEED}:{split}:{index}".encode()).digest()

    chosen: list[int] = []
    for label in range(CLASSES):
        of_class = [i for i, value in enumerate(labels) if value == label]
        chosen += sorted(of_class, key=rank)[: count // CLASSES]
    return sorted(chosen)


def write(path: Path, data: bytes) -> None:
    # No name and no time in the header: the same input gives the same file.
    with path.open("wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
        packed.write(data)
    print(f"{hashlib.sha256(data).hexdigest()}  {path.name} ({path.stat().st_size:,} bytes packed)")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist")
    out = Path(__file__).resolve().parent.parent / "dataset" / "sample"
    for split, count in SPLITS.items():
        images = read(folder, f"{split}-images-idx3-ubyte")
        labels = read(folder, f"{split}-labels-idx1-ubyte")
        _, _, rows, cols = struct.unpack(">4I", images[:16])
        size = rows * cols
        index = draw(split, labels[8:], count)
        pixels = b"".join(images[16 + i * size : 16 + (i + 1) * size] for i in index)
        write(out / f"{split}-images-idx3-ubyte.gz", struct.pack(">4I", 0x803, count, rows, cols) + pixels)
        write(out / f"{split}-labels-idx1-ubyte.gz", struct.pack(">2I", 0x801, count) + bytes(labels[8 + i] for i in index))


if __name__ == "__main__":
    main()
