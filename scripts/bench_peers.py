"""Measures vggtrain beside TensorFlow and PyTorch: images/s and peak memory of the same training.

    python scripts/bench_peers.py --resize 56 --rounds 5 [--seconds 4] [--peers torch,tensorflow] [--markdown|--json]

All train the same network (configs/arch/NAME.yaml or a file) with the same batch size and number of
threads, SGD lr 0.01 and the architecture's dropout. The peers are fed one fixed batch from memory and
have no data to prepare; `vggtrain bench` streams real images through its loader. TensorFlow is tf.nn
in a tf.function without XLA, oneDNN as shipped; PyTorch runs in both of its memory formats, and "torch"
is the one that trains faster.

Each measurement is a process of its own; they take turns, round by round, every second round in
reverse, so that a machine that slows down slows all. A process takes two steps that do not count, then
the counted training steps, then evaluation. Peak memory is the process' at the end of training.
Steps are --steps each, or as many as fill about --seconds, from a short run of each beforehand.
A table of medians, minima, maxima, and of vggtrain's ratio to each peer: of rates, more than 1 is
faster; of memory, less than 1 is leaner. A peer that cannot run is named and left out.

Requires: torch and tensorflow, or one of them; numpy, PyYAML, Go (see requirements.txt). torch.set_num_threads
and TensorFlow's intra-op threads are set to --threads.
"""

import json
import math
import pathlib
import subprocess
import sys
from statistics import median

import architecture
import program

SCRIPTS = pathlib.Path(__file__).resolve().parent
PEERS = {
    "torch": {"torch": ["peer_torch.py"], "torch channels_last": ["peer_torch.py", "--channels-last"]},
    "tensorflow": {"tensorflow": ["peer_tensorflow.py"]},
}
MEASURES = {"train": "train_images_per_second", "eval": "eval_images_per_second", "memory": "peak_rss_bytes"}
PROBE_STEPS = 3


class Bench:
    """The contenders and their records, round by round."""

    def __init__(self, flags, vggtrain):
        self.flags, self.vggtrain = flags, vggtrain
        self.contenders = {"vggtrain": None}
        for peer in flags.peers.split(","):
            self.contenders |= PEERS[peer]
        self.steps, self.records, self.absent = {}, {}, {}

    def run(self, name, steps):
        """One process' record, or None if a peer failed: then it is out."""
        flags = self.flags
        arguments = ["--arch", str(architecture.find(flags.arch)), "--resize", flags.resize,
                     "--batch-size", flags.batch, "--steps", steps, "--threads", flags.threads]
        if name == "vggtrain":
            return self.vggtrain.json("bench", *arguments, "--json")
        script, *more = self.contenders[name]
        done = subprocess.run([sys.executable, SCRIPTS / script, *more, *map(str, arguments)],
                              capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        lines = done.stderr.strip().splitlines()
        self.absent[name] = lines[-1] if lines else f"exit status {done.returncode}"
        print(f"{name} cannot run: {self.absent[name]}", file=sys.stderr)
        return None

    def probe(self):
        """Chooses each contender's steps."""
        for name in self.contenders:
            self.steps[name] = self.flags.steps
            if self.flags.seconds:
                record = self.run(name, PROBE_STEPS)
                if record:
                    rate = record[MEASURES["train"]] / self.flags.batch
                    self.steps[name] = max(PROBE_STEPS, math.ceil(self.flags.seconds * rate))

    def measure(self):
        for turn in range(self.flags.rounds):
            names = list(self.contenders)
            for name in names[::-1] if turn % 2 else names:
                record = None if name in self.absent else self.run(name, self.steps[name])
                if record:
                    self.records.setdefault(name, []).append(record)
                    print(f"round {turn + 1} {name}: train {record[MEASURES['train']]:.1f}, "
                          f"eval {record[MEASURES['eval']]:.1f} images/s, "
                          f"{record[MEASURES['memory']] / 2**20:,.0f} MiB", file=sys.stderr, flush=True)

    def results(self):
        """name → measure → {median, min, max, ratio}; PyTorch's faster format alone is "torch"."""
        values = {name: {m: [r[field] for r in records] for m, field in MEASURES.items()}
                  for name, records in self.records.items()}
        formats = [name for name in PEERS["torch"] if name in values]
        if formats:
            best = max(formats, key=lambda name: median(values[name]["train"]))
            for name in set(formats) - {best}:
                del values[name]
        ours = values["vggtrain"]
        return {name: {m: {"median": median(v), "min": min(v), "max": max(v),
                           "ratio": median(ours[m]) / median(v)} for m, v in of.items()}
                for name, of in values.items()}


def rows(results):
    """The table's cells, a header first."""
    yield ["", "train img/s", "min-max", "vggtrain is", "eval img/s", "min-max", "vggtrain is", "peak MiB", "vggtrain is"]
    for name, of in results.items():
        train, evaluation, memory = of["train"], of["eval"], of["memory"]
        row = [name]
        for m in (train, evaluation):
            row += [f"{m['median']:.1f}", f"{m['min']:.1f}-{m['max']:.1f}", ratio(name, m)]
        yield row + [f"{memory['median'] / 2**20:,.0f}", ratio(name, memory)]


def ratio(name, measure):
    return "" if name == "vggtrain" else f"{measure['ratio']:.2f} x"


def show(results, markdown):
    table = list(rows(results))
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for number, row in enumerate(table):
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        print(f"| {' | '.join(cells)} |" if markdown else "  ".join(cells))
        if markdown and number == 0:
            print("|---|" + "---:|" * (len(row) - 1))


def parse_flags():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="counted steps of each phase")
    parser.add_argument("--seconds", type=float, help="instead of --steps: about so long for training")
    parser.add_argument("--peers", default="torch,tensorflow", help="of torch,tensorflow")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    unknown = set(flags.peers.split(",")) - set(PEERS)
    if unknown:
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; known: {', '.join(PEERS)}")
    return flags


def main():
    flags = parse_flags()
    with program.Program(flags.binary) as vggtrain:
        bench = Bench(flags, vggtrain)
        bench.probe()
        bench.measure()
    results = bench.results()
    ours = bench.records["vggtrain"][-1]
    versions = {name: bench.records[name][-1]["version"] for name in bench.records if name != "vggtrain"}
    setting = {"arch": flags.arch, "resize": flags.resize, "batch": flags.batch, "threads": flags.threads,
               "rounds": flags.rounds, "steps": bench.steps, "versions": versions, "kernel": ours["kernel"],
               "peak_gflops": ours.get("peak_gflops"), "absent": bench.absent}
    if flags.json:
        json.dump({**setting, "results": results}, sys.stdout, indent=1)
        print()
        return
    print("; ".join([f"{flags.arch}, {flags.resize}×{flags.resize}, batch {flags.batch}, {flags.threads} threads, "
                     f"medians over {flags.rounds} rounds", f"vggtrain {ours['kernel']}",
                     *(f"{name} {version}" for name, version in versions.items())]) + "\n")
    show(results, flags.markdown)
    for name, reason in bench.absent.items():
        print(f"\n{name} could not run: {reason}")


if __name__ == "__main__":
    main()
