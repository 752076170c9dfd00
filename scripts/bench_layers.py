"""Where the time of a training step goes, as the tables of docs/performance.md.

    python scripts/bench_layers.py --resize 224 [--arch vgg11-small] [--batch 128] [--steps 20]
    python scripts/bench_layers.py --update docs/performance.md

`vggtrain bench --layers --json` in one process; a line a layer, its passes side by side: milliseconds, and
share of the machine's multiply-add peak that two operations for each multiply-add of the layer's
definition come to. The algorithm of each convolution is under the table. With --update, each table of a page
is made again, with the flags in the comment before it.
"""

import contextlib
import io
import pathlib
import re

import architecture
import program

PASSES = ("forward", "input gradient", "weight gradient")
KINDS = {"Conv2d": "convolutions", "Linear": "dense layers", "Dropout": "dropout", "MaxPool2d": "pools"}


def lines(rows):
    """The table's cells: a line a layer, a line a kind, a line for each of the rest."""
    layers, kinds = {}, {}
    for row in rows:
        line = layers.setdefault(row["name"], {"type": row.get("type", ""), "ms": 0, "share": 0})
        line[row.get("pass", "").removesuffix(", update")] = row
        kind = kinds.setdefault(KINDS.get(row.get("type"), "the rest"), {"ms": 0, "share": 0})
        for total in (line, kind):
            total["ms"] += row["ms"]
            total["share"] += row["share"]
    for name, line in layers.items():
        cells = []
        for of in PASSES:
            row = line.get(of)
            cells += [f"{row['ms']:.2f}", f"{row['peak_share']:.0%}" if "peak_share" in row else ""] if row else ["", ""]
        yield [f"{name} {line['type']}".strip(), *cells, f"{line['ms']:.2f}", f"{line['share']:.1%}"]
    for kind, line in kinds.items():
        yield [f"*{kind}*", *[""] * 6, f"{line['ms']:.2f}", f"{line['share']:.1%}"]


def algorithms(rows):
    """algorithm → passes, shortened: "features.3 forward, ..."."""
    named = {}
    for row in rows:
        if "algorithm" in row and row["type"] == "Conv2d":
            named.setdefault(row["algorithm"], {}).setdefault(row["name"], []).append(row["pass"])
    for algorithm, layers in named.items():
        whole = [name for name in layers if not any(name in other for a, other in named.items() if a != algorithm)]
        part = [f"{name} ({', '.join(passes)})" for name, passes in layers.items() if name not in whole]
        yield f"{algorithm}: {', '.join(whole + part)}"


def report(flags, vggtrain):
    """Measures and prints a table."""
    r = vggtrain.json("bench", "--arch", str(architecture.find(flags.arch)), "--resize", flags.resize, "--batch-size",
                      flags.batch, "--threads", flags.threads, "--steps", flags.steps, "--layers", "--json")
    rows = r["layers"]
    effective = sum(row.get("gflops", 0) * row["ms"] for row in rows) / r["step_ms"]
    print(f"{flags.arch}, {flags.resize}×{flags.resize}, batch {flags.batch}, {flags.threads} threads, {r['kernel']}: "
          f"{r['step_ms']:.1f} ms a step, {effective:.0f} GFLOP/s by the direct count, {effective / r['peak_gflops']:.2f} × the peak "
          f"of {r['peak_gflops']:.0f}; {r['peak_rss_bytes'] / 2**20:.0f} MiB\n")
    print("| layer | forward ms | of peak | input gradient ms | of peak | weight gradient ms | of peak | together ms | of step |")
    print("|---|" + "---:|" * 8)
    for cells in lines(rows):
        print(f"| {' | '.join(cells)} |")
    print(f"| **step** |{' |' * 6} {r['step_ms']:.2f} | 100% |\n")
    for line in algorithms(rows):
        print(f"- {line}")


def update(page, parser, vggtrain):
    """Makes the tables between `<!-- bench_layers.py FLAGS -->` and `<!-- until here -->` anew."""
    def table(match):
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            report(parser.parse_args(match[2].split()), vggtrain)
        return f"{match[1]}\n{text.getvalue()}{match[3]}"
    path = pathlib.Path(page)
    path.write_text(re.sub(r"(<!-- bench_layers.py (.*?) -->).*?(<!-- until here -->)", table, path.read_text(), flags=re.S))


def main():
    parser = program.flags(__doc__)
    parser.add_argument("--arch", default="vgg11-small", help="name or FILE.yaml")
    parser.add_argument("--resize", type=int, default=56, help="side in pixels")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--update", metavar="PAGE", help="a Markdown file whose tables are made again")
    flags = parser.parse_args()
    with program.Program(flags.binary) as vggtrain:
        if flags.update:
            update(flags.update, parser, vggtrain)
        else:
            report(flags, vggtrain)


if __name__ == "__main__":
    main()
