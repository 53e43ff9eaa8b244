#!/usr/bin/env python3
"""Speed of SPIDE in PyTorch, eager mode: both stages written out step by step, no autograd, dense products.

The current of the static input is formed once. Maps are channels-last, states are updated in place. Updates by
torch.optim.SGD with momentum.

    python3 tests/bench/torch/spide.py --net spide-lenet --threads 2 --batches 1 --repeats 3
"""

import torch
import torch.nn.functional as F
from common import begin, measure, NETS, arguments

V, FIRE, BACK_FIRE, G, SCALE, RANGE = 2.0, 1.0, 0.5, 1.0, 100.0, 2.0
NETS.update({"spide-lenet": ((1, 28, 28), 128), "spide-convnet-f": ((1, 28, 28), 128)})


class Conv:
    """Convolution with bias; dropout p on its result, one mask for all steps."""

    def __init__(self, inputs, outputs, kernel, stride, pad, drop=0.0):
        self.weight = torch.randn(outputs, inputs, kernel, kernel).mul_((2 / (inputs * kernel * kernel)) ** 0.5)
        self.weight = self.weight.contiguous(memory_format=torch.channels_last)
        self.bias, self.stride, self.pad, self.drop = torch.zeros(outputs), stride, pad, drop

    def parameters(self):
        return [self.weight, self.bias]

    def start(self, x):
        self.like, y = x, F.conv2d(x, self.weight, self.bias, self.stride, self.pad)
        self.mask = F.dropout(torch.ones_like(y), self.drop) if self.drop else None
        return y if self.mask is None else y.mul_(self.mask)

    def forward(self, x):
        y = F.conv2d(x, self.weight, self.bias, self.stride, self.pad)
        return y if self.mask is None else y.mul_(self.mask)

    def adjoint(self, d):
        d = d if self.mask is None else d * self.mask
        rest = self.like.shape[2] + 2 * self.pad - self.weight.shape[2] - (d.shape[2] - 1) * self.stride
        return F.conv_transpose2d(d, self.weight, None, self.stride, self.pad, rest)

    def gradient(self, d, a):
        d = d if self.mask is None else d * self.mask
        s = [self.stride, self.stride]
        _, self.weight.grad, self.bias.grad = torch.ops.aten.convolution_backward(
            d, a, self.weight, [len(self.bias)], s, [self.pad, self.pad], [1, 1], False, [0, 0], 1,
            [False, True, True])


class Linear(Conv):
    """Reads a flattened map."""

    def __init__(self, inputs, outputs, drop=0.0):
        self.weight = torch.randn(outputs, inputs).mul_((2 / inputs) ** 0.5)
        self.bias, self.drop = torch.zeros(outputs), drop

    def start(self, x):
        self.like = x
        y = F.linear(x.flatten(1), self.weight, self.bias)
        self.mask = F.dropout(torch.ones_like(y), self.drop) if self.drop else None
        return y if self.mask is None else y.mul_(self.mask)

    def forward(self, x):
        y = F.linear(x.flatten(1), self.weight, self.bias)
        return y if self.mask is None else y.mul_(self.mask)

    def adjoint(self, d):
        return ((d if self.mask is None else d * self.mask) @ self.weight).view_as(self.like)

    def gradient(self, d, a):
        d = d if self.mask is None else d * self.mask
        self.weight.grad, self.bias.grad = d.t() @ a.flatten(1), d.sum(0)


class Pool:
    def parameters(self):
        return []

    def start(self, x):
        return F.avg_pool2d(x, 2)

    forward = start

    def adjoint(self, d):
        return F.interpolate(d, scale_factor=2, mode="nearest").mul_(0.25)

    def gradient(self, d, a):
        pass


class Feedback:
    """Transposed convolution, Frobenius norm at most RANGE, no bias."""

    def __init__(self, channels, drop):
        self.weight = torch.randn(channels, channels, 3, 3).mul_(0.1 * (2 / (9 * channels)) ** 0.5)
        self.drop = drop

    def parameters(self):
        return [self.weight]

    def start(self, current):
        self.factor = min(1.0, RANGE / self.weight.norm().item())
        self.w = (self.weight * self.factor).contiguous(memory_format=torch.channels_last)
        self.mask = F.dropout(torch.ones_like(current), self.drop)

    def forward(self, s):
        return F.conv_transpose2d(s, self.w, None, 2, 1, 1).mul_(self.mask)

    def adjoint(self, d):
        return F.conv2d(d * self.mask, self.w, None, 2, 1)

    def gradient(self, d, a):
        dw = torch.ops.aten.convolution_backward(d * self.mask, a, self.w, [0], [2, 2], [1, 1], [1, 1], True, [1, 1],
                                                 1, [False, True, False])[1]
        self.weight.grad = dw.mul_(self.factor)


