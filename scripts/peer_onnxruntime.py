"""onnxruntime's side of bench_peers.py: evaluation of the network exported to ONNX, all of its
graph optimisations on. Requires: onnxruntime, torch (which exports), onnx, PyYAML.
"""

import onnxruntime
import torch

import onnx_network
import peer_run

MODES = ["optimised"]


def main():
    flags = peer_run.parse_flags(__doc__.splitlines()[0], MODES)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = flags.threads, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    with onnx_network.exported(flags.arch, flags.channels, flags.resize, flags.batch_size) as path:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {onnx_network.INPUT: torch.rand(flags.batch_size, flags.channels, flags.resize, flags.resize).numpy()}
    peer_run.measure(flags, onnxruntime.__version__,
                     lambda: peer_run.in_turn(lambda: session.run(None, feed)))


if __name__ == "__main__":
    main()
