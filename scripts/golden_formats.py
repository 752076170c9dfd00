#!/usr/bin/env python3
"""Make small files of all formats of pictures and what Pillow makes of them: internal/photo/testdata/formats and white.json.

    python scripts/golden_formats.py         # needs Pillow and NumPy; after golden_images.py

A case of white.json holds the pixels of `on_white(file)`, row by row in hexadecimal, for the files made here
and those of golden_images.py, and how far another decoder may be from them: see `tolerance`.
Files that Pillow cannot write are put together here, and read back by Pillow.
"""

import hashlib
import io
import json
import struct
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

from golden_images import COLS, DEEP, NOISE, ROOT, ROWS, SMOOTH, chunk, png, save

TESTDATA = ROOT / "internal/photo/testdata"
FOLDER = TESTDATA / "formats"
y, x = np.mgrid[0:ROWS, 0:COLS]


def on_white(file) -> Image.Image:
    """A picture as networks see it, before it is resized."""
    image = Image.open(file)
    if image.mode.startswith("I"):  # 16 bits, whose conversion would end at 255: the upper 8
        bits = 12 if image.format == "TIFF" and 12 in image.tag_v2[258] else 16
        image = Image.fromarray((np.asarray(image) >> bits - 8).astype(np.uint8))
    image = ImageOps.exif_transpose(image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x010F] = "a camera"
    tags[0x0112] = orientation
    return tags


def packed(samples: np.ndarray, bits: int, order: str = "<") -> list[bytes]:
    """Rows of samples, the highest bit first."""
    rows = []
    for row in samples.reshape(samples.shape[0], -1):
        if bits == 16:
            rows.append(row.astype(order + "u2").tobytes())
        elif bits == 12:
            rows.append(np.packbits(np.unpackbits(row.astype(">u2")[:, None].view(np.uint8), axis=1)[:, 4:].reshape(-1)).tobytes())
        else:
            rows.append(np.packbits(np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :].reshape(-1)).tobytes())
    return rows


def tiff(blocks: list[bytes], tags: dict[int, tuple[int, list[int]]], order: str = "<", tiled: bool = False) -> bytes:
    """A TIFF of uncompressed strips or tiles. Tags are a type (3: 16 bits, 4: 32 bits) and numbers."""
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 0)
    offsets = []
    for block in blocks:
        offsets.append(len(out))
        out += block + b"\0" * (len(block) % 2)
    tags = tags | {256: (4, [COLS]), 257: (4, [ROWS]), 324 if tiled else 273: (4, offsets),
                   325 if tiled else 279: (4, [len(b) for b in blocks])}
    entries = b""
    for tag, (kind, numbers) in sorted(tags.items()):
        values = b"".join(struct.pack(order + {3: "H", 4: "I"}[kind], n) for n in numbers)
        if len(values) > 4:
            at = len(out)
            out += values + b"\0" * (len(values) % 2)
            values = struct.pack(order + "I", at)
        entries += struct.pack(order + "HHI", tag, kind, len(numbers)) + values.ljust(4, b"\0")
    directory = struct.pack(order + "H", len(tags)) + entries + b"\0\0\0\0"
    return out[:4] + struct.pack(order + "I", len(out)) + out[8:] + directory


def planar(order: str = "<") -> bytes:
    rows = packed(NOISE[:, :, :3].transpose(2, 0, 1).reshape(3 * ROWS, COLS), 8)
    strips = [b"".join(rows[c * ROWS + r : min(c * ROWS + r + 4, (c + 1) * ROWS)]) for c in range(3) for r in range(0, ROWS, 4)]
    return tiff(strips, {258: (3, [8, 8, 8]), 262: (3, [2]), 277: (3, [3]), 278: (3, [4]), 284: (3, [2])}, order)


def tiles() -> bytes:
    whole = np.zeros((16, 16, 3), np.uint8)
    whole[:ROWS, :COLS] = NOISE[:, :, :3]
    return tiff([whole.tobytes()], {258: (3, [8, 8, 8]), 262: (3, [2]), 277: (3, [3]), 322: (3, [16]), 323: (3, [16])}, tiled=True)


