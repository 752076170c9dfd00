"""The architecture files of configs/arch, as the Python scripts read them.

An architecture is `blocks: [[convolutions, channels], ...]` and `hidden: [...]`, or a list of
`layers`, and `dropout`.
Requires: PyYAML.
"""

import pathlib
from dataclasses import dataclass

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Architecture:
    """A VGG network: blocks of (convolutions, channels), hidden dense widths, dropout. Or layers,
    (word, what describes it or None) each, as they stand in the file."""

    name: str
    blocks: tuple
    hidden: tuple
    dropout: float
    layers: tuple = ()

    def yaml(self):
        """The text of its file."""
        fields = {"name": self.name}
        if self.layers:
            fields["layers"] = [word if value is None else {word: value} for word, value in self.layers]
        else:
            fields |= {"blocks": [list(b) for b in self.blocks], "hidden": list(self.hidden)}
        if not self.layers or ("dropout", None) in self.layers:
            fields["dropout"] = self.dropout
        return yaml.safe_dump(fields, sort_keys=False, default_flow_style=None)


def parse(text):
    """Architecture of an architecture file's text."""
    fields = yaml.safe_load(text)
    return Architecture(
        name=fields["name"],
        blocks=tuple((int(convs), int(channels)) for convs, channels in fields.get("blocks", ())),
        hidden=tuple(int(h) for h in fields.get("hidden", ())),
        dropout=float(fields.get("dropout", 0)),
        layers=tuple((l, None) if isinstance(l, str) else next(iter(l.items())) for l in fields.get("layers", ())))


def find(name):
    """Path of the file of `--arch NAME|FILE.yaml`."""
    path = pathlib.Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    return ROOT / "configs" / "arch" / f"{name}.yaml"


def load(name):
    """Architecture of a built-in name or of a file."""
    return parse(find(name).read_text())
