#!/usr/bin/env python3
"""Speed of BPTT with surrogate gradients in PyTorch, eager mode, by autograd.

The usual way to write it: the spike is a torch.autograd.Function whose backward is the surrogate, the T steps run one
after the other, and one backward() goes through all of them. The reset is not detached. Weights are standardised once
per batch.

    python3 tests/bench/torch/bptt.py --net 784-800-10 --threads 2
"""

import torch
import torch.nn.functional as F
from common import EPS, LAMBDA, MIX, SCALE, SLOPE, THRESHOLD, VGG, arguments, begin, measure
from torch import nn


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, e):
        p = torch.sigmoid(SLOPE * ctx.saved_tensors[0])
        return e * (SLOPE * p * (1 - p))


class Neurons(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale
        self.u = self.s = None

    def forward(self, current):
        self.u = current if self.u is None else LAMBDA * (self.u - THRESHOLD * self.s) + current
        self.s = Spike.apply(self.u - THRESHOLD)
        return self.s if self.scale == 1 else self.scale * self.s


class Conv(nn.Module):
    """3x3 convolution with scaled weight standardisation."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3) * (2 / (9 * outputs)) ** 0.5)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.hat = None

    def start(self):
        variance, mean = torch.var_mean(self.weight, (1, 2, 3), unbiased=True, keepdim=True)
        self.hat = self.gain * (self.weight - mean) * torch.rsqrt(self.weight[0].numel() * variance + EPS)

    def forward(self, v):
        return F.conv2d(v, self.hat, self.bias, padding=1)


def mlp():
    return nn.Sequential(nn.Linear(784, 800), Neurons(), nn.Linear(800, 10))


def vgg11_ws():
    layers, channels = [], 3
    for width in VGG:
        if width == "P":
            layers.append(nn.AvgPool2d(2))
        else:
            layers += [Conv(channels, width), Neurons(SCALE)]
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def main():
    options = arguments(__doc__.split("\n", maxsplit=1)[0]).parse_args()
    pool, labels = begin(options)
    onehot = F.one_hot(labels, 10).float()
    net = mlp() if options.net == "784-800-10" else vgg11_ws()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

    def train(b):
        x, y, target = (t[b % len(pool)] for t in (pool, labels, onehot))
        for module in net:
            if isinstance(module, Neurons):
                module.u = module.s = None
            elif isinstance(module, Conv):
                module.start()
        first = net[0](x) if options.hoist else None
        loss = 0.0
        for _ in range(options.steps):
            out = net[1:](first) if options.hoist else net(x)
            loss = loss + ((1 - MIX) * F.cross_entropy(out, y) + MIX * F.mse_loss(out, target)) / options.steps
        sgd.zero_grad(set_to_none=True)
        loss.backward()
        sgd.step()
        return loss.detach()

    measure(options, "bptt", train)


if __name__ == "__main__":
    main()
