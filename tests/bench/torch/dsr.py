#!/usr/bin/env python3
"""Speed of DSR in PyTorch, eager mode: all steps stacked into one batch for layers and norms, neurons step by step.

The first layer sees a constant input: its current is formed once and repeated. A custom autograd function gives the
clamp's gradient; autograd does the rest. Updates by torch.optim.SGD.

    python3 tests/bench/torch/dsr.py --net preact-resnet18 --steps 20 --threads 2 --batches 1 --repeats 3
"""

import torch
import torch.nn.functional as F
from common import NETS, arguments, begin, measure
from torch import nn

ALPHA, THETA = 0.5, 6.0
NETS.clear()
NETS.update({"784-400-BN-10-BN": ((784,), 128), "preact-resnet18": ((3, 32, 32), 4)})


class Fire(torch.autograd.Function):
    """IF neurons over [T * B, ...]: spikes of size theta; backwards, the clamp of the mean input to [0, theta]."""

    @staticmethod
    def forward(ctx, x, theta, steps):
        x = x.view(steps, -1, *x.shape[1:])
        size, u, out = theta.item(), torch.zeros_like(x[0]), torch.empty_like(x)
        for t in range(steps):
            u.add_(x[t])
            torch.ge(u, ALPHA * size, out=out[t])
            out[t].mul_(size)
            u.sub_(out[t])
        mean = x.mean(0)
        ctx.save_for_backward((mean >= 0) & (mean <= size), mean > size)
        ctx.steps = steps
        return out.flatten(0, 1)

    @staticmethod
    def backward(ctx, go):
        inside, above = ctx.saved_tensors
        gamma = go.view(ctx.steps, -1, *go.shape[1:]).sum(0)
        gx = (gamma * inside).div_(ctx.steps)
        return gx.expand(ctx.steps, *gx.shape).flatten(0, 1), (gamma * above).sum(), None


class Neuron(nn.Module):
    def __init__(self, steps):
        super().__init__()
        self.theta, self.steps = nn.Parameter(torch.tensor(THETA)), steps

    def forward(self, x):
        return Fire.apply(x, self.theta, self.steps)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, steps):
        super().__init__()
        self.n1, self.f1, self.c1 = nn.BatchNorm2d(inputs), Neuron(steps), nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.n2, self.f2, self.c2 = nn.BatchNorm2d(outputs), Neuron(steps), nn.Conv2d(outputs, outputs, 3, 1, 1)
        same = stride == 1 and inputs == outputs
        self.short = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x):
        a = self.f1(self.n1(x))
        return self.c2(self.f2(self.n2(self.c1(a)))) + self.short(a)


def network(name, steps):
    """The first layer, which reads the constant input, and the rest."""
    if name != "preact-resnet18":
        return nn.Linear(784, 400), nn.Sequential(nn.BatchNorm1d(400), Neuron(steps), nn.Linear(400, 10),
                                                  nn.BatchNorm1d(10), Neuron(steps))
    blocks, inputs = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Block(inputs, outputs, stride, steps), Block(outputs, outputs, 1, steps)]
        inputs = outputs
    rest = nn.Sequential(*blocks, nn.BatchNorm2d(512), Neuron(steps), nn.AvgPool2d(4), Neuron(steps), nn.Flatten(),
                         nn.Linear(512, 10), nn.BatchNorm1d(10), Neuron(steps))
    return nn.Conv2d(3, 64, 3, 1, 1, bias=False), rest.to(memory_format=torch.channels_last)


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.set_defaults(net="784-400-BN-10-BN")
    parser.set_defaults(steps=20)
    options = parser.parse_args()
    pool, labels = begin(options)
    first, rest = network(options.net, options.steps)
    sgd = torch.optim.SGD([*first.parameters(), *rest.parameters()], lr=0.1, momentum=0.9, weight_decay=5e-4)

    def train(b):
        x, steps = pool[b % len(pool)], options.steps
        sgd.zero_grad()
        current = first(x)
        out = rest(current.expand(steps, *current.shape).flatten(0, 1))
        loss = F.cross_entropy(out.view(steps, len(x), -1).mean(0), labels[b % len(pool)])
        loss.backward()
        sgd.step()
        return loss.detach()

    measure(options, "dsr", train)


if __name__ == "__main__":
    main()
