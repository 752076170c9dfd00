#!/usr/bin/env python3
"""Checks the checkpoint container against the reference implementation (safetensors, torch).

  check_safetensors.py golden DIR   write foreign.safetensors and foreign-types.safetensors, which
                                    the tests of checkpoint/ read (DIR: checkpoint/testdata)
  check_safetensors.py written FILE load what the tests of checkpoint/ wrote (testdata/written.bin)
                                    and compare every bit
  check_safetensors.py show FILE    load a checkpoint, verify its digest, list its tensors

Needs: pip install torch safetensors numpy
"""

import hashlib
import json
import re
import struct
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def sample():
    """The tensors that both sides write."""
    special = [float("nan"), float("inf"), float("-inf"), -0.0, 1e-45, 3.4028234663852886e38]
    return {
        "features.0.weight": ((torch.arange(18, dtype=torch.float32) - 7) / 4).reshape(2, 1, 3, 3),
        "features.0.bias": torch.tensor([0.1, -0.2]),
        "special": torch.tensor(special),
        "scale": torch.tensor(0.5),
        "empty": torch.zeros(0, 3),
    }


def golden(folder):
    tensors = sample()
    save_file(tensors, folder / "foreign.safetensors", {"made-by": "safetensors"})
    values = torch.tensor([0.0, -0.0, 1.0, -2.5, 2**-14, 2**-24, 65504.0, float("inf"), float("nan")])
    types = {name: values.to(getattr(torch, name)) for name in ("float64", "float16", "bfloat16")}
    save_file(types, folder / "foreign-types.safetensors")
    save_file({"count": torch.tensor([1, 2])}, folder / "foreign-int64.safetensors")


def bits(tensor):
    return tensor.contiguous().view(torch.int32).flatten().tolist()


def written(path):
    want = sample()
    want["optimizer/features.0.weight"] = want["features.0.weight"] * 2
    got = load_file(path)
    if sorted(got) != sorted(want):
        sys.exit(f"{path}: tensors {sorted(got)}, want {sorted(want)}")
    for name, tensor in want.items():
        if got[name].shape != tensor.shape or bits(got[name]) != bits(tensor):
            sys.exit(f"{path}: {name} is {got[name]}, want {tensor}")
    show(path)


def show(path):
    data = Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    if length % 8:
        sys.exit(f"{path}: the data begins at byte {8 + length}, no multiple of 8")
    digest = json.loads(data[8 : 8 + length])["__metadata__"]["vggtrain.sha256"]
    if not re.fullmatch("[0-9a-f]{64}", digest) or data.count(digest.encode()) != 1:
        sys.exit(f"{path}: digest {digest}")
    if hashlib.sha256(data.replace(digest.encode(), b"0" * 64)).hexdigest() != digest:
        sys.exit(f"{path}: the digest does not fit")
    with safe_open(path, "pt") as f:
        for key, value in f.metadata().items():
            print(f"{key}: {value.splitlines()[0] if value else ''}")
    for name, tensor in load_file(path).items():
        print(f"{name} {tuple(tensor.shape)} mean {tensor.double().mean().item():.6g}")
    print("digest fits")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("golden", "written", "show"):
        sys.exit(__doc__)
    {"golden": lambda p: golden(Path(p)), "written": written, "show": show}[sys.argv[1]](sys.argv[2])