def network(name):
    if name == "spide-lenet":
        return [Conv(1, 15, 5, 1, 2), Pool(), Conv(15, 40, 5, 1, 2), Pool(), Linear(1960, 300, 0.5)], None, 300
    return [Conv(1, 64, 5, 2, 2, 0.2), Conv(64, 64, 5, 2, 2, 0.2),
            Conv(64, 64, 5, 1, 2, 0.2)], Feedback(64, 0.2), 3136


def first_stage(ops, feedback, x, steps):
    """Average rates and open masks of all populations."""
    u, count, s = [None] * len(ops), [None] * len(ops), None
    constant = ops[0].start(x)
    if feedback:
        feedback.start(constant)
    for t in range(steps):
        for l, op in enumerate(ops):
            if l == 0:
                current = constant if s is None or not feedback else constant + feedback.forward(s)
            else:
                current = op.forward(s) if t else op.start(s)
            if t == 0:
                u[l] = current.clone()
            else:
                u[l].add_(current)
            s = (u[l] >= FIRE).to(u[l].dtype)
            u[l].sub_(s, alpha=V)
            if t == 0:
                count[l] = s.clone()
            else:
                count[l].add_(s)
    return [c / steps for c in count], [((c > 0) & (c < steps)).to(c.dtype) for c in count]


def second_stage(ops, feedback, masks, g, steps):
    """Average ternary spikes of all populations; their rate."""
    n, fed, fired = len(ops), None, 0.0
    u, total = [torch.zeros_like(m) for m in masks], [torch.zeros_like(m) for m in masks]
    for _ in range(steps):
        d = g if fed is None else g + fed
        for l in range(n - 1, -1, -1):
            u[l].add_(d)
            s = (u[l] >= BACK_FIRE).to(g.dtype).sub_((u[l] <= -BACK_FIRE).to(g.dtype))
            u[l].sub_(s, alpha=G)
            total[l].add_(s)
            sent = (s * masks[l]).mul_(G / V)
            if l > 0:
                d = ops[l].adjoint(sent)
            elif feedback:
                fed = feedback.adjoint(sent)
    return [b.mul_(G / steps) for b in total]


def batch(net, readout, x, label, steps, back_steps):
    ops, feedback = net
    weight, bias = readout
    rates, masks = first_stage(ops, feedback, x, steps)
    top = rates[-1].flatten(1)
    logits = F.linear(top, weight, bias)
    loss = F.cross_entropy(logits, label)
    e = (logits.softmax(1) - F.one_hot(label, 10)).mul_(SCALE / len(label))
    weight.grad, bias.grad = e.t() @ top, e.sum(0)
    beta = second_stage(ops, feedback, masks, (e @ weight).view_as(rates[-1]), back_steps)
    for l, op in enumerate(ops):
        d = (beta[l] * masks[l]).div_(V)
        op.gradient(d, x if l == 0 else rates[l - 1])
        if l == 0 and feedback:
            feedback.gradient(d, rates[-1])
    return loss


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.set_defaults(net="spide-lenet", steps=30)
    parser.add_argument("--back-steps", type=int, default=100, help="T_B")
    options = parser.parse_args()
    pool, labels = begin(options)
    with torch.no_grad():
        ops, feedback, inputs = network(options.net)
        readout = [torch.empty(10, inputs).uniform_(-1, 1).mul_(inputs ** -0.5), torch.zeros(10)]
        trained = [p for op in ops + ([feedback] if feedback else []) for p in op.parameters()] + readout
        sgd = torch.optim.SGD(trained, lr=0.05 / SCALE, momentum=0.9, weight_decay=5e-4)

        def train(b):
            loss = batch((ops, feedback), readout, pool[b % len(pool)], labels[b % len(pool)], options.steps,
                         options.back_steps)
            sgd.step()
            return loss

        measure(options, "spide", train)


if __name__ == "__main__":
    main()
