"""A photo as `vggtrain predict` prepares it for a network of garments, with Pillow alone.

Requires: numpy, Pillow.
"""

import numpy as np
from PIL import Image, ImageOps


def corner_median(grey):
    """Median of the pixels in the four corners, each a 14th of the sides; the lower one of two."""
    a = np.asarray(grey)
    high, wide = (max(1, n // 14) for n in a.shape)
    corners = [a[:high, :wide], a[:high, -wide:], a[-high:, :wide], a[-high:, -wide:]]
    values = np.sort(np.concatenate([c.ravel() for c in corners]))
    return int(values[(len(values) - 1) // 2])


def trimmed(grey, fill):
    """The part that sets off from its background, if there is a margin round it; else all."""
    apart = np.abs(np.asarray(grey, np.int64) - fill)

    def setting_off(levels):
        ys, xs = np.nonzero(apart > levels)
        box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(ys) else (0, 0, 0, 0)
        return box, max(box[2] - box[0], box[3] - box[1])

    for levels, most in (0, 6 / 7), (6, 6 / 7), (12, 2 / 3):
        box, longest = setting_off(levels)
        if 0 < longest <= most * max(grey.size):
            tight, length = setting_off(12)
            return grey.crop(tight if 3 * length >= 2 * longest else box)
    return grey


def unframed(grey, fill):
    """What is left of a picture that was in a frame is inverted if its own background is light."""
    a = np.asarray(grey)
    corners = a[[0, 0, -1, -1], [0, -1, 0, -1]]
    least = int(corners.min())
    apart = np.abs(a.astype(np.int64) - least) > 12
    if least < 128 or corners.max() - least > 6 or not apart.any():
        return grey, fill
    return ImageOps.invert(grey), 255 - least


def prepared(path, side, invert="auto", trim=False):
    """Uint8 (side, side) and the grey of the background (before it is inverted).

    Upright by EXIF, PIL's L; what is transparent over white if a dark garment is inverted, else
    over black (auto: over what sets off from what is visible); inverted if the background is light
    (auto) or always or never; perhaps trimmed; padded to a square with the background; resized once.
    """
    image = Image.open(path)
    image.seek(0)
    image = ImageOps.exif_transpose(image)
    grey = image.convert("L")
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
        if alpha.getextrema() != (255, 255):
            opacity = np.asarray(alpha, np.int64)
            visible = (np.asarray(grey, np.int64) * opacity).sum() > 127 * opacity.sum()
            behind = {"yes": 255, "no": 0, "auto": 0 if visible else 255}[invert]
            whole = Image.new("L", grey.size, behind)
            whole.paste(grey, mask=alpha)
            grey = whole
    background = corner_median(grey)
    fill = background
    if invert == "yes" or invert == "auto" and background > 127:
        grey, fill = ImageOps.invert(grey), 255 - background
    if trim:
        part = trimmed(grey, fill)
        if part is not grey and invert == "auto":
            part, fill = unframed(part, fill)
        grey = part
    longer = max(grey.size)
    padded = Image.new("L", (longer, longer), fill)
    padded.paste(grey, ((longer - grey.width) // 2, (longer - grey.height) // 2))
    return np.asarray(padded.resize((side, side), Image.BILINEAR)), background
