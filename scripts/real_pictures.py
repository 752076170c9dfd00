"""Holds `vggtrain fit` to PyTorch on real pictures: the icons that Debian packages, by category.

    apt-get install oxygen-icon-theme gnome-icon-theme tango-icon-theme
    python scripts/real_pictures.py [--seeds 5] [--epochs 20] [--arch NAME|FILE.yaml]
    python scripts/real_pictures.py --trees [--epochs 20] [--arch NAME|FILE.yaml]

The pictures are transparent PNG files of 32 to 256 pixels in colour. A class is a category (actions, apps,
devices ...); a fifth of all names is scored and never trained on, whatever its size or theme. Both sides
train the same network from weights of the same distribution on the same pictures, prepared alike (over
white, PIL's bilinear filter, the set's mean and deviation), with the same recipe, augmentation and
schedule, and are scored after the last epoch. What they share is written here a second time, in Python.
Exits with 1 if the mean of ours is more than 1.5 points below PyTorch's.

--trees trains, evaluates, predicts and shows the themes' folders as they are installed, with --data and no
other flag than --arch and --epochs. There predict must say of every picture what eval says.

Requires: torch, numpy, Pillow, PyYAML, Go (see requirements.txt).
"""

import hashlib
import json
import math
import pathlib
import shutil
import statistics
import sys
import time

import numpy as np
import torch
import yaml
from PIL import Image
from torch.nn.functional import cross_entropy

import architecture
import program
import torch_network
from architecture import ROOT

ICONS = pathlib.Path("/usr/share/icons")
THEMES = "oxygen/base", "gnome", "Tango"
SMALLEST = 32  # smaller icons are hardly pictures
FEWEST = 50  # pictures that make a category a class
ALLOWED = 0.015
SMALL = architecture.Architecture("small", blocks=((1, 16), (1, 32), (1, 64), (1, 64)), hidden=(256,), dropout=0.5)
TREES = "oxygen/base/64x64", "oxygen", "gnome", "Tango/32x32"


def scored(name):
    """Whether icons of this name are scored: a fifth is, by the name alone."""
    return hashlib.sha256(name.encode()).digest()[0] % 5 == 0


def build(folder):
    """Writes folder/train/CLASS/* and folder/val/CLASS/* and returns {split: [(path, class)]}."""
    found = {}
    for theme in THEMES:
        for path in sorted((ICONS / theme).glob("*x*/*/*.png")):
            size, category = path.parts[-3:-1]
            if not path.is_symlink() and int(size.split("x")[0]) >= SMALLEST:
                found.setdefault(category, []).append((path, f"{theme.split('/')[0]}-{size}-{path.name}"))
    classes = sorted(c for c, files in found.items() if len(files) >= FEWEST)
    if not classes:
        sys.exit(f"{ICONS}: no icons of {', '.join(THEMES)}: install oxygen-icon-theme, gnome-icon-theme, tango-icon-theme")
    sets = {"train": [], "val": []}
    for label, category in enumerate(classes):
        for path, name in found[category]:
            split = "val" if scored(path.stem) else "train"
            target = folder / split / category / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            sets[split].append((target, label))
    return classes, sets


