"""TensorFlow's side of bench_peers.py: tf.nn in a tf.function, NHWC, oneDNN as shipped.

One fixed batch from memory, SGD lr 0.01. Mode "xla" compiles the function. Requires: tensorflow
(or tensorflow-cpu), PyYAML.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

import architecture
import peer_run

MODES = ["graph", "xla"]


def variable(*shape):
    """Weights of a layer, uniform as Xavier's; their values do not matter to the clock."""
    fan = shape[-1] + tf.reduce_prod(shape[:-1]).numpy()
    bound = (6 / fan) ** 0.5
    return tf.Variable(tf.random.uniform(shape, -bound, bound))


class Network:
    """The network of torch_network.build, on NHWC images."""

    def __init__(self, arch, side, channels=1, classes=10):
        if arch.layers:
            raise SystemExit(f"{arch.name}: TensorFlow's side of the comparison knows VGG only")
        self.dropout, self.blocks, self.dense = arch.dropout, [], []
        for convs, out in arch.blocks:
            block = []
            for _ in range(convs):
                block.append((variable(3, 3, channels, out), tf.Variable(tf.zeros(out))))
                channels = out
            self.blocks.append(block)
            side //= 2
        inputs = channels * side * side
        for width in (*arch.hidden, classes):
            self.dense.append((variable(inputs, width), tf.Variable(tf.zeros(width))))
            inputs = width
        self.variables = [v for layer in sum(self.blocks, []) + self.dense for v in layer]

    def logits(self, x, training):
        for block in self.blocks:
            for weight, bias in block:
                x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, weight, 1, "SAME"), bias))
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.reshape(x, [x.shape[0], -1])
        for weight, bias in self.dense[:-1]:
            x = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, weight), bias))
            if training and self.dropout > 0:
                x = tf.nn.dropout(x, self.dropout)
        weight, bias = self.dense[-1]
        return tf.nn.bias_add(tf.matmul(x, weight), bias)


def main():
    flags = peer_run.parse_flags(__doc__.splitlines()[0], MODES)
    tf.config.threading.set_intra_op_parallelism_threads(flags.threads)
    tf.random.set_seed(0)
    net = Network(architecture.load(flags.arch), flags.resize, flags.channels)
    images = tf.random.uniform([flags.batch_size, flags.resize, flags.resize, flags.channels])
    labels = tf.random.uniform([flags.batch_size], 0, 10, tf.int32)

    @tf.function(jit_compile=flags.mode == "xla")
    def train(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=y, logits=net.logits(x, training=True)))
        for v, gradient in zip(net.variables, tape.gradient(loss, net.variables)):
            # Keras' SGD without momentum is this subtraction; the raw operation does it in place.
            tf.raw_ops.ResourceApplyGradientDescent(var=v.handle, alpha=0.01, delta=gradient)
        return loss

    @tf.function(jit_compile=flags.mode == "xla")
    def evaluate(x):
        return net.logits(x, training=False)

    peer_run.measure(flags, tf.__version__,
                     lambda: peer_run.in_turn(lambda: evaluate(images).numpy()),
                     lambda: peer_run.in_turn(lambda: train(images, labels).numpy()))


if __name__ == "__main__":
    main()
