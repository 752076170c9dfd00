"""One epoch of vgg11-small on Fashion-MNIST in PyTorch or TensorFlow, for bench_first_epoch.py.

    python scripts/peer_epoch.py --framework torch|tensorflow [--data DIR] [--limit N]

The settings are those of vggtrain's recipe "fast" without its flips and for one epoch: SGD with
Nesterov momentum 0.9, weight decay 5e-4, Kaiming's weights, learning rate 0.02 reached over the
epoch. The images are resized once, before training, and kept as bytes. Prints the accuracy on the
test images and the process' peak memory.
Requires: torch or tensorflow; numpy, Pillow, PyYAML.
"""

import argparse
import json
import os

import numpy as np

import architecture
import fashion_images
import peer_run

SIDE, BATCH, LR, MOMENTUM, DECAY = 56, 128, 0.02, 0.9, 5e-4


def batches(images, labels, order):
    """Float32 batches (N, side, side, 1) and their labels."""
    for start in range(0, len(order), BATCH):
        chosen = order[start:start + BATCH]
        yield images[chosen].astype(np.float32)[..., None] / np.float32(255), labels[chosen].astype(np.int64)


def with_torch(train, test, order):
    """The accuracy after an epoch, and PyTorch's version."""
    import torch
    from torch.nn.functional import cross_entropy

    import torch_network

    torch.manual_seed(0)
    net = torch_network.build(architecture.load("vgg11-small"), SIDE)
    for parameter in net.parameters():
        torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu") if parameter.dim() > 1 else torch.nn.init.zeros_(parameter)
    net = net.to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY, fused=True)
    steps = -(-len(order) // BATCH)

    def tensor(x):
        return torch.from_numpy(x).permute(0, 3, 1, 2)

    for step, (x, y) in enumerate(batches(*train, order)):
        sgd.param_groups[0]["lr"] = LR * (step + 1) / steps
        sgd.zero_grad(set_to_none=True)
        cross_entropy(net(tensor(x)), torch.from_numpy(y)).backward()
        sgd.step()
    net.eval()
    with torch.inference_mode():
        right = sum((net(tensor(x)).argmax(1).numpy() == y).sum() for x, y in batches(*test, np.arange(len(test[1]))))
    return right / len(test[1]), torch.__version__


def with_tensorflow(train, test, order):
    """The accuracy after an epoch, and TensorFlow's version."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    import peer_tensorflow

    tf.random.set_seed(0)
    net = peer_tensorflow.Network(architecture.load("vgg11-small"), SIDE)
    for v in net.variables:
        if len(v.shape) > 1:
            v.assign(tf.random.normal(v.shape, stddev=(2 / np.prod(v.shape[:-1])) ** 0.5))
    velocity = [tf.Variable(tf.zeros_like(v)) for v in net.variables]
    steps = -(-len(order) // BATCH)

    @tf.function
    def update(x, y, lr):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=net.logits(x, training=True)))
        for v, m, gradient in zip(net.variables, velocity, tape.gradient(loss, net.variables)):
            gradient += DECAY * v
            tf.raw_ops.ResourceApplyKerasMomentum(var=v.handle, accum=m.handle, lr=lr, grad=gradient, momentum=MOMENTUM,
                                                  use_nesterov=True)

    @tf.function
    def predict(x):
        return tf.argmax(net.logits(x, training=False), 1)

    for step, (x, y) in enumerate(batches(*train, order)):
        update(tf.constant(x), tf.constant(y), tf.constant(LR * (step + 1) / steps))
    right = sum((predict(tf.constant(x)).numpy() == y).sum() for x, y in batches(*test, np.arange(len(test[1]))))
    return right / len(test[1]), tf.__version__


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=["torch", "tensorflow"], required=True)
    parser.add_argument("--data", default="auto", help="auto, sample or a folder")
    parser.add_argument("--limit", type=int, help="the first N images of each set")
    flags = parser.parse_args()
    sets = []
    for split in ("train", "test"):
        images, labels = fashion_images.load(fashion_images.folder(flags.data), split, flags.limit)
        sets.append((fashion_images.resized(images, SIDE), labels))
    order = np.random.default_rng(0).permutation(len(sets[0][1]))
    accuracy, version = {"torch": with_torch, "tensorflow": with_tensorflow}[flags.framework](*sets, order)
    print(json.dumps({"version": version, "accuracy": float(accuracy), "peak_rss_bytes": peer_run.peak_bytes()}))


if __name__ == "__main__":
    main()
