#!/usr/bin/env python3
"""Speed of OTTT (variant A) or SLTT in PyTorch, eager mode, with derivatives written out by hand.

Autograd has no part in it: the rule's gradient needs only the tensors of one step, so each step is a forward pass
followed at once by the products of its backward pass, under no_grad and in place where that helps. Weights are
standardised once per batch (they do not change before the update), maps are channels-last, and the convolutions' two
backward products are one call. Updates by torch.optim.SGD with momentum.

    python3 tests/bench/torch/ottt.py --net 784-800-10 --threads 2
    python3 tests/bench/torch/ottt.py --net vgg11-ws --threads 2 --batches 2 --repeats 3
"""

import torch
import torch.nn.functional as F
from common import EPS, LAMBDA, SCALE, SLOPE, THRESHOLD, VGG, arguments, begin, loss_gradient, measure


class Linear:
    """y = W v + b; dW from the trace q of v, dv = W^T d."""

    def __init__(self, inputs, outputs, first=False):
        self.weight = torch.empty(outputs, inputs).uniform_(-1, 1).mul_(inputs ** -0.5)
        self.bias = torch.zeros(outputs)
        self.first = first
        self.g_weight, self.g_bias = torch.empty_like(self.weight), torch.empty_like(self.bias)

    def parameters(self):
        return [(self.weight, self.g_weight), (self.bias, self.g_bias)]

    def start(self):
        self.g_weight.zero_()
        self.g_bias.zero_()

    def forward(self, v):
        return torch.addmm(self.bias, v, self.weight.t())

    def backward(self, d, q):
        self.g_weight.addmm_(d.t(), q)
        self.g_bias.add_(d.sum(0))
        return None if self.first else d @ self.weight

    def finish(self):
        pass


class Conv:
    """3x3 convolution with scaled weight standardisation; the trace stands in for the input in the weight
    gradient."""

    def __init__(self, inputs, outputs, first=False):
        self.weight = torch.randn(outputs, inputs, 3, 3).mul_((2 / (9 * outputs)) ** 0.5)
        self.gain, self.bias = torch.ones(outputs, 1), torch.zeros(outputs)
        self.first = first
        self.g_hat = torch.empty_like(self.weight)
        self.g_weight, self.g_gain, self.g_bias = (torch.empty_like(p) for p in (self.weight, self.gain, self.bias))

    def parameters(self):
        return [(self.weight, self.g_weight), (self.gain, self.g_gain), (self.bias, self.g_bias)]

    def start(self):
        w = self.weight.flatten(1)
        variance, mean = torch.var_mean(w, 1, unbiased=True, keepdim=True)
        self.centred = w - mean
        self.r = torch.rsqrt(w.shape[1] * variance + EPS)
        hat = (self.gain * self.r * self.centred).view_as(self.weight)
        self.hat = hat.contiguous(memory_format=torch.channels_last)     # what oneDNN is faster with
        self.g_hat.zero_()
        self.g_bias.zero_()

    def forward(self, v):
        return F.conv2d(v, self.hat, self.bias, padding=1)

    def backward(self, d, q):
        dv, dw, db = torch.ops.aten.convolution_backward(d, q, self.hat, [len(self.bias)], [1, 1], [1, 1], [1, 1],
                                                         False, [0, 0], 1, [not self.first, True, True])
        self.g_hat.add_(dw)
        self.g_bias.add_(db)
        return dv

    def finish(self):
        g, c, r = self.g_hat.flatten(1), self.centred, self.r
        n = g.shape[1]
        gc = (g * c).sum(1, keepdim=True)
        self.g_gain.copy_(r * gc)
        d = self.gain * r * g - (self.gain * (n / (n - 1)) * r ** 3 * gc) * c
        self.g_weight.copy_((d - d.mean(1, keepdim=True)).view_as(self.weight))


