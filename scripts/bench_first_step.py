"""Measures how long `vggtrain fit` takes from the start of its process to the end of its first step.

    python scripts/bench_first_step.py [--resize 56] [--runs 5] [--data DIR]

That is until the first line of steps.jsonl is there: the program has started, read and checked the
data, made the weights, built the graph, and trained one batch. A first run that does not count
brings the files into the page cache. Prints the times, their median, and the data that was used.
"""

import json
import pathlib
import subprocess
import time
from statistics import median

import architecture
import program

POLL_SECONDS = 0.0005


def first_step(command, folder):
    """The seconds until the first line, and the final record."""
    lines = folder / "steps.jsonl"
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--out", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (lines.exists() and lines.read_text().endswith("\n")):
        time.sleep(POLL_SECONDS)
    took = time.perf_counter() - start
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"vggtrain fit: exit status {process.returncode}")
    return took, json.loads(output)


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", default="auto", help="auto, sample or a folder")
    parser.add_argument("--runs", type=int, default=5)
    flags = parser.parse_args()
    with program.Program(flags.binary) as vggtrain:
        command = [*vggtrain.command("fit"), "--arch", str(architecture.find(flags.arch)), "--resize", str(flags.resize),
                   "--batch-size", str(flags.batch), "--threads", str(flags.threads), "--data", flags.data,
                   "--max-steps", "1", "--limit-val", "1", "--json"]
        times = []
        for run in range(flags.runs + 1):
            took, record = first_step(command, pathlib.Path(vggtrain.folder) / f"run{run}")
            if run > 0:
                times.append(took)
    print(f"{flags.arch}, {flags.resize}×{flags.resize}, batch {flags.batch}, {flags.threads} threads, "
          f"vggtrain {record['kernel']}, data: {record['data']}")
    print(f"first step ends after {median(times):.3f} s (" + ", ".join(f"{t:.3f}" for t in sorted(times)) + ")")


if __name__ == "__main__":
    main()
