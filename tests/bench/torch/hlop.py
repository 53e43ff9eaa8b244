#!/usr/bin/env python3
"""Speed of HLOP on the DSR base in PyTorch, in the second task: lateral weights of task 1 are frozen, those of task 2
learn.

Derivatives by hand, without autograd. The first layer sees a constant input: its current is formed once. The
projection of the gradient takes the weighted firing rate in place of the spikes of every step (they are equal by
linearity).

    python3 tests/bench/torch/hlop.py --steps 20 --batch 64 --threads 2
"""

import math

import torch
from common import NETS, arguments, begin, measure

THETA, ALPHA, STEP = 0.3, 0.3, 0.05                      # threshold, where it fires, dt / tau
SIZES, FROZEN, NEW, RATES = (784, 800, 800, 10), (80, 200, 100), (70, 70, 70), (0.001, 0.01, 0.01)
NETS.clear()
NETS.update({"784-800-800-10": ((784,), 64)})


class Layer:
    def __init__(self, i):
        bound = 1 / math.sqrt(SIZES[i])
        self.w = torch.empty(SIZES[i + 1], SIZES[i]).uniform_(-bound, bound)
        self.h = torch.linalg.qr(torch.randn(SIZES[i], FROZEN[i] + NEW[i]))[0].t().contiguous()
        self.old, self.lr = FROZEN[i], RATES[i]
        self.d = torch.zeros(NEW[i], SIZES[i])
        self.orth = None

    def look(self, rate):
        """Projects the presynaptic rate, then lets the new lateral weights learn from it."""
        old, new = self.h[:self.old], self.h[self.old:]
        self.orth = torch.addmm(rate, rate @ old.t(), old, alpha=-1)
        for _ in range(5):
            y = rate @ self.h.t()
            left = torch.addmm(rate, y, self.h, alpha=-1)
            dh = (y[:, self.old:].t() @ left).div_(len(rate)).clamp_(-10, 10)
            self.d.mul_(0.9).add_(dh, alpha=0.1)
            new.add_(self.d, alpha=self.lr)


def fire(current, steps):
    """Spikes [T,B,N] of size theta, and the mean input."""
    decay, gain = math.exp(-STEP), 1 - math.exp(-STEP)
    u, out = torch.zeros_like(current[0]), torch.empty(steps, *current[0].shape)
    for t in range(steps):
        u.mul_(decay).add_(current[t if len(current) > 1 else 0], alpha=gain)
        torch.ge(u, ALPHA * THETA, out=out[t])
        out[t].mul_(THETA)
        u.sub_(out[t])
    return out


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.set_defaults(net="784-800-800-10", steps=20)
    options = parser.parse_args()
    pool, labels = begin(options)
    layers, steps = [Layer(i) for i in range(3)], options.steps
    weight = torch.tensor([math.exp(-(steps - 1 - t) * STEP) for t in range(steps)])
    weight /= weight.sum()

    def mean(x):
        return torch.tensordot(weight, x, 1)

    def train(b):
        x, label = pool[b % len(pool)], labels[b % len(pool)]
        gates = []
        for i, layer in enumerate(layers):
            rate = x if i == 0 else mean(x)
            layer.look(rate)
            if i == 0:
                current = (x @ layer.w.t())[None]
            else:
                current = (x.flatten(0, 1) @ layer.w.t()).view(steps, len(label), -1)
            if i < 2:
                average = current[0] if i == 0 else mean(current)
                gates.append((average >= 0) & (average <= THETA))
                x = fire(current, steps)
        log_p = torch.log_softmax(mean(current), 1)
        e = log_p.exp()
        e[torch.arange(len(label)), label] -= 1
        e /= len(label)
        for i in (2, 1, 0):
            below = (e @ layers[i].w) * gates[i - 1] if i else None
            layers[i].w.addmm_(e.t(), layers[i].orth, alpha=-0.1)
            e = below
        return -log_p[torch.arange(len(label)), label].mean()

    measure(options, "hlop", train)


if __name__ == "__main__":
    main()