def prepared(path, side):
    """Uint8 (3, side, side): over white, then torchvision's Resize(side) and CenterCrop(side)."""
    image = Image.open(path).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    wide, high = (n * side // min(image.size) for n in image.size)
    left, top = round((wide - side) / 2), round((high - side) / 2)
    image = image.resize((wide, high), Image.BILINEAR).crop((left, top, left + side, top + side))
    return np.asarray(image).transpose(2, 0, 1)


def tensors(files, side):
    """Uint8 (N, 3, side, side) and int64 labels."""
    return (torch.from_numpy(np.stack([prepared(path, side) for path, _ in files])),
            torch.tensor([label for _, label in files]))


def cropped(images, margin):
    """Each of (N, C, S, S) moved by up to margin pixels either way, its edge replicated."""
    n, channels, side, _ = images.shape
    rows, cols = ((torch.arange(side) + torch.randint(-margin, margin + 1, (n, 1))).clamp(0, side - 1) for _ in range(2))
    return images[torch.arange(n)[:, None, None, None], torch.arange(channels)[:, None, None],
                  rows[:, None, :, None], cols[:, None, None, :]]


def rate(settings, step, epoch, total):
    """Learning rate of a step, counted from 1: a linear warm-up, then half a cosine."""
    warmup = settings["warmup-epochs"] * epoch
    if step <= warmup:
        return settings["lr"] * step / warmup
    return settings["lr"] * 0.5 * (1 + math.cos(math.pi * (step - 1 - warmup) / (total - warmup)))


def torch_accuracy(arch, settings, classes, sets, seed):
    """PyTorch's accuracy on the scored pictures after the last epoch."""
    torch.manual_seed(seed)
    side, batch = settings["resize"], settings["batch-size"]
    net = torch_network.build(arch, side, classes, channels=3)
    for module in net.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            torch.nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            torch.nn.init.zeros_(module.bias)
    images, labels = sets["train"]
    pixels = images.double() / 255
    mean, deviation = (f(pixels, (0, 2, 3)).float().view(3, 1, 1) for f in (torch.mean, torch.std))

    def inputs(x):
        return (x.float() / 255 - mean) / deviation

    sgd = torch.optim.SGD(net.parameters(), lr=settings["lr"], momentum=settings["momentum"],
                          nesterov=settings["nesterov"], weight_decay=settings["weight-decay"])
    steps = math.ceil(len(images) / batch)
    step = 0
    for _ in range(settings["epochs"]):
        net.train()
        for chosen in torch.randperm(len(images)).split(batch):
            step += 1
            sgd.param_groups[0]["lr"] = rate(settings, step, steps, steps * settings["epochs"])
            sgd.zero_grad()
            cross_entropy(net(inputs(cropped(images[chosen], side // 14))), labels[chosen]).backward()
            sgd.step()
    net.eval()
    images, labels = sets["val"]
    with torch.no_grad():
        right = sum((net(inputs(x)).argmax(1) == y).sum().item() for x, y in zip(images.split(batch), labels.split(batch)))
    return right / len(images)


def compare(vggtrain, flags):
    """Trains both sides and tells whether ours is good enough."""
    arch = architecture.load(flags.arch)
    settings = yaml.safe_load((ROOT / "configs/recipe/fast.yaml").read_text()) | {"epochs": flags.epochs}
    data = vggtrain.folder / "data"
    classes, files = build(data)
    print(f"{len(files['train']):,} pictures to train on, {len(files['val']):,} scored, {len(classes)} classes: {', '.join(classes)}\n"
          f"{arch.name}, {settings['epochs']} epochs, side {settings['resize']}", flush=True)
    sets = {split: tensors(list_, settings["resize"]) for split, list_ in files.items()}
    torch.set_num_threads(flags.threads)
    ours, theirs = [], []
    for seed in range(flags.seeds):
        begun = time.monotonic()
        record = vggtrain.json("fit", "--data", data, "--arch", flags.arch, "--epochs", flags.epochs,
                               "--seed", seed, "--threads", flags.threads, "--out", vggtrain.folder / f"run-{seed}", "--json")
        ours.append(record["val_accuracy"])
        between = time.monotonic()
        theirs.append(torch_accuracy(arch, settings, len(classes), sets, seed))
        print(f"seed {seed}: vggtrain {ours[-1]:.4f} in {between - begun:.0f} s, "
              f"PyTorch {theirs[-1]:.4f} in {time.monotonic() - between:.0f} s", flush=True)
    for name, list_ in ("vggtrain", ours), ("PyTorch", theirs):
        spread = f" ± {statistics.stdev(list_):.4f}" if len(list_) > 1 else ""
        print(f"{name}: {statistics.mean(list_):.4f}{spread}")
    return statistics.mean(ours) >= statistics.mean(theirs) - ALLOWED


def pictures(tree):
    """The pictures of a folder of classes, by class, as vggtrain walks it: links are followed."""
    while len(inside := [p for p in tree.iterdir() if p.is_dir()]) == 1:
        tree = inside[0]
    return {folder.name: sorted(folder.rglob("*.png")) for folder in sorted(inside)}


def tree(vggtrain, path, flags):
    """Trains on a folder as it is, and returns whether predict says what eval says."""
    out = vggtrain.folder / path.replace("/", "-")
    begun = time.monotonic()
    record = vggtrain.json("fit", "--data", ICONS / path, "--arch", flags.arch, "--epochs", flags.epochs, "--out", out, "--json")
    took = time.monotonic() - begun
    vggtrain.run("data", "show", "--data", ICONS / path, "--out", out / "grid.png")
    confusion = 0
    for split in "train", "val":
        scores = vggtrain.json("eval", out, "--split", split, "--json")
        confusion = confusion + np.array(scores["confusion"])
    names = [c["name"] for c in scores["classes"]]
    predicted = np.zeros_like(confusion)
    for name, files in pictures(ICONS / path).items():
        for item in vggtrain.json("predict", out, *files, "--topk", 1, "--json") if files else []:
            predicted[names.index(name), names.index(item["top"][0]["name"])] += 1
    same = (confusion == predicted).all()
    print(f"{path}: {confusion.sum():,} pictures, {len(names)} classes, accuracy {record['val_accuracy']:.4f} after {took:.0f} s, "
          f"predict {'equals' if same else 'DIFFERS from'} eval")
    if not same:
        print(json.dumps({"eval": confusion.tolist(), "predict": predicted.tolist()}))
    return same


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", help="name or file (default: a small VGG)")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trees", action="store_true", help="the themes' own folders instead")
    flags = parser.parse_args()
    with program.Program(flags.binary) as vggtrain:
        if flags.arch is None:
            flags.arch = vggtrain.folder / "small.yaml"
            flags.arch.write_text(SMALL.yaml())
        good = all([tree(vggtrain, path, flags) for path in TREES]) if flags.trees else compare(vggtrain, flags)
    print("as good as it should be" if good else "NOT GOOD ENOUGH")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
