"""What the peers of bench_peers.py share: their flags, the stopwatch, the record they print.

A peer runs in a process of its own: `python peer_torch.py --arch vgg11-small --resize 56 ...`.
Training is measured first, and the memory peak is read before evaluation begins.
"""

import argparse
import json
import pathlib
import resource
import sys
import time

WARMUP_STEPS = 2  # not counted, as in `vggtrain bench`


def parse_flags(description, modes):
    """The flags that bench_peers.py gives to every peer; the first of modes is the default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--channels", type=int, default=1, help="1: grey, 3: colour")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10, help="measured steps of each phase")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--train-only", action="store_true", help="do not evaluate")
    parser.add_argument("--eval-only", action="store_true", help="do not train")
    return parser.parse_args()


def peak_bytes():
    """Peak resident memory of this process so far."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def in_turn(step):
    """A phase for measure: step() returns when its work is done."""
    def run(steps):
        for _ in range(steps):
            step()
    return run


def images_per_second(run, steps, batch):
    """Lets run(steps) do the warm-up, then `steps` steps. It must return when all are done."""
    run(WARMUP_STEPS)
    start = time.perf_counter()
    run(steps)
    return batch * steps / (time.perf_counter() - start)


def measure(flags, version, evaluator, trainer=None):
    """Measures the phases that are there and asked for, training first, and prints the record,
    with `vggtrain bench`'s field names. trainer() and evaluator() make a phase's run(steps) when
    its turn comes, so that evaluation's memory is no part of training's peak."""
    record = {"version": version}
    if trainer and not flags.eval_only:
        record["train_images_per_second"] = images_per_second(trainer(), flags.steps, flags.batch_size)
        record["peak_rss_bytes"] = peak_bytes()
    if not flags.train_only:
        record["eval_images_per_second"] = images_per_second(evaluator(), flags.steps, flags.batch_size)
    json.dump(record, sys.stdout)
    print()
