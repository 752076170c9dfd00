"""Measures the way from nothing to a trained epoch: installing, and one epoch of vgg11-small.

    python scripts/bench_first_epoch.py [--contenders vggtrain,torch,tensorflow] [--data DIR]

Each contender starts in an empty home with empty caches and has the network's address only:
  vggtrain      git clone of this tree, go build (it downloads its modules), vggtrain fit
  torch         python -m venv, pip install torch, peer_epoch.py
  tensorflow    python -m venv, pip install tensorflow-cpu, peer_epoch.py
What is there before is Go, Python, git, and the four files of Fashion-MNIST. All train one epoch of
the 60,000 images at 56×56, batch 128, on all cores, with the same optimiser settings, and score the
10,000. How long the downloads take depends on the line: they are part of it, and told apart.

Prints for each: seconds to get and install, seconds of the program from its start to the scored
epoch, their sum; what is on the disk then; the program's peak memory; its accuracy.
Requires: Go, git, Python with venv; a network.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import fashion_images
from architecture import ROOT

SCRIPTS = ROOT / "scripts"
PACKAGES = {"torch": ["torch"], "tensorflow": ["tensorflow-cpu"]}
ALSO = ["numpy", "pillow", "PyYAML"]  # of peer_epoch.py


def timed(command, home, **more):
    """Runs a command in a home of its own; its seconds and output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GO", "PIP_CACHE", "PYTHON", "XDG_", "VIRTUAL_ENV"))}
    for name in ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOFLAGS"):  # where modules come from, not what is here
        if name in os.environ:
            environment[name] = os.environ[name]
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], env={**environment, "HOME": str(home)},
                          stdout=subprocess.PIPE, text=True, check=True, **more)
    return time.perf_counter() - start, done.stdout


def on_disk(folder):
    """Bytes that a folder takes."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def vggtrain(home, data):
    """Clone, build, train."""
    get, _ = timed(["git", "clone", "--quiet", ROOT, home / "clone"], home)
    build, _ = timed(["go", "build", "./cmd/vggtrain"], home, cwd=home / "clone")
    disk = on_disk(home)
    run, output = timed([home / "clone" / "vggtrain", "fit", "--arch", "vgg11-small", "--epochs", "1", "--data", data, "--json",
                         "--out", home / "run"], home, cwd=home)
    record = json.loads(output)
    binary = (home / "clone" / "vggtrain").stat().st_size
    return {"install": get + build, "run": run, "disk": disk, "memory": record["peak_rss_bytes"],
            "accuracy": record["val_accuracy"], "note": f"the program alone {binary / 2**20:.0f} MiB"}


def peer(framework):
    """Returns what installs a framework and trains with it."""
    def measure(home, data):
        venv, _ = timed([sys.executable, "-m", "venv", home / "venv"], home)
        python = home / "venv" / "bin" / "python"
        pip, _ = timed([python, "-m", "pip", "install", "--quiet", *PACKAGES[framework], *ALSO], home, stderr=subprocess.DEVNULL)
        shutil.rmtree(home / ".cache", ignore_errors=True)  # pip's own copies of the packages
        disk = on_disk(home)
        run, output = timed([python, SCRIPTS / "peer_epoch.py", "--framework", framework, "--data", data], home)
        record = json.loads(output.splitlines()[-1])
        return {"install": venv + pip, "run": run, "disk": disk, "memory": record["peak_rss_bytes"],
                "accuracy": record["accuracy"], "note": f"{framework} {record['version']}"}
    return measure


CONTENDERS = {"vggtrain": vggtrain, "torch": peer("torch"), "tensorflow": peer("tensorflow")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contenders", type=lambda text: text.split(","), default=list(CONTENDERS))
    parser.add_argument("--data", default="auto", help="auto or a folder of all 60,000 images")
    flags = parser.parse_args()
    data = fashion_images.folder(flags.data).resolve()
    print("| | installed after | one epoch takes | in all | on the disk | peak memory | accuracy | |\n|---|---:|---:|---:|---:|---:|---:|---|")
    for name in flags.contenders:
        with tempfile.TemporaryDirectory(prefix="first-epoch-") as folder:
            home = pathlib.Path(folder)
            r = CONTENDERS[name](home, data)
            subprocess.run(["chmod", "-R", "u+w", home], check=True)  # Go's module cache is read-only
        print(f"| {name} | {r['install']:.0f} s | {r['run']:.0f} s | {r['install'] + r['run']:.0f} s | {r['disk'] / 2**20:,.0f} MiB "
              f"| {r['memory'] / 2**20:,.0f} MiB | {r['accuracy']:.3f} | {r['note']} |", flush=True)


if __name__ == "__main__":
    main()