class Neurons:
    """LIF with reset by subtraction; a[t] = lambda a[t-1] + s[t]. `scale` multiplies spike and trace on the way
    out."""

    def __init__(self, scale, trace):
        self.scale, self.trace = scale, trace

    def start(self):
        self.u = self.a = None

    def forward(self, current):
        if self.u is None:
            self.u = current.clone()
        else:
            self.u.sub_(self.s, alpha=THRESHOLD).mul_(LAMBDA).add_(current)
        self.s = (self.u >= THRESHOLD).to(self.u.dtype)
        value = self.s if self.scale == 1 else self.s * self.scale
        if not self.trace:
            return value, value
        # The stored trace carries the scale: both are linear.
        self.a = value.clone() if self.a is None else self.a.mul_(LAMBDA).add_(value)
        return value, self.a

    def backward(self, e):
        p = torch.sigmoid((self.u - THRESHOLD).mul_(SLOPE))
        return e.mul_(p.mul_(1 - p).mul_(SLOPE * self.scale))


class Pool:
    """Average pooling of value and trace; `size` 0 takes the whole map and flattens."""

    def __init__(self, size):
        self.size = size

    def forward(self, v, q):
        self.like = v
        if self.size == 0:
            value = v.mean((2, 3))
            return value, value if q is v else q.mean((2, 3))
        value = F.avg_pool2d(v, self.size)
        return value, value if q is v else F.avg_pool2d(q, self.size)

    def backward(self, d):
        if self.size == 0:
            n, c, h, w = self.like.shape
            return (d / (h * w)).view(n, c, 1, 1).expand(n, c, h, w).contiguous()
        k = [self.size, self.size]
        return torch.ops.aten.avg_pool2d_backward(d, self.like, k, k, [0, 0], False, True, None)


def mlp(trace, sizes=(784, 800, 10)):
    layers = []
    for i in range(len(sizes) - 1):
        layers += [Linear(sizes[i], sizes[i + 1], first=i == 0), Neurons(1.0, trace)]
    return layers[:-1]


def vgg11_ws(trace, widths=VGG, channels=3, classes=10):
    layers = []
    for width in widths:
        if width == "P":
            layers.append(Pool(2))
        else:
            layers += [Conv(channels, width, first=not layers), Neurons(SCALE, trace)]
            channels = width
    return layers + [Pool(0), Linear(channels, classes)]


def forward(layers, x, current):
    """One step. Returns the output; the weight layers remember the trace that their gradient needs."""
    v = q = x
    for i, layer in enumerate(layers):
        if isinstance(layer, Neurons):
            v, q = layer.forward(v)
        elif isinstance(layer, Pool):
            v, q = layer.forward(v, q)
        else:
            layer.q = q
            v = current if i == 0 and current is not None else layer.forward(v)
    return v


def backward(layers, d, hoist):
    for i in range(len(layers) - 1, -1, -1):
        layer = layers[i]
        if not isinstance(layer, (Linear, Conv)):
            d = layer.backward(d)
        elif i > 0 or hoist is None:
            d = layer.backward(d, layer.q)
        else:
            hoist.append(d)


def batch(layers, x, onehot, steps, hoisted):
    """All gradients of one batch; the loss."""
    for layer in layers:
        if hasattr(layer, "start"):
            layer.start()
    current = layers[0].forward(x) if hoisted else None
    deltas = [] if hoisted else None
    total = 0.0
    for _ in range(steps):
        d, loss = loss_gradient(forward(layers, x, current), onehot, steps)
        backward(layers, d, deltas)
        total = total + loss
    if hoisted:
        layers[0].backward(sum(deltas[1:], deltas[0]), x)
    for layer in layers:
        if hasattr(layer, "finish"):
            layer.finish()
    return total


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--method", choices=("ottt", "sltt"), default="ottt")
    options = parser.parse_args()
    pool, labels = begin(options)
    onehot = F.one_hot(labels, 10).float()
    with torch.no_grad():
        layers = (mlp if options.net == "784-800-10" else vgg11_ws)(options.method == "ottt")
        pairs = [p for layer in layers if hasattr(layer, "parameters") for p in layer.parameters()]
        for parameter, gradient in pairs:
            parameter.grad = gradient
        sgd = torch.optim.SGD([p for p, _ in pairs], lr=0.1, momentum=0.9)

        def train(b):
            loss = batch(layers, pool[b % len(pool)], onehot[b % len(pool)], options.steps, options.hoist)
            sgd.step()
            return loss

        measure(options, options.method, train)


if __name__ == "__main__":
    main()
