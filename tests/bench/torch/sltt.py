#!/usr/bin/env python3
"""Speed of SLTT in PyTorch, eager mode, for ResNet-18: autograd through the layers of one step, none through time.

The potential of the step before is detached, so every step is a forward pass followed at once by its backward pass;
gradients add up over the steps. Maps are channels-last. Updates by torch.optim.SGD with momentum.

    python3 tests/bench/torch/sltt.py --net resnet18 --threads 2 --batches 1 --repeats 3
"""

import torch
import torch.nn.functional as F
from common import MIX, NETS, arguments, begin, measure
from torch import nn

DECAY, THRESHOLD = 1 - 1 / 1.1, 1.0
NETS.clear()
NETS.update({"resnet18": ((3, 32, 32), 16)})


class Spike(torch.autograd.Function):
    """s = 1 if u >= threshold; backwards the triangle max(0, 1 - |u - threshold|)."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= THRESHOLD).to(u.dtype)

    @staticmethod
    def backward(ctx, go):
        (u,) = ctx.saved_tensors
        return (u - THRESHOLD).abs_().neg_().add_(1).clamp_(min=0).mul_(go)


class Neuron(nn.Module):
    """LIF with reset by subtraction."""

    def __init__(self):
        super().__init__()
        self.carried = None

    def forward(self, x):
        u = x if self.carried is None else x + self.carried
        s = Spike.apply(u)
        self.carried = (u.detach() - THRESHOLD * s.detach()).mul_(DECAY)
        return s


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.n1, self.f1 = nn.BatchNorm2d(inputs), Neuron()
        self.c1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.n2, self.f2 = nn.BatchNorm2d(outputs), Neuron()
        self.c2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        same = stride == 1 and inputs == outputs
        self.short = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x):
        z = self.f1(self.n1(x))
        return self.c2(self.f2(self.n2(self.c1(z)))) + self.short(z)


def resnet18():
    blocks, inputs = [nn.Conv2d(3, 64, 3, 1, 1, bias=False)], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(*blocks, nn.BatchNorm2d(512), Neuron(), nn.AvgPool2d(4), nn.Flatten(),
                         nn.Linear(512, 10)).to(
        memory_format=torch.channels_last)


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.set_defaults(net="resnet18")
    options = parser.parse_args()
    pool, labels = begin(options)
    onehot = F.one_hot(labels, 10).float()
    net = resnet18()
    neurons = [m for m in net.modules() if isinstance(m, Neuron)]
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

    def train(b):
        x, y, target = pool[b % len(pool)], labels[b % len(pool)], onehot[b % len(pool)]
        total = 0.0
        for neuron in neurons:
            neuron.carried = None
        sgd.zero_grad()
        for _ in range(options.steps):
            out = net(x)
            loss = ((1 - MIX) * F.cross_entropy(out, y) + MIX * F.mse_loss(out, target)) / options.steps
            loss.backward()
            total += loss.detach()
        sgd.step()
        return total

    measure(options, "sltt", train)


if __name__ == "__main__":
    main()
