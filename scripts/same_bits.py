"""Whether this checkout trains to the same bits as another commit.

    python scripts/same_bits.py [--base 0f3a391] [--work DIR] [CASE ...]

Builds both programs, trains the same runs with each, and compares the tensors of checkpoint.bin and
best.bin, and the losses of steps.jsonl, bit for bit. The base's runs stay in --work for the next time.
"""

import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
AVERAGE = """name: average
layers:
  - conv: {out: 8, kernel: 5, padding: 2}
  - sigmoid
  - avgpool: {kernel: 2}
  - conv: {out: 16, kernel: 3, stride: 2, padding: 1}
  - relu
  - avgpool: {kernel: 3, stride: 2}
  - flatten
  - linear: 64
  - relu
  - dropout: 0.25
  - linear: classes
"""

# name: (environment, arguments of fit); {average} is the file above
SMALL = "--arch vgg11-small --resize 56"
CASES = {
    "fast": ({}, f"{SMALL} --max-steps 60"),
    "d2l": ({}, "--arch vgg11-small --recipe d2l --max-steps 3"),
    "lenet": ({}, "--arch lenet --resize 28 --max-steps 20 --limit-val 1000"),
    "alexnet": ({}, "--arch alexnet --resize 224 --batch-size 16 --max-steps 3 --limit-val 64"),
    "average": ({}, "--arch {average} --resize 28 --max-steps 20 --val 500"),
    "plain": ({}, f"{SMALL} --momentum 0 --nesterov=false --clip-norm 0.5 --label-smoothing 0.1 --augment crop,flip"
                  " --max-steps 12 --limit-val 500 --normalize none"),
    "epochs": ({}, f"{SMALL} --limit-train 1000 --limit-val 500 --epochs 3 --batch-size 96 --checkpoint-every 3 --threads 1"),
    "avx2": ({"VGGTRAIN_KERNEL": "avx2"}, f"{SMALL} --max-steps 12 --limit-val 500"),
    "generic": ({"VGGTRAIN_KERNEL": "generic"}, f"{SMALL} --batch-size 16 --max-steps 3 --limit-val 32"),
}
RESUMED = f"{SMALL} --limit-train 4000 --limit-val 500 --max-steps 20"  # inside the first epoch
RESUME_UNTIL = "--max-steps 40"  # inside the second


def build(source, target):
    subprocess.run(["go", "build", "-o", target, "./cmd/vggtrain"], cwd=source, check=True)


def build_base(commit, target):
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        build(folder, target)


def fit(program, arguments, environment):
    done = subprocess.run([program, "fit", *arguments, "--json"], capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        sys.exit(f"{program} fit {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")


def run(program, case, folder, work):
    """Trains a case into folder, unless it is there."""
    if (folder / "best.bin").exists():
        return
    environment, arguments = CASES[case]
    average = work / "average.yaml"
    average.write_text(AVERAGE)
    fit(program, [*arguments.format(average=average).split(), "--seed", "7", "--out", str(folder)], environment)


def tensors(path):
    """The bytes of each tensor by name; the optimiser's by today's name."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if name.startswith("optimizer/") and name.count("/") == 1:
            name = name.replace("optimizer/", "optimizer/momentum/")
        first, last = entry["data_offsets"]
        found[name] = (entry["shape"], data[8 + size + first : 8 + size + last])
    return found


def losses(path):
    return [(s["epoch"], s["step"], s["loss"], s["lr"], s["images"]) for s in map(json.loads, path.read_text().splitlines())]


def compare(name, base, ours):
    wrong = []
    count = 0
    for file in ("checkpoint.bin", "best.bin"):
        a, b = tensors(base / file), tensors(ours / file)
        if a.keys() != b.keys():
            wrong.append(f"{file}: names differ: {sorted(a.keys() ^ b.keys())[:6]}")
        wrong += [f"{file}: {key}" for key in a.keys() & b.keys() if a[key] != b[key]]
        count += len(a)
    a, b = losses(base / "steps.jsonl"), losses(ours / "steps.jsonl")
    if a != b:
        wrong.append(f"steps.jsonl: {sum(x != y for x, y in zip(a, b))} of {len(a)} steps, {len(b)} lines")
    print(f"{name}: " + ("; ".join(wrong[:6]) if wrong else f"same bits: {count} tensors, {len(a)} losses"), flush=True)
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="0f3a391")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "vggtrain-same-bits")
    parser.add_argument("cases", nargs="*", help="of " + ", ".join([*CASES, "resume"]))
    options = parser.parse_args()
    cases = options.cases or [*CASES, "resume"]
    base = options.work / options.base
    base.mkdir(parents=True, exist_ok=True)
    old, new = str(base / "vggtrain"), str(options.work / "vggtrain")
    if not os.path.exists(old):
        build_base(options.base, old)
    build(ROOT, new)
    good = True
    for case in [c for c in cases if c in CASES]:
        run(old, case, base / case, options.work)
        with tempfile.TemporaryDirectory(dir=options.work) as folder:
            run(new, case, pathlib.Path(folder) / case, options.work)
            good &= compare(case, base / case, pathlib.Path(folder) / case)
    if "resume" in cases:
        begun = base / "begun"
        if not (begun / "best.bin").exists():
            fit(old, [*RESUMED.split(), "--seed", "7", "--out", str(begun)], {})
        resumed = base / "resumed"
        if not (resumed / "best.bin").exists():
            shutil.copytree(begun, resumed)
            fit(old, ["--resume", str(resumed), *RESUME_UNTIL.split()], {})
        with tempfile.TemporaryDirectory(dir=options.work) as folder:
            ours = pathlib.Path(folder) / "resumed"
            shutil.copytree(begun, ours)
            fit(new, ["--resume", str(ours), *RESUME_UNTIL.split()], {})
            good &= compare("resume", resumed, ours)
    sys.exit(0 if good else 1)


main()
