"""OpenVINO's side of bench_peers.py: evaluation in float32 of the network exported to ONNX.

Modes: OpenVINO's two performance hints. With "throughput" as many requests as it asks for are
under way at once, each of a whole batch. Requires: openvino, torch (which exports), onnx, PyYAML.
"""

import openvino
import torch

import onnx_network
import peer_run

MODES = ["throughput", "latency"]


def main():
    flags = peer_run.parse_flags(__doc__.splitlines()[0], MODES)
    with onnx_network.exported(flags.arch, flags.channels, flags.resize, flags.batch_size) as path:
        compiled = openvino.compile_model(path, "CPU", {
            "PERFORMANCE_HINT": flags.mode.upper(), "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": flags.threads})
    images = torch.rand(flags.batch_size, flags.channels, flags.resize, flags.resize).numpy()

    def evaluator():
        if flags.mode == "latency":
            request = compiled.create_infer_request()
            return peer_run.in_turn(lambda: request.infer([images], share_inputs=True, share_outputs=True))
        queue = openvino.AsyncInferQueue(compiled)  # of the number of requests that is best

        def run(steps):
            for _ in range(steps):
                queue.start_async([images], share_inputs=True)
            queue.wait_all()
        return run

    peer_run.measure(flags, openvino.__version__.split("-")[0], evaluator)


if __name__ == "__main__":
    main()
