"""internal/rng in numpy: random numbers by counter, bit for bit those of the Go package.

    Stream.new(seed, INIT, 0).split(3).float64(1000)   # Float64(0) ... Float64(999)

Requires: numpy.
"""

from dataclasses import dataclass

import numpy as np

INIT = 1  # rng.Init; the purposes are numbered from 1

GAMMA = np.uint64(0x9E3779B97F4A7C15)


def _mix(z):
    """SplitMix64's finaliser; uint64 arithmetic wraps around."""
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


@dataclass(frozen=True)
class Stream:
    """A sequence of random bits addressed by index."""

    key: np.uint64

    @staticmethod
    def new(seed, purpose, epoch):
        with np.errstate(over="ignore"):
            return Stream(_mix(np.uint64(seed))).split(purpose).split(epoch)

    def split(self, i):
        with np.errstate(over="ignore"):
            return Stream(_mix(_mix(self.key ^ GAMMA) + np.uint64(i) * GAMMA))

    def uint64(self, count):
        """The first `count` values."""
        with np.errstate(over="ignore"):
            return _mix(self.key + np.arange(1, count + 1, dtype=np.uint64) * GAMMA)

    def float64(self, count):
        """The first `count` uniform numbers in [0, 1)."""
        return (self.uint64(count) >> np.uint64(11)).astype(np.float64) / 2.0 ** 53
