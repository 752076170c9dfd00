#!/usr/bin/env python3
"""Reads the event files of `vggtrain fit --tensorboard` with TensorBoard's own readers.

    python scripts/check_tensorboard.py           train, kill, resume, and compare every point
    python scripts/check_tensorboard.py golden    write internal/tensorboard/testdata/golden.tfevents
                                                  by TensorBoard's own classes: the Go test compares

Each run is read with EventAccumulator, once by a reader that has looked on while it was killed and
resumed and once by a fresh one, and what TensorBoard's data server shows is asked over HTTP. The
curves must be those of steps.jsonl and metrics.csv: the same steps in order, none twice, each value
equal to the float32 of what stands there. Exits with 1 on a difference.

Requires: tensorboard, numpy, Go (see requirements.txt).
"""

import csv
import json
import logging
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

import program
from architecture import ROOT

TAGS = ["accuracy/val", "loss/train", "loss/val", "lr"]


def reader(folder):
    return EventAccumulator(str(folder), size_guidance={"scalars": 0})  # 0: all points


def curves(accumulator):
    """{tag: [(step, value)]} of what a reader knows once it has read what there is."""
    accumulator.Reload()
    return {tag: [(e.step, e.value) for e in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]}


def written(folder):
    """The same of steps.jsonl and metrics.csv."""
    steps = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    with open(folder / "metrics.csv") as lines:
        epochs = {int(row["epoch"]): row for row in csv.DictReader(lines)}
    last = {step["epoch"]: step["step"] for step in steps}
    float32 = lambda value: float(np.float32("nan" if value is None else value))
    return {
        "loss/train": [(s["step"], float32(s["loss"])) for s in steps],
        "lr": [(s["step"], float32(s["lr"])) for s in steps],
        "loss/val": [(last[n], float32(row["val_loss"])) for n, row in epochs.items()],
        "accuracy/val": [(last[n], float32(row["val_accuracy"])) for n, row in epochs.items()],
    }


def compare(what, got, want):
    for tag in TAGS:
        if got.get(tag, []) != want[tag]:
            odd = [pair for pair in zip(got.get(tag, []), want[tag]) if pair[0] != pair[1]][:3]
            sys.exit(f"{what}: {tag}: {len(got.get(tag, []))} points, {len(want[tag])} written; the first others: {odd}")
    if sorted(got) != TAGS:
        sys.exit(f"{what}: curves {sorted(got)}")
    print(f"{what}: {', '.join(f'{tag} {len(got[tag])}' for tag in TAGS)} points, all equal", flush=True)


def served(folder, fast):
    """What the TensorBoard program shows of a folder: by its data server, or by the Python reader."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    base = f"http://127.0.0.1:{port}/data/plugin/scalars"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port), "--host", "127.0.0.1",
               f"--load_fast={'true' if fast else 'false'}", "--samples_per_plugin", "scalars=100000"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            time.sleep(0.2)
            try:
                tags = json.load(urllib.request.urlopen(f"{base}/tags")).get(".", {})
            except OSError:
                continue
            if set(tags) == set(TAGS):
                break
        time.sleep(1)  # it has read all by now
        ask = lambda tag: json.load(urllib.request.urlopen(f"{base}/scalars?run=.&tag={urllib.parse.quote(tag)}"))
        return {tag: [(step, value) for _, step, value in ask(tag)] for tag in tags}
    finally:
        server.terminate()
        server.wait()


def train(vggtrain, folder, *more):
    return subprocess.Popen(vggtrain.command("fit", *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=vggtrain.folder)


def lines(folder):
    path = folder / "steps.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed_and_resumed(vggtrain, folder, kills, live):
    """A run that is killed so often, and each time resumed; live looks on."""
    more = ["--arch", "vgg11-small", "--data", "sample", "--resize", 32, "--batch-size", 32, "--limit-train", 1600,
            "--limit-val", 200, "--epochs", 4, "--checkpoint-every", 20, "--tensorboard", "--out", folder]
    orphans = 0
    for _ in range(kills):
        begin = lines(folder)
        run = train(vggtrain, folder, *more)
        while lines(folder) < min(begin + random.randint(10, 60), 190) and run.poll() is None:
            time.sleep(0.002)
        run.send_signal(signal.SIGKILL)
        run.wait()
        there = lines(folder)
        curves(live)
        more = ["--resume", folder]
        begin = there
        orphans += there % 20  # about: a save every 20 steps
    if train(vggtrain, folder, *more).wait() != 0:
        sys.exit(f"{folder}: the run has failed")
    return orphans


def golden():
    """The events of internal/tensorboard's TestGolden, file after file."""
    def event(seconds, **fields):
        return event_pb2.Event(wall_time=1700000000.25 + seconds, **fields)

    def scalars(seconds, step, **values):
        value = [summary_pb2.Summary.Value(tag=tag.replace("_", "/"), simple_value=v) for tag, v in values.items()]
        return event(seconds, step=step, summary=summary_pb2.Summary(value=value))

    version, start = "brain.Event:2", event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    events = [
        event(0, file_version=version), scalars(1, 1, loss_train=2.302585, lr=0.01),
        scalars(2, 2, loss_train=float("nan"), lr=0), scalars(3, 1 << 40, loss_val=float("inf"), accuracy_val=0),
        event(4, file_version=version), event(4, step=300, session_log=start), scalars(5, 300, loss_train=-1),
    ]
    with open(ROOT / "internal/tensorboard/testdata/golden.tfevents", "wb") as file:
        writer = RecordWriter(file)
        for e in events:
            writer.write(e.SerializeToString())
        writer.flush()


def main():
    parser = program.flags(__doc__)
    parser.add_argument("what", nargs="?", choices=["runs", "golden"], default="runs")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what == "golden":
        return golden()
    random.seed(args.seed)
    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it tells of each file that is gone and each restart
    with program.Program(args.binary) as vggtrain:
        whole = vggtrain.folder / "whole"
        if train(vggtrain, whole, "--arch", "vgg11-small", "--data", "sample", "--resize", 32, "--limit-train", 1000,
                 "--limit-val", 200, "--batch-size", 32, "--epochs", 2, "--tensorboard", "--out", whole).wait() != 0:
            sys.exit(f"{whole}: the run has failed")
        compare("a run", curves(reader(whole)), written(whole))
        resumed = vggtrain.folder / "resumed"
        resumed.mkdir()
        live = reader(resumed)
        orphans = killed_and_resumed(vggtrain, resumed, args.kills, live)
        files = len(list(resumed.glob("*tfevents*")))
        print(f"{args.kills} kills, some {orphans} steps done again, {files} event files")
        compare("a reader that looked on", curves(live), written(resumed))
        compare("a fresh reader", curves(reader(resumed)), written(resumed))
        for fast in (False, True):
            compare(f"tensorboard --load_fast={fast}", served(resumed, fast), written(resumed))


if __name__ == "__main__":
    main()
