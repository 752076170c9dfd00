"""Measures vggtrain beside other frameworks: images/s and peak memory of the same network.

    python scripts/bench_peers.py --resize 56 --rounds 5 [--seconds 4] [--peers torch,tensorflow:graph]
        [--channels 3] [--eval-only] [--isa avx2] [--markdown|--json]

TensorFlow and PyTorch train and evaluate; OpenVINO and onnxruntime evaluate the network exported to
ONNX. All have the same network (configs/arch/NAME.yaml or a file), batch size and number of threads,
in float32; training is SGD lr 0.01 with the architecture's dropout. The peers are fed one fixed batch
from memory and have no data to prepare; `vggtrain bench` streams real images through its loader.

Each peer is at its best: all of its modes are tried once, in short runs, and only the fastest
for training and the fastest for evaluation take part; PEER:MODE among --peers takes that mode untried.
  torch         channels_last, contiguous, compiled (torch.compile); frozen (TorchScript): evaluation
  tensorflow    graph (tf.function, NHWC, oneDNN as shipped), xla
  openvino      throughput, latency: its performance hints
  onnxruntime   optimised

Each measurement is a process of its own; they take turns, round by round, every second round in
reverse, so that a machine that slows down slows all. A process takes two steps that do not count, then
the counted training steps, then evaluation. Peak memory is the process' at the end of training.
Steps are --steps each, or as many as fill about --seconds, from the short runs.
A table of medians, minima, maxima, and of vggtrain's ratio to each peer: of rates, more than 1 is
faster; of memory, less than 1 is leaner. A peer that cannot run is named and left out.

With --channels 3 the networks are for colour, and those for grey take their turns beside them: "of grey" is
the share of the grey networks' ratio that colour keeps. vggtrain's images are then three times the grey.

--isa avx2 holds all to AVX2: VGGTRAIN_KERNEL, ONEDNN_MAX_CPU_ISA, and for PyTorch's own loops and MKL
ATEN_CPU_CAPABILITY and MKL_ENABLE_INSTRUCTIONS. onnxruntime has no such setting: it is left out.

Requires: the peers that take part (openvino and onnxruntime also torch and onnx, for the export);
numpy, PyYAML, Go (see requirements.txt).
"""

import json
import math
import os
import pathlib
import subprocess
import sys
from statistics import median

import architecture
import program

