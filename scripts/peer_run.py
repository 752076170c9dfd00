"""What the two peers of bench_peers.py share: their flags, the stopwatch, the record they print.

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


def parse_flags(description):
    """The flags that bench_peers.py gives to every peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10, help="measured steps of each phase")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--channels-last", action="store_true", help="PyTorch's memory format")
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


def images_per_second(step, steps, batch):
    """Runs step() for warm-up, then `steps` times. step must return when its work is done."""
    for _ in range(WARMUP_STEPS):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return batch * steps / (time.perf_counter() - start)


def measure(flags, train_step, eval_step, version):
    """Measures both phases and prints the record, with `vggtrain bench`'s field names."""
    train = images_per_second(train_step, flags.steps, flags.batch_size)
    peak = peak_bytes()
    evaluation = images_per_second(eval_step, flags.steps, flags.batch_size)
    json.dump({"train_images_per_second": train, "eval_images_per_second": evaluation,
               "peak_rss_bytes": peak, "version": version}, sys.stdout)
    print()