def flat(samples: np.ndarray, bits: int, photometric: int, order: str = "<", **more) -> bytes:
    """A TIFF in two strips."""
    rows = packed(samples, bits, order)
    count = samples.shape[2] if samples.ndim == 3 else 1
    tags = {258: (3, [bits] * count), 262: (3, [photometric]), 277: (3, [count]), 278: (3, [8])}
    return tiff([b"".join(rows[:8]), b"".join(rows[8:])], tags | {int(k[1:]): (3, v) for k, v in more.items()}, order)


def bmp(rows: list[bytes], bits: int, compression: int = 0, palette: bytes = b"", masks: tuple[int, ...] = (), size: int = 40,
        gap: int = 0, height: int = ROWS) -> bytes:
    """A BMP. Rows as they stand in the file, padded to 4 bytes unless they are compressed."""
    body = b"".join(row + b"\0" * (-len(row) % 4 if compression in (0, 3) else 0) for row in rows)
    if size == 12:
        header = struct.pack("<IHHHH", 12, COLS, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", size, COLS, height, 1, bits, compression, len(body), 0, 0, len(palette) // 4, 0)
        header += b"".join(struct.pack("<I", m) for m in masks)
        header = header.ljust(size, b"\0")
    start = 14 + len(header) + len(palette) + gap
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + palette + b"\0" * gap + body


def rle(indices: np.ndarray, bits: int) -> bytes:
    """Runs, codes as they are, a step over colour 0, and the ends of rows; from the last row on."""
    out = b""
    for row in indices[::-1]:
        if bits == 8:
            out += bytes([3, row[0]]) + bytes([0, 5]) + bytes(row[3:8]) + b"\0" + b"".join(bytes([1, v]) for v in row[8:10])
        else:
            out += bytes([3, row[0] << 4 | row[1]]) + bytes([0, 5]) + bytes([row[3] << 4 | row[4], row[5] << 4 | row[6], row[7] << 4, 0]) + bytes([2, row[8] << 4 | row[9]])
        out += b"\0\x02\x02\0" + bytes([1, row[12] if bits == 8 else row[12] << 4]) + b"\0\0"
    return out + b"\0\1"


def text(samples: np.ndarray, kind: str, most: int) -> bytes:
    lines = "\n".join(" ".join(str(v) for v in row) for row in samples.reshape(samples.shape[0], -1))
    return f"{kind}\n# a comment\n{COLS} {ROWS}\n{most}\n{lines}\n".encode()


def pnms() -> dict[str, bytes]:
    grey, colour = NOISE[:, :, 0], NOISE[:, :, :3]
    head = f"\n{COLS} {ROWS}\n"
    bits = "\n".join("".join(str(v & 1) for v in row) for row in grey)
    return {
        "text.pbm": f"P1 #bits\n{COLS} {ROWS}\n{bits}\n".encode(),
        "text.pgm": text(grey % 101, "P2", 100), "text.ppm": text(colour, "P3", 255),
        "text-16.pgm": text(DEEP[:, :, 0] % 5000, "P2", 4999), "text-16.ppm": text(DEEP[:, :, :3], "P3", 65535),
        "raw.pbm": ("P4" + head).encode() + b"".join(packed(grey & 1, 1)),
        "raw.pgm": f"P5{head}255\n".encode() + grey.tobytes(), "raw.ppm": f"P6{head}255\n".encode() + colour.tobytes(),
        "raw-10.ppm": f"P6{head}10\n".encode() + (colour % 12).astype(np.uint8).tobytes(),
        "raw-16.pgm": f"P5{head}65535\n".encode() + DEEP[:, :, 0].astype(">u2").tobytes(),
        "raw-16.ppm": f"P6{head}65535\n".encode() + DEEP[:, :, :3].astype(">u2").tobytes(),
        "raw-12.pgm": f"P5{head}4095\n".encode() + (DEEP[:, :, 0] % 4096).astype(">u2").tobytes(),
        "raw-1000.ppm": f"P6{head}1000\n".encode() + (DEEP[:, :, :3] % 1003).astype(">u2").tobytes(),
    }


def bmps() -> dict[str, bytes]:
    wild = Image.fromarray(NOISE[:, :, :3])
    up = NOISE[::-1]
    coded, few = up[:, :, 0] % 200, up[:, :, 0] & 15
    colours = NOISE.reshape(-1, 4)
    palette = bytes(b"".join(bytes([*colours[i % len(colours)][:3], 0]) for i in range(256)))
    wide = up.astype(np.uint32)
    packed16 = lambda r, g, b: ((wide[:, :, 0] >> 8 - r) << g + b | (wide[:, :, 1] >> 8 - g) << b | wide[:, :, 2] >> 8 - b).astype("<u2")
    bgra = up[:, :, [2, 1, 0, 3]]
    return {
        "grey.bmp": save(wild.convert("L"), "BMP"), "bits.bmp": save(wild.convert("1"), "BMP"),
        "palette.bmp": save(wild.quantize(200), "BMP"), "colour.bmp": save(wild, "BMP"), "padded.bmp": save(Image.fromarray(NOISE), "BMP"),
        "palette-1.bmp": bmp(packed(few & 1, 1), 1, palette=palette[:8]),
        "palette-4.bmp": bmp(packed(few, 4), 4, palette=palette[:64]),
        "palette-short.bmp": bmp(packed(coded, 8), 8, palette=palette[:400]),
        "gap.bmp": bmp(packed(coded, 8), 8, palette=palette, gap=6),
        "os2.bmp": bmp([row.tobytes() for row in up[:, :, :3]], 24, size=12),
        "down.bmp": bmp([row.tobytes() for row in up[:, :, :3]], 24, height=-ROWS),
        "rgb-555.bmp": bmp([row.tobytes() for row in packed16(5, 5, 5)], 16),
        "rgb-565.bmp": bmp([row.tobytes() for row in packed16(5, 6, 5)], 16, 3, masks=(0xF800, 0x7E0, 0x1F), size=56),
        "masks-after.bmp": bmp([row.tobytes() for row in packed16(5, 6, 5)], 16, 3, palette=struct.pack("<III", 0xF800, 0x7E0, 0x1F)),
        "alpha.bmp": bmp([row.tobytes() for row in bgra], 32, 3, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000), size=124),
        "padded-v4.bmp": bmp([row.tobytes() for row in bgra], 32, size=108),
        "runs-8.bmp": bmp([rle(NOISE[:, :, 0] % 200, 8)], 8, 1, palette=palette),
        "runs-4.bmp": bmp([rle(NOISE[:, :, 0] & 15, 4)], 4, 2, palette=palette[:64]),
    }


