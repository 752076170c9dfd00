#!/usr/bin/env python3
"""Make small image files and what Pillow reads in them: internal/photo/testdata/images, photos and two .json.

    python scripts/golden_images.py          # needs Pillow and NumPy

A case holds the pixels of Image.open(file).convert("L"), row by row in hexadecimal, and how far
another decoder may be from them: PNG and GIF leave no choice; of JPEG see `tolerance`. Only greys
of 16 bits are their upper 8 instead.
photos.json holds images as `vggtrain predict` prepares them, in the words of Pillow: see `prepared`.
Files that Pillow cannot write (2 and 4 bits, 16 bits a colour, Adam7, a GIF's frame that is smaller
than its screen) are put together here.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageDraw

from photo import prepared

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "internal/photo/testdata/images"
PHOTOS = ROOT / "internal/photo/testdata/photos"
ROWS, COLS = 11, 13  # no multiple of 8, nor of Adam7's steps

rng = np.random.default_rng(5)
y, x = np.mgrid[0:ROWS, 0:COLS]
SMOOTH = np.stack([x * 19, y * 24, (x + y) * 11], axis=2).astype(np.uint8)
NOISE = rng.integers(0, 256, (ROWS, COLS, 4), dtype=np.uint8)
DEEP = rng.integers(0, 1 << 16, (ROWS, COLS, 4), dtype=np.uint16)

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows: np.ndarray, depth: int) -> bytes:
    """Rows of samples, each after filter byte 0 (none)."""
    out = b""
    for row in rows.reshape(rows.shape[0], -1):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
            data = np.packbits(bits.reshape(-1)).tobytes()
        out += b"\0" + data
    return out


def png(samples: np.ndarray, depth: int, kind: int, extra: bytes = b"", interlaced: bool = False) -> bytes:
    rows, cols = samples.shape[:2]
    if interlaced:
        passes = [samples[y0::dy, x0::dx] for x0, y0, dx, dy in ADAM7]
        raw = b"".join(packed(p, depth) for p in passes if p.size)
    else:
        raw = packed(samples, depth)
    header = struct.pack(">IIBBBBB", cols, rows, depth, kind, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def save(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def small_frame(transparent: int | None) -> bytes:
    """A GIF of 13×11 with one frame of 5×4 at (6, 3)."""
    whole = save(Image.fromarray(NOISE[:4, :5, 0] & 3).convert("P"), "GIF")
    frame = whole[whole.index(b",") + 10 :]  # after the image descriptor, in which is no comma
    palette = bytes([10, 200, 30, 250, 5, 5, 0, 99, 200, 70, 70, 170])
    control = b"" if transparent is None else b"!\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"
    return (b"GIF89a" + struct.pack("<HHBBB", COLS, ROWS, 0x80 | 1, 0, 0) + palette + b"!\xfe\x03hey\0" + control
            + b"," + struct.pack("<HHHHB", 6, 3, 5, 4, 0) + frame)


def files() -> dict[str, tuple[bytes, int]]:
    """Each file's content and tolerance."""
    grey, noise = Image.fromarray(SMOOTH[:, :, 2]), Image.fromarray(NOISE[:, :, 0])
    colour, wild = Image.fromarray(SMOOTH), Image.fromarray(NOISE[:, :, :3])
    alpha = Image.fromarray(NOISE)
    coded = wild.quantize(200)
    few = wild.quantize(13)
    made: dict[str, bytes] = {
        "grey.png": save(noise, "PNG"),
        "grey-1.png": save(noise.convert("1"), "PNG"),
        "grey-2.png": png(NOISE[:, :, 0] & 3, 2, 0),
        "grey-4.png": png(NOISE[:, :, 0] & 15, 4, 0, interlaced=True),
        "grey-transparent.png": save(noise, "PNG", transparency=int(NOISE[0, 0, 0])),
        "grey-alpha.png": save(alpha.convert("LA"), "PNG"),
        "grey-alpha-16.png": png(DEEP[:, :, :2], 16, 4),
        "grey-16.png": png(DEEP[:, :, 0], 16, 0),
        "palette.png": save(coded, "PNG"),
        "palette-4.png": save(few, "PNG", bits=4),
        "palette-transparent.png": save(coded, "PNG", transparency=bytes(range(200))),
        "palette-outside.png": png(NOISE[:, :, 0] & 3, 2, 3, chunk(b"PLTE", bytes([9, 80, 200, 30, 90, 1]))),
        "colour.png": save(wild, "PNG"),
        "colour-transparent.png": save(wild, "PNG", transparency=tuple(int(v) for v in NOISE[0, 0, :3])),
        "colour-16.png": png(DEEP[:, :, :3], 16, 2, interlaced=True),
        "alpha.png": save(alpha, "PNG"),
        "alpha-16.png": png(DEEP, 16, 6),
        "alpha-interlaced.png": png(NOISE, 8, 6, interlaced=True),
        "grey.jpg": save(grey, "JPEG", quality=90),
        "grey-progressive.jpg": save(grey, "JPEG", quality=90, progressive=True),
        "colour-444.jpg": save(colour, "JPEG", quality=90, subsampling=0),
        "colour-422.jpg": save(colour, "JPEG", quality=90, subsampling=1),
        "colour-420.jpg": save(colour, "JPEG", quality=90, subsampling=2),
        "colour-420-progressive.jpg": save(colour, "JPEG", quality=90, subsampling=2, progressive=True),
        "colour-restart.jpg": save(colour, "JPEG", quality=90, subsampling=0, restart_marker_blocks=1),
        "colour-rgb.jpg": save(colour, "JPEG", quality=90, keep_rgb=True),
        "cmyk.jpg": save(Image.fromarray(np.dstack([SMOOTH, y * 16]).astype(np.uint8), "CMYK"), "JPEG", quality=90),
        "grey.gif": save(noise, "GIF"),
        "palette.gif": save(coded, "GIF", interlace=1),
        "palette-few.gif": save(few, "GIF", interlace=0),
        "palette-transparent.gif": save(few, "GIF", transparency=few.getpixel((0, 0))),
        "animated.gif": save(coded, "GIF", save_all=True, append_images=[few, grey]),
        "small-frame.gif": small_frame(None),
        "small-frame-transparent.gif": small_frame(2),
    }
    return {name: (content, tolerance(name)) for name, content in made.items()}


