"""Measures what saving costs a training: the same run with `--checkpoint-every` and without, in turns.

    python scripts/bench_saving.py [--resize 56] [--every 50] [--steps 301] [--rounds 3] [--data DIR]

Compared is the time from the end of the first step to the end of the last, by the `seconds` in
steps.jsonl: a step's lasts from the end of the step before, so what a save takes of the training is
in it. Both runs stay within their first epoch. Prints each pair, the median cost, and the peak
memory of both.

Where a machine's speed drifts by more than a save costs, that comparison needs many rounds. So the
cost is also taken within the runs: how much longer the first half of the steps between two saves took
than as many times the median of the second half, when the save is over; less what the same figure is
in the runs that do not save.
"""

import json
import subprocess
from statistics import median

import architecture
import program


def train(command, folder):
    """The seconds of each step, and the final record."""
    done = subprocess.run([*command, "--out", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    steps = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    return [step["seconds"] for step in steps], json.loads(done.stdout)


def excess(seconds, every):
    """How much longer steps took after each save, as shares of the time between two saves."""
    for save in range(every, len(seconds) - every + 1, every):
        first, second = seconds[save:save + every // 2], seconds[save + every // 2:save + every]
        yield (sum(first) - len(first) * median(second)) / (every * median(second))


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", default="auto", help="auto, sample or a folder")
    parser.add_argument("--every", type=int, default=50, help="steps between two saves")
    parser.add_argument("--steps", type=int, default=301)
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    with program.Program(flags.binary) as vggtrain:
        command = [*vggtrain.command("fit"), "--arch", str(architecture.find(flags.arch)), "--resize", str(flags.resize),
                   "--batch-size", str(flags.batch), "--threads", str(flags.threads), "--data", flags.data,
                   "--max-steps", str(flags.steps), "--limit-val", "1", "--json"]
        costs, within, peaks = [], {"without": [], "with": []}, {}
        for round in range(flags.rounds):
            seconds = {}
            kinds = {"without": [], "with": ["--checkpoint-every", str(flags.every)]}
            for kind in reversed(kinds) if round % 2 else kinds:
                steps, record = train([*command, *kinds[kind]], vggtrain.folder / f"{kind}{round}")
                seconds[kind] = sum(steps[1:])
                within[kind] += excess(steps, flags.every)
                peaks[kind] = record["peak_rss_bytes"]
            costs.append(seconds["with"] / seconds["without"] - 1)
            print(f"without {seconds['without']:.2f} s, with {seconds['with']:.2f} s: {costs[-1]:+.2%}", flush=True)
    print(f"{flags.arch}, {flags.resize}×{flags.resize}, batch {flags.batch}, {flags.threads} threads, "
          f"vggtrain {record['kernel']}, data: {record['data']}")
    print(f"a save every {flags.every} steps costs {median(costs):+.2%}, within the runs "
          f"{median(within['with']):+.2%} less {median(within['without']):+.2%}; "
          f"peak memory {peaks['without'] / 2**20:.0f} MiB without, {peaks['with'] / 2**20:.0f} MiB with")


if __name__ == "__main__":
    main()
