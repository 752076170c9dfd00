"""PyTorch's side of bench_peers.py: one fixed batch from memory, SGD lr 0.01, no compilation.

Requires: torch, PyYAML.
"""

import torch
from torch.nn.functional import cross_entropy

import architecture
import peer_run
import torch_network


def main():
    flags = peer_run.parse_flags(__doc__.splitlines()[0])
    torch.set_num_threads(flags.threads)
    torch.manual_seed(0)
    layout = torch.channels_last if flags.channels_last else torch.contiguous_format
    net = torch_network.build(architecture.load(flags.arch), flags.resize).to(memory_format=layout)
    images = torch.rand(flags.batch_size, 1, flags.resize, flags.resize).to(memory_format=layout)
    labels = torch.randint(0, 10, (flags.batch_size,))
    sgd = torch.optim.SGD(net.parameters(), lr=0.01, fused=True)

    def train_step():
        net.train()
        sgd.zero_grad(set_to_none=True)
        loss = cross_entropy(net(images), labels)
        loss.backward()
        sgd.step()
        loss.item()

    def eval_step():
        net.eval()
        with torch.inference_mode():
            net(images)

    peer_run.measure(flags, train_step, eval_step, torch.__version__)


if __name__ == "__main__":
    main()