def tolerance(name: str) -> int:
    """Grey levels by which decoders may differ.

    Each rounds its inverse transform by up to one level a component (ITU-T T.83 allows it): grey by
    1. Colours are rounded to 8 bits once more, and their luma after that: by 2. Where chroma is
    subsampled, decoders interpolate it as they like; luma stays but where colours leave [0, 255].
    """
    if not name.endswith(".jpg"):
        return 0
    return 1 if name.startswith("grey") else 2


def drawn(mode: str, size: tuple[int, int], background, garment) -> Image.Image:
    """A picture of no symmetry: a body and one sleeve."""
    image = Image.new(mode, size, background)
    wide, high = size
    draw = ImageDraw.Draw(image)
    draw.ellipse([wide * 0.3, high * 0.15, wide * 0.75, high * 0.9], garment)
    draw.polygon([(wide * 0.3, high * 0.2), (wide * 0.1, high * 0.6), (wide * 0.25, high * 0.65), (wide * 0.5, high * 0.3)], garment)
    return image


def turned(orientation: int) -> bytes:
    """A JPEG whose EXIF says how to turn it, as cameras write it."""
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = orientation
    exif.endian = "<" if orientation % 2 else ">"
    return save(Image.fromarray(SMOOTH[:, :, 0] // 2 + SMOOTH[:, :, 1] // 3), "JPEG", quality=90, exif=exif)


def photos() -> dict[str, bytes]:
    """Pictures of the kinds that `predict` meets, beside those of files()."""
    vignette = np.add.outer((np.arange(70) - 30) ** 2, (np.arange(56) - 20) ** 2) // 20 + 60  # no two corners alike
    made = {
        "light.png": save(drawn("RGB", (37, 90), (250, 246, 240), (30, 60, 120)), "PNG"),
        "dark.gif": save(drawn("L", (121, 41), 12, 200), "GIF"),
        "bright-cutout.png": save(drawn("RGBA", (50, 64), (0, 0, 0, 0), (240, 235, 220, 255)), "PNG"),
        "dark-cutout.png": save(drawn("RGBA", (64, 50), (255, 255, 255, 0), (60, 20, 30, 230)), "PNG"),
        "large.png": save(drawn("L", (901, 640), 255, 33), "PNG", optimize=True),
        "vignette.png": save(Image.fromarray(vignette.astype(np.uint8)), "PNG", optimize=True),
        "long.png": save(drawn("L", (4000, 3), 90, 250), "PNG", optimize=True),
        "thin.png": save(drawn("L", (1, 5), 200, 3), "PNG"),
        "point.png": save(Image.new("L", (1, 1), 77), "PNG"),
    }
    return made | {f"turned-{n}.jpg": turned(n) for n in range(1, 9)}


def prepare() -> list[dict]:
    """Cases of photos.json."""
    cases = []
    PHOTOS.mkdir(exist_ok=True)
    for name, content in photos().items():
        (PHOTOS / name).write_bytes(content)
    names = sorted(path.relative_to(FOLDER.parent) for path in PHOTOS.iterdir())
    names += [Path("images") / n for n in ("alpha.png", "alpha-16.png", "grey-alpha.png", "grey-transparent.png",
                                           "palette-transparent.png", "colour-transparent.png", "palette-transparent.gif",
                                           "small-frame-transparent.gif", "palette.png", "colour-16.png", "grey.jpg")]
    for name in names:
        for invert, side in (("auto", 9), ("yes", 7), ("no", 14)):
            pixels, background = prepared(FOLDER.parent / name, side, invert)
            cases.append({"file": str(name), "invert": invert, "side": side, "background": background,
                          "tolerance": tolerance(name.name) if name.parent.name == "images" else int(name.suffix == ".jpg"),
                          "pixels": pixels.tobytes().hex()})
    return cases


def write(name: str, cases: list[dict]) -> None:
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    text = f'{{"made by":"scripts/golden_images.py","pillow":"{PIL.__version__}","cases":[\n{lines}\n]}}\n'
    (FOLDER.parent / name).write_text(text)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = []
    for name, (content, allowed) in files().items():
        (FOLDER / name).write_bytes(content)
        image = Image.open(io.BytesIO(content))
        if image.mode == "I;16":  # whose convert("L") ends at 255 of 65,535; as it does with colours instead
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L")
        cases.append({"file": name, "rows": image.height, "cols": image.width,
                      "tolerance": allowed, "pixels": image.tobytes().hex()})
    write("images.json", cases)
    write("photos.json", prepare())


if __name__ == "__main__":
    main()