def tiffs() -> dict[str, bytes]:
    wild, grey = Image.fromarray(NOISE[:, :, :3]), Image.fromarray(NOISE[:, :, 0])
    alpha, smooth = Image.fromarray(NOISE), Image.fromarray(SMOOTH)
    colour_map = [int(v) * 257 for v in NOISE.reshape(-1)[: 3 * 16]]
    made = {f"{name}.tif": save(wild, "TIFF", compression=name) for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")}
    return made | {
        "bits-g3.tif": save(wild.convert("1"), "TIFF", compression="group3"),
        "bits-g4.tif": save(wild.convert("1"), "TIFF", compression="group4"),
        "bits.tif": save(wild.convert("1"), "TIFF"),
        "grey.tif": save(grey, "TIFF"), "grey-lzw.tif": save(grey, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "grey-16-lzw.tif": save(Image.fromarray(DEEP[:, :, 0]), "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "grey-16.tif": save(Image.fromarray(DEEP[:, :, 0]), "TIFF"),
        "grey-alpha.tif": save(alpha.convert("LA"), "TIFF"), "palette.tif": save(wild.quantize(200), "TIFF"),
        "alpha.tif": save(alpha, "TIFF"), "alpha-lzw.tif": save(alpha, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "cmyk.tif": save(Image.fromarray(NOISE, "CMYK"), "TIFF"), "cmyk-deflate.tif": save(Image.fromarray(NOISE, "CMYK"), "TIFF", compression="tiff_adobe_deflate"),
        "grey-jpeg.tif": save(Image.fromarray(SMOOTH[:, :, 2]), "TIFF", compression="jpeg", quality=90),
        "ycbcr-jpeg.tif": save(Image.fromarray(np.tile(SMOOTH, (4, 3, 1))).convert("YCbCr"), "TIFF", compression="jpeg", quality=90, tiffinfo={278: 16}),
        "colour-jpeg.tif": save(smooth, "TIFF", compression="jpeg", quality=90),
        "big.tif": save(wild, "TIFF", big_tiff=True), "turned.tif": save(smooth, "TIFF", exif=exif(6)),
        "turned-lzw.tif": save(smooth, "TIFF", exif=exif(7), compression="tiff_lzw"),
        "pages.tif": save(wild, "TIFF", save_all=True, append_images=[grey, smooth]),
        "grey-2.tif": flat(NOISE[:, :, 0] & 3, 2, 1), "grey-4.tif": flat(NOISE[:, :, 0] & 15, 4, 1), "grey-12.tif": flat(DEEP[:, :, 0] >> 4, 12, 1),
        "white-is-zero.tif": flat(NOISE[:, :, 0], 8, 0), "white-is-zero-4.tif": flat(NOISE[:, :, 0] & 15, 4, 0),
        "reversed.tif": flat(np.packbits(np.unpackbits(NOISE[:, :, 0], axis=1, bitorder="little"), axis=1), 8, 1, t266=[2]),
        "grey-16-big-endian.tif": flat(DEEP[:, :, 0], 16, 1, ">"),
        "colour-16.tif": flat(DEEP[:, :, :3], 16, 2), "colour-16-big-endian.tif": flat(DEEP[:, :, :3], 16, 2, ">"),
        "alpha-16.tif": flat(DEEP, 16, 2, t338=[2]), "associated.tif": flat(NOISE, 8, 2, t338=[1]), "associated-16.tif": flat(DEEP, 16, 2, t338=[1]),
        "unspecified.tif": flat(NOISE, 8, 2, t338=[0]), "not-told.tif": flat(NOISE, 8, 2), "grey-extra.tif": flat(NOISE[:, :, :2], 8, 1, t338=[0]),
        "palette-4.tif": flat(NOISE[:, :, 0] & 15, 4, 3, t320=colour_map), "cmyk-16.tif": flat(DEEP, 16, 5),
        "planar.tif": planar(), "planar-big-endian.tif": planar(">"), "tiles.tif": tiles(),
    }


def webps() -> dict[str, bytes]:
    wild, alpha, smooth = Image.fromarray(NOISE[:, :, :3]), Image.fromarray(NOISE), Image.fromarray(SMOOTH)
    soft = Image.fromarray(np.dstack([SMOOTH, (y * 20 + x * 3) % 256]).astype(np.uint8))
    small = Image.new("RGBA", (COLS, ROWS))
    small.paste(alpha.crop((2, 2, 9, 8)), (2, 2))
    few = wild.quantize(5).convert("RGB")
    return {
        "lossless.webp": save(wild, "WEBP", lossless=True), "lossless-few.webp": save(few, "WEBP", lossless=True),
        "lossless-alpha.webp": save(alpha, "WEBP", lossless=True, exact=True),
        "lossy.webp": save(smooth, "WEBP", quality=80), "lossy-noise.webp": save(wild, "WEBP", quality=95),
        "lossy-alpha.webp": save(soft, "WEBP", quality=80), "lossy-alpha-raw.webp": save(alpha, "WEBP", quality=80, alpha_quality=50),
        "turned.webp": save(smooth, "WEBP", quality=80, exif=exif(6)), "turned-lossless.webp": save(alpha, "WEBP", lossless=True, exact=True, exif=exif(8)),
        "animated.webp": save(smooth, "WEBP", save_all=True, append_images=[wild, few], lossless=True),
        "animated-small.webp": save(small, "WEBP", save_all=True, append_images=[alpha], lossless=True),
        "animated-lossy.webp": save(soft, "WEBP", save_all=True, append_images=[alpha], quality=80),
        "point.webp": save(Image.new("RGB", (1, 1), (200, 30, 90)), "WEBP", quality=90),
        "line.webp": save(Image.fromarray(NOISE[:1, :, :3]), "WEBP", quality=90),
    }


def jpegs() -> dict[str, bytes]:
    tall = np.tile(NOISE[:8, :8, :3], (2, 2, 1))
    halved = save(Image.fromarray(tall), "JPEG", quality=95, subsampling=1)
    sof = halved.index(b"\xff\xc0")
    cmyk = save(Image.fromarray(np.dstack([SMOOTH, y * 16]).astype(np.uint8), "CMYK"), "JPEG", quality=90)
    adobe = cmyk.index(b"Adobe")
    big_y, big_x = np.mgrid[0:37, 0:45]
    waves = np.stack([128 + 127 * np.sin(big_x / 3), 128 + 127 * np.sin(big_y / 4), 128 + 127 * np.sin((big_x + big_y) / 5)], axis=2).astype(np.uint8)
    return {
        "440.jpg": halved[: sof + 11] + b"\x12" + halved[sof + 12 :],  # the same MCUs, laid otherwise
        "420-waves.jpg": save(Image.fromarray(waves), "JPEG", quality=95, subsampling=2),
        "422-waves.jpg": save(Image.fromarray(waves), "JPEG", quality=95, subsampling=1),
        "420-progressive-waves.jpg": save(Image.fromarray(waves), "JPEG", quality=80, subsampling=2, progressive=True),
        "420-narrow.jpg": save(Image.fromarray(waves[:, :3]), "JPEG", quality=95, subsampling=2),
        "cmyk-unmarked.jpg": cmyk[: adobe - 4] + cmyk[adobe + 12 :],
        "ycck.jpg": cmyk[: adobe + 11] + b"\x02" + cmyk[adobe + 12 :],
        "turned-colour.jfif": save(Image.fromarray(SMOOTH), "JPEG", quality=90, subsampling=0, exif=exif(5)),
    }


def pngs() -> dict[str, bytes]:
    tags = exif(3).tobytes().removeprefix(b"Exif\0\0")
    return {
        "turned.png": png(NOISE, 8, 6, chunk(b"eXIf", tags)),
        "turned-after.png": png(NOISE, 8, 6)[:-12] + chunk(b"eXIf", exif(8).tobytes().removeprefix(b"Exif\0\0")) + chunk(b"IEND", b""),
        "name-of-another.bmp.png": save(Image.fromarray(NOISE[:, :, :3]), "GIF"),
    }


def tolerance(path: Path) -> int:
    """Levels by which decoders may differ: none, but for the inverse transform of JPEG.

    It may round each component by one level (ITU-T T.83), which weights of up to 1.772 (chroma in blue) carry into a
    colour: 1 + 1.772, and 1 of rounding that. Of CMYK, with black, by 1 more. Chroma of YCCK that is
    subsampled would be interpolated otherwise, but is not here.
    """
    if path.suffix not in (".jpg", ".jfif") and "jpeg" not in path.name:
        return 0
    if path.name.startswith("grey"):
        return 1
    return 4 if path.stem in ("cmyk", "cmyk-unmarked", "ycck") else 3


def composite() -> str:
    """SHA-256 of each value, as grey under each alpha, over white: 256×256 bytes."""
    v, a = np.mgrid[0:256, 0:256].astype(np.uint8)
    image = Image.fromarray(np.dstack([v, v, v, a]))
    return hashlib.sha256(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).getchannel("R").tobytes()).hexdigest()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for made in (pnms(), bmps(), tiffs(), webps(), jpegs(), pngs()):
        for name, content in made.items():
            (FOLDER / name).write_bytes(content)
    cases = []
    for folder in ("formats", "images", "photos"):
        for path in sorted((TESTDATA / folder).iterdir()):
            image = on_white(path)
            if image.width * image.height > 5000:
                continue
            cases.append({"file": f"{folder}/{path.name}", "rows": image.height, "cols": image.width,
                          "tolerance": tolerance(path), "pixels": image.tobytes().hex()})
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    text = f'{{"made by":"scripts/golden_formats.py","pillow":"{PIL.__version__}","composite":"{composite()}","cases":[\n{lines}\n]}}\n'
    (TESTDATA / "white.json").write_text(text)


if __name__ == "__main__":
    main()
