"""The reference network as an ONNX file, for the peers that only evaluate.

Requires: torch, onnx.
"""

import contextlib
import pathlib
import tempfile
import warnings

import torch

import architecture
import torch_network

INPUT = "input"  # N×C×S×S


@contextlib.contextmanager
def exported(arch, channels, side, batch):
    """The path of a file that lasts as long as the block, for batches of exactly that size."""
    torch.manual_seed(0)
    net = torch_network.build(architecture.load(arch), side, channels=channels).eval()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        path = pathlib.Path(folder) / "network.onnx"
        # The exporter without dynamo: the other needs onnxscript.
        torch.onnx.export(net, (torch.rand(batch, channels, side, side),), path, dynamo=False,
                          input_names=[INPUT], output_names=["logits"])
        yield str(path)
