"""The vggtrain program as the scripts run it: built from this tree unless a path is given."""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

from architecture import ROOT


def flags(doc):
    """A parser with the flag that every script here has."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--binary", help="vggtrain to use (default: built from this tree)")
    return parser


class Program:
    """`with Program(path) as vggtrain: vggtrain.json("bench", "--json")`; no path: built anew."""

    def __init__(self, binary=None):
        self._folder = tempfile.TemporaryDirectory(prefix="vggtrain-")
        self.folder = pathlib.Path(self._folder.name)  # for what the script itself writes
        self._binary = pathlib.Path(binary).resolve() if binary else None

    def __enter__(self):
        if self._binary is None:
            self._binary = self.folder / "vggtrain"
            subprocess.run(["go", "build", "-o", self._binary, "./cmd/vggtrain"], cwd=ROOT, check=True)
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def command(self, *arguments):
        """Its command line."""
        return [str(self._binary), *map(str, arguments)]

    def run(self, *arguments, accept=(0,)):
        """Runs it and returns what it prints. Another exit status ends the script."""
        command = self.command(*arguments)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in accept:
            sys.exit(f"{shlex.join(command)}: exit status {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout

    def json(self, *arguments, accept=(0,)):
        """Runs it and returns the JSON document it prints."""
        return json.loads(self.run(*arguments, accept=accept))
