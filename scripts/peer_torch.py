"""PyTorch's side of bench_peers.py: one fixed batch from memory, SGD lr 0.01.

Modes: the two memory formats; "compiled" by torch.compile, which needs a C++ compiler; and for
evaluation alone "frozen": traced, frozen and optimised for inference. The last two are channels
last. Requires: torch, PyYAML.
"""

import warnings

import torch
from torch.nn.functional import cross_entropy

import architecture
import peer_run
import torch_network

MODES = ["channels_last", "contiguous", "compiled", "frozen"]


def trainer(net, images, flags):
    """A training step; the loss is read, as one who trains would."""
    labels = torch.randint(0, 10, (flags.batch_size,))
    sgd = torch.optim.SGD(net.parameters(), lr=0.01, fused=True)
    net.train()
    if flags.mode == "compiled":
        net = torch.compile(net)

    def step():
        sgd.zero_grad(set_to_none=True)
        loss = cross_entropy(net(images), labels)
        loss.backward()
        sgd.step()
        loss.item()

    return peer_run.in_turn(step)


def evaluator(net, images, flags):
    net.eval()
    if flags.mode == "frozen":
        warnings.simplefilter("ignore", DeprecationWarning)
        with torch.no_grad():
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, images)))
    if flags.mode == "compiled":
        net = torch.compile(net)

    def step():
        with torch.inference_mode():
            net(images)

    return peer_run.in_turn(step)


def main():
    flags = peer_run.parse_flags(__doc__.splitlines()[0], MODES)
    torch.set_num_threads(flags.threads)
    torch.manual_seed(0)
    layout = torch.contiguous_format if flags.mode == "contiguous" else torch.channels_last
    net = torch_network.build(architecture.load(flags.arch), flags.resize, channels=flags.channels).to(memory_format=layout)
    images = torch.rand(flags.batch_size, flags.channels, flags.resize, flags.resize).to(memory_format=layout)
    peer_run.measure(flags, torch.__version__, lambda: evaluator(net, images, flags),
                     None if flags.mode == "frozen" else lambda: trainer(net, images, flags))


if __name__ == "__main__":
    main()
