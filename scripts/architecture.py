"""The architecture files of configs/arch, as the Python scripts read them.

An architecture is `blocks: [[convolutions, channels], ...]`, `hidden: [...]` and `dropout`.
Requires: PyYAML.
"""

import pathlib
from dataclasses import dataclass

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Architecture:
    """A VGG network: blocks of (convolutions, channels), hidden dense widths, dropout."""

    name: str
    blocks: tuple
    hidden: tuple
    dropout: float

    def yaml(self):
        """The text of its file."""
        return yaml.safe_dump(
            {"name": self.name, "blocks": [list(b) for b in self.blocks],
             "hidden": list(self.hidden), "dropout": self.dropout},
            sort_keys=False, default_flow_style=None)


def parse(text):
    """Architecture of an architecture file's text."""
    fields = yaml.safe_load(text)
    return Architecture(
        name=fields["name"],
        blocks=tuple((int(convs), int(channels)) for convs, channels in fields["blocks"]),
        hidden=tuple(int(h) for h in fields["hidden"]),
        dropout=float(fields.get("dropout", 0)))


def find(name):
    """Path of the file of `--arch NAME|FILE.yaml`."""
    path = pathlib.Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    return ROOT / "configs" / "arch" / f"{name}.yaml"


def load(name):
    """Architecture of a built-in name or of a file."""
    return parse(find(name).read_text())