SCRIPTS = pathlib.Path(__file__).resolve().parent
OURS = "vggtrain"
TRAIN, EVAL, MEMORY = "train", "eval", "memory"
MEASURES = {TRAIN: "train_images_per_second", EVAL: "eval_images_per_second", MEMORY: "peak_rss_bytes"}
# peer → modes, and which of the phases each can do
BOTH = (TRAIN, EVAL)
PEERS = {
    "torch": {"channels_last": BOTH, "contiguous": BOTH, "compiled": BOTH, "frozen": (EVAL,)},
    "tensorflow": {"graph": BOTH, "xla": BOTH},
    "openvino": {"throughput": (EVAL,), "latency": (EVAL,)},
    "onnxruntime": {"optimised": (EVAL,)},
}
AVX2 = {"VGGTRAIN_KERNEL": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
UNLIMITED = {"onnxruntime": "it cannot be held to AVX2"}
PROBE_STEPS = 4  # even: OpenVINO for throughput has two batches under way on two threads


class Bench:
    """The contenders and their records, round by round."""

    def __init__(self, flags, vggtrain):
        self.flags, self.vggtrain = flags, vggtrain
        self.phases = (EVAL,) if flags.eval_only else BOTH
        self.absent = {}    # peer, or peer:mode → why
        self.chosen = {}    # peer → phase → mode
        self.tried = {}     # peer → phase → mode → images/s
        self.steps = {}     # (peer, mode) → steps
        self.records = {}   # (peer, channels) → measure → [value of each round]
        self.versions = {}
        self.ours = None    # vggtrain's latest record of --channels

    def run(self, peer, mode, phases, steps, channels=None):
        """One process' record, or None if it failed: then its reason is kept."""
        flags = self.flags
        arguments = ["--arch", str(architecture.find(flags.arch)), "--resize", flags.resize,
                     "--channels", channels or flags.channels, "--batch-size", flags.batch, "--steps", steps, "--threads", flags.threads]
        if peer == OURS:
            record = self.vggtrain.json("bench", *arguments, "--json")
            if channels in (None, flags.channels):
                self.ours = record
            return record
        if len(phases) == 1:
            arguments.append(f"--{phases[0]}-only")
        done = subprocess.run([sys.executable, SCRIPTS / f"peer_{peer}.py", "--mode", mode, *map(str, arguments)],
                              capture_output=True, text=True)
        if done.returncode == 0:
            record = json.loads(done.stdout.splitlines()[-1])
            self.versions[peer] = record["version"]
            return record
        lines = done.stderr.strip().splitlines()
        self.absent[f"{peer}:{mode}"] = lines[-1] if lines else f"exit status {done.returncode}"
        return None

    def choose(self):
        """Tries the modes of each peer, and keeps the fastest for each phase."""
        for peer in self.flags.peers:
            name, _, fixed = peer.partition(":")
            if self.flags.isa == "avx2" and name in UNLIMITED:
                self.absent[name] = UNLIMITED[name]
                continue
            modes = {fixed: PEERS[name][fixed]} if fixed else PEERS[name]
            tried = self.tried[name] = {phase: {} for phase in self.phases}
            for mode, able in modes.items():
                phases = [phase for phase in self.phases if phase in able]
                record = self.run(name, mode, phases, PROBE_STEPS) if phases else None
                for phase in phases if record else ():
                    tried[phase][mode] = record[MEASURES[phase]]
            best = {phase: max(rates, key=rates.get) for phase, rates in tried.items() if rates}
            if best:
                self.chosen[name] = best
                self.say(f"{name}: " + "; ".join(
                    f"{phase} " + ", ".join(f"{mode} {rate:.0f}" for mode, rate in rates.items())
                    for phase, rates in tried.items() if rates))
        for reason in self.absent.items():
            self.say("%s is left out: %s" % reason)

    def channels(self):
        """The channels that are measured: those asked for last."""
        return sorted({1, self.flags.channels})

    def contenders(self):
        """The processes of a round, each for all channels: (peer, mode, phases)."""
        yield OURS, "", self.phases
        for peer, of in self.chosen.items():
            for mode in dict.fromkeys(of.values()):
                yield peer, mode, [phase for phase in of if of[phase] == mode]

    def plan(self):
        """Sets each contender's steps."""
        for peer, mode, phases in self.contenders():
            self.steps[peer, mode] = self.flags.steps
            if self.flags.seconds:
                if peer == OURS:
                    rate = self.run(peer, mode, phases, PROBE_STEPS)[MEASURES[phases[0]]]
                else:
                    rate = self.tried[peer][phases[0]][mode]
                self.steps[peer, mode] = max(PROBE_STEPS, math.ceil(self.flags.seconds * rate / self.flags.batch))

    def measure(self):
        for turn in range(self.flags.rounds):
            contenders = [(*c, channels) for c in self.contenders() for channels in self.channels()]
            for peer, mode, phases, channels in contenders[::-1] if turn % 2 else contenders:
                record = self.run(peer, mode, phases, self.steps[peer, mode], channels)
                if not record:
                    self.say(f"{peer}:{mode} failed: {self.absent[f'{peer}:{mode}']}")
                    continue
                for measure in (*phases, *([MEMORY] if TRAIN in phases else [])):
                    value = record[MEASURES[measure]]
                    self.records.setdefault((peer, channels), {}).setdefault(measure, []).append(value)
                    shown = f"{value / 2**20:,.0f} MiB" if measure == MEMORY else f"{measure} {value:.1f} images/s"
                    self.say(f"round {turn + 1} {peer} {mode} {channels} channels: {shown}")

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def results(self):
        """peer → measure → {median, min, max, ratio}, and for colour of_grey: the ratio by grey's."""
        def ratio(peer, channels, m):
            return median(self.records[OURS, channels][m]) / median(self.records[peer, channels][m])

        found = {}
        for (peer, channels), of in self.records.items():
            if channels != self.flags.channels:
                continue
            found[peer] = {m: {"median": median(v), "min": min(v), "max": max(v), "ratio": ratio(peer, channels, m)}
                           for m, v in of.items()}
            for m in of:
                if channels > 1 and m in self.records.get((peer, 1), {}):
                    found[peer][m]["of_grey"] = found[peer][m]["ratio"] / ratio(peer, 1, m)
        return found

    def document(self):
        """Everything, for --json."""
        flags = self.flags
        return {"arch": flags.arch, "resize": flags.resize, "channels": flags.channels, "batch": flags.batch, "threads": flags.threads,
                "rounds": flags.rounds, "isa": flags.isa, "versions": self.versions, "modes": self.chosen,
                "tried": self.tried, "steps": {f"{p}:{m}" if m else p: n for (p, m), n in self.steps.items()},
                "kernel": self.ours["kernel"], "train_gflops": self.ours["train_gflops"],
                "peak_gflops": self.ours["peak_gflops"], "absent": self.absent, "results": self.results()}


def rows(results, phases):
    """The table's cells, a header first."""
    columns = [(m, f"{m} img/s") for m in phases] + ([(MEMORY, "peak MiB")] if TRAIN in phases else [])
    colour = any("of_grey" in m for of in results.values() for m in of.values())
    header = [""]
    for measure, title in columns:
        header += [title, "memory"] if measure == MEMORY else [title, "min-max", "speed-up"]
        header += ["of grey"] if colour else []
    yield header
    for peer, of in results.items():
        row = [peer]
        for measure, _ in columns:
            m = of.get(measure)
            if not m:
                row += [""] * (2 if measure == MEMORY else 3)
            elif measure == MEMORY:
                row += [f"{m['median'] / 2**20:,.0f}", ratio(peer, m)]
            else:
                row += [f"{m['median']:.1f}", f"{m['min']:.1f}-{m['max']:.1f}", ratio(peer, m)]
            if colour:
                row.append(f"{m['of_grey']:.2f}" if m and "of_grey" in m and peer != OURS else "")
        yield row


def ratio(peer, measure):
    return "" if peer == OURS else f"{measure['ratio']:.2f} x"


def show(document, phases, markdown):
    """The text that people read: the setting, the table, what it takes to understand it."""
    print("; ".join([f"{document['arch']}, {document['channels']}×{document['resize']}×{document['resize']}, batch {document['batch']}, "
                     f"{document['threads']} threads, medians over {document['rounds']} rounds",
                     f"vggtrain {document['kernel']}",
                     *(f"{peer} {document['versions'][peer]} ({modes(of)})" for peer, of in document["modes"].items())]) + "\n")
    table = list(rows(document["results"], phases))
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for number, row in enumerate(table):
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        print(f"| {' | '.join(cells)} |" if markdown else "  ".join(cells).rstrip())
        if markdown and number == 0:
            print("|---|" + "---:|" * (len(row) - 1))
    if TRAIN in phases:
        print(f"\nvggtrain trains at {document['train_gflops']:.0f} GFLOP/s by the direct count, "
              f"{document['train_gflops'] / document['peak_gflops']:.2f} x the multiply-add peak of "
              f"{document['peak_gflops']:.0f} measured in its last run")
    for name, reason in document["absent"].items():
        print(f"\n{name} is left out: {reason}")


def modes(of):
    """The mode, or that of each phase: "train graph, eval xla"."""
    if len(set(of.values())) == 1:
        return next(iter(of.values()))
    return ", ".join(f"{phase} {mode}" for phase, mode in of.items())


def peers(text):
    """--peers: a list of PEER and PEER:MODE."""
    names = text.split(",")
    for name in names:
        peer, _, mode = name.partition(":")
        if peer not in PEERS or mode and mode not in PEERS[peer]:
            raise ValueError
    return names


def parse_flags():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--channels", type=int, choices=[1, 3], default=1, help="1: grey, 3: colour, beside grey")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="counted steps of each phase")
    parser.add_argument("--seconds", type=float, help="instead of --steps: about so long for the first phase")
    parser.add_argument("--peers", type=peers, default=list(PEERS), help=f"of {','.join(PEERS)}, or PEER:MODE")
    parser.add_argument("--eval-only", action="store_true", help="compare evaluation alone")
    parser.add_argument("--isa", choices=["avx2"], help="hold all to these instructions")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    flags = parse_flags()
    if flags.isa == "avx2":
        os.environ.update(AVX2)
    with program.Program(flags.binary) as vggtrain:
        bench = Bench(flags, vggtrain)
        bench.choose()
        bench.plan()
        bench.measure()
    document = bench.document()
    if flags.json:
        json.dump(document, sys.stdout, indent=1)
        print()
    else:
        show(document, bench.phases, flags.markdown)


if __name__ == "__main__":
    main()
