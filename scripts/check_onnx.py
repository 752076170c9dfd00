#!/usr/bin/env python3
"""Holds `vggtrain export` to onnx.checker, onnxruntime and PyTorch.

    python scripts/check_onnx.py                  every network below, with and without normalisation, in grey
                                                  and in colour
    python scripts/check_onnx.py vgg11@224 lenet  these: NAME, NAME@SIDE or FILE.yaml
    python scripts/check_onnx.py golden           run internal/export/testdata/network.onnx, which
                                                  `go test ./internal/export -update` writes, and
                                                  write network.json, which that test reads

For each network a few steps of `fit` make a checkpoint, which is exported as ONNX and as safetensors.
onnx.checker looks at the file (full_check: shapes too); onnxruntime runs it on test images in batches
of 1, 3 and 17; PyTorch, with the exported safetensors loaded strictly, in float32 and float64; and
scripts/logits gives vggtrain's own logits of the same images. What is printed is the largest distance
of each from the float64 result, as a share of the largest logit. Exits with 1 beyond TOLERANCE.

Requires: torch, numpy, PyYAML, onnx, onnxruntime, safetensors, Go (see requirements.txt).
"""

import hashlib
import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file

import architecture
import compare_eval
import program

NETWORKS = ["vgg11-small@56", "vgg11@32", "vgg11-lrn@32", "lenet@28", "alexnet@224"]
BATCHES = [1, 3, 17]
TOLERANCE = 1e-5  # of the largest logit: Winograd's share is the largest
TESTDATA = architecture.ROOT / "internal/export/testdata"


def run(path, pixels, batch):
    """onnxruntime's logits, batch images at a time."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    if (given.name, made.name) != ("input", "logits") or given.shape[0] != "N" or given.shape[1:] != list(pixels.shape[1:]):
        sys.exit(f"{path}: {given.name} {given.shape} → {made.name} {made.shape}")
    return np.concatenate([session.run(["logits"], {"input": pixels[i:i + batch]})[0]
                           for i in range(0, len(pixels), batch)])


def checked(path):
    """The model of a file that onnx.checker accepts, and that Python would write alike."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    if model.SerializeToString() != open(path, "rb").read():
        sys.exit(f"{path}: not the bytes that protobuf writes")
    return model


def safetensors_of(vggtrain, checkpoint, folder):
    """The network in PyTorch, from the exported weights, and its normalisation."""
    path = folder / "weights.safetensors"
    subprocess.run(vggtrain.command("export", checkpoint, "--out", path), check=True, stdout=subprocess.DEVNULL)
    net, _, normalize = compare_eval.load(path)  # strict
    return net, normalize


@torch.inference_mode()
def torch_logits(net, pixels, normalize, dtype):
    x = torch.from_numpy(pixels).to(dtype)
    if normalize is not None:
        mean, deviation = (torch.tensor(v, dtype=torch.float32).to(dtype).reshape(-1, 1, 1) for v in normalize)
        x = (x - mean) / deviation
    return net.to(dtype)(x).numpy()


def checkpoint_of(vggtrain, folder, name, side, channels, normalize):
    """A checkpoint after a few steps, whose logits are not all alike."""
    run_folder = folder / f"{name}-{channels}-{normalize}".replace("/", "_")
    subprocess.run(vggtrain.command("fit", "--arch", name, "--resize", side, "--channels", channels, "--normalize", normalize,
                                    "--init", "kaiming", "--limit-train", 256, "--limit-val", 100, "--batch-size", 32,
                                    "--max-steps", 8, "--out", run_folder), check=True, capture_output=True)
    return run_folder / "checkpoint.bin"


def compare(vggtrain, name, side, channels, normalize):
    """Checks one network; prints a line; tells whether all are near."""
    checkpoint = checkpoint_of(vggtrain, vggtrain.folder, name, side, channels, normalize)
    path = vggtrain.folder / "network.onnx"
    subprocess.run(vggtrain.command("export", checkpoint, "--out", path), check=True, stdout=subprocess.DEVNULL)
    model = checked(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if len(json.loads(metadata["vggtrain.classes"])) != 10 or f"name: {name}" not in metadata["vggtrain.arch"]:
        sys.exit(f"{path}: metadata {metadata}")
    ours_file = vggtrain.folder / "logits.safetensors"
    subprocess.run(["go", "run", "./scripts/logits", "-images", str(max(BATCHES)), str(checkpoint), str(ours_file)],
                   cwd=architecture.ROOT, check=True)
    ours = {key: value.numpy() for key, value in load_file(ours_file).items()}
    pixels = ours["pixels"]
    net, normalization = safetensors_of(vggtrain, checkpoint, vggtrain.folder)
    if (normalization is None) != (normalize == "none") or pixels.min() < 0 or pixels.max() > 1:
        sys.exit(f"{checkpoint}: normalisation {normalization}, pixels from {pixels.min()} to {pixels.max()}")
    exact = torch_logits(net, pixels, normalization, torch.float64)
    others = {"vggtrain": ours["logits"], "PyTorch": torch_logits(net, pixels, normalization, torch.float32)}
    others |= {f"onnxruntime/{batch}": run(path, pixels, batch) for batch in BATCHES}
    largest = np.abs(exact).max()
    off = {key: np.abs(value - exact).max() / largest for key, value in others.items()}
    direct = max(np.abs(others[f"onnxruntime/{batch}"] - ours["logits"]).max() for batch in BATCHES)
    shown = "  ".join(f"{key} {value:.1e}" for key, value in off.items())
    print(f"{name}@{side}, {channels} channels, normalize {normalize}, largest logit {largest:.3g}: {shown};"
          f" vggtrain to onnxruntime {direct:.1e}; {path.stat().st_size:,} bytes", flush=True)
    path.unlink()
    return max(off.values()) <= TOLERANCE


def golden():
    """Runs the file of the Go test, and writes what the test compares itself with."""
    path = TESTDATA / "network.onnx"
    model = checked(path)
    _, channels, side, _ = (d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim)
    images = 5
    pixels = (np.arange(images * channels * side * side) * 37 % 256).astype(np.float32) / np.float32(255)
    logits = run(path, pixels.reshape(images, channels, side, side), images)
    document = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "images": images, "logits": [float(f"{x:.9g}") for x in logits.flatten()]}
    (TESTDATA / "network.json").write_text(json.dumps(document, indent=1) + "\n")


def main():
    parser = program.flags(__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS, metavar="NETWORK", help="NAME[@SIDE], FILE.yaml[@SIDE] or golden")
    args = parser.parse_args()
    if args.networks == ["golden"]:
        return golden()
    near = True
    with program.Program(args.binary) as vggtrain:
        for network in args.networks:
            name, _, side = network.partition("@")
            for channels, normalize in ((1, "none"), (1, "dataset"), (3, "imagenet")):
                near &= compare(vggtrain, name, side or 56, channels, normalize)
    if not near:
        sys.exit(f"beyond {TOLERANCE:g}")


if __name__ == "__main__":
    main()
