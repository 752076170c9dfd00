"""Measures how vggtrain's speed depends on the batch size and on the number of threads.

    python scripts/bench_scaling.py --resize 224 [--batches 64,128,256] [--threads 1,2,4,8] [--rounds 3]

One sweep over batch sizes, with the threads of --at-threads, and one over threads, with batches of
--at-batch; --batches "" or --threads "" leaves a sweep out. Every setting trains and evaluates the
same number of images, in a process of its own; settings take turns, round by round, every second round
in reverse. Medians, and their ratio to the sweep's first setting. More threads than
cores are allowed: results are the same bits, and speed should not collapse.
"""

from statistics import median

import architecture
import program

MEASURES = ("train_images_per_second", "eval_images_per_second", "peak_rss_bytes")


def measure(flags, vggtrain):
    """setting → measure → values, a setting being (batch, threads)."""
    settings = [(batch, flags.at_threads) for batch in flags.batches] + [(flags.at_batch, n) for n in flags.threads]
    records = {setting: {m: [] for m in MEASURES} for setting in settings}
    for turn in range(flags.rounds):
        for batch, threads in list(records)[::-1] if turn % 2 else records:
            record = vggtrain.json("bench", "--arch", str(architecture.find(flags.arch)), "--resize", flags.resize,
                                   "--batch-size", batch, "--threads", threads,
                                   "--steps", max(2, round(flags.images / batch)), "--json")
            for m in MEASURES:
                records[batch, threads][m].append(record[m])
    return records


def show(title, settings, records, label):
    """A sweep as a Markdown table."""
    if not settings:
        return
    print(f"\n| {title} | train img/s | | eval img/s | | peak MiB |\n|---:|---:|---:|---:|---:|---:|")
    first = records[settings[0]]
    for setting in settings:
        cells = [str(label(setting))]
        for m in MEASURES[:2]:
            value = median(records[setting][m])
            cells += [f"{value:,.1f}", f"{value / median(first[m]):.2f} ×"]
        print(f"| {' | '.join(cells)} | {median(records[setting][MEASURES[2]]) / 2**20:,.0f} |")


def numbers(text):
    return [int(n) for n in text.split(",") if n]


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=224, help="side in pixels")
    parser.add_argument("--batches", type=numbers, default=[64, 128, 256])
    parser.add_argument("--threads", type=numbers, default=[1, 2, 4, 8])
    parser.add_argument("--at-threads", type=int, default=2)
    parser.add_argument("--at-batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=512, help="counted images of each phase")
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    with program.Program(flags.binary) as vggtrain:
        records = measure(flags, vggtrain)
    print(f"{flags.arch}, {flags.resize}×{flags.resize}, medians over {flags.rounds} rounds")
    show("batch", [(b, flags.at_threads) for b in flags.batches], records, lambda s: s[0])
    show("threads", [(flags.at_batch, n) for n in flags.threads], records, lambda s: s[1])


if __name__ == "__main__":
    main()
