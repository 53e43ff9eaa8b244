#!/usr/bin/env python3
"""Speed of IDE in PyTorch, eager mode: spikes under no_grad, the solver with adjoints written out by hand.

Plain iteration to the tolerance that snn has. Autograd takes the gradient of f, once per batch. The current of the
static input is formed once per batch, the restricted weights as well. Updates by torch.optim.SGD.

    python3 tests/bench/torch/ide.py --net ide-400 --steps 5 --threads 2
    python3 tests/bench/torch/ide.py --net ide-64c5 --steps 30 --threads 2 --batches 2 --repeats 3
"""

import torch
import torch.nn.functional as F
from common import NETS, arguments, begin, measure

DECAY, V, DROP, TOLERANCE, CAP = 0.95, 2.0, 0.2, 1e-6, 30
NETS.clear()
NETS.update({"ide-400": ((784,), 128), "ide-64c5": ((1, 28, 28), 128)})


class Net:
    def __init__(self, conv):
        self.conv = conv
        units, width = ((64, 14, 14), 64) if conv else ((400,), 400)
        self.units = units
        self.fx = torch.nn.Conv2d(1, 64, 5, 2, 2) if conv else torch.nn.Linear(784, 400)
        self.norm = torch.nn.BatchNorm2d(64) if conv else torch.nn.BatchNorm1d(400)
        w = torch.empty((64, 64, 5, 5) if conv else (400, 400)).uniform_(-1, 1).flatten(1)
        self.w = torch.nn.Parameter(F.normalize(w).view((64, 64, 5, 5) if conv else (400, 400)))
        with torch.no_grad():
            self.fx.weight.copy_(F.normalize(self.fx.weight.flatten(1)).view_as(self.fx.weight))
            self.fx.bias.zero_()
            self.u = F.normalize(torch.randn(width), dim=0)
            for _ in range(10):
                sigma = self.iterate()
        self.g = torch.nn.Parameter(sigma.clone())
        self.out = torch.nn.Linear(12544 if conv else 400, 10)

    def parameters(self):
        return [*self.fx.parameters(), *self.norm.parameters(), self.w, self.g, *self.out.parameters()]

    def iterate(self):
        """One power iteration; the spectral norm."""
        w = self.w.detach().flatten(1)
        self.v = F.normalize(w.t() @ self.u, dim=0)
        self.u = F.normalize(w @ self.v, dim=0)
        return self.u @ (w @ self.v)

    def feedback(self, s, w):
        return F.conv2d(s, w, padding=2) if self.conv else F.linear(s, w)

    def adjoint(self, e, w):
        return F.conv_transpose2d(e, w, padding=2) if self.conv else e @ w

    def batch(self, x, labels, steps):
        with torch.no_grad():
            self.iterate()
        sigma = self.u @ (self.w.flatten(1) @ self.v)
        w = self.g.clamp(-1, 1) * self.w / sigma
        current = F.dropout(self.norm(self.fx(x)), DROP)
        mask = F.dropout(torch.ones_like(current), DROP).detach()
        with torch.no_grad():
            a = self.rates(current, mask, w, steps)
        a.requires_grad_()
        loss = F.cross_entropy(self.out(a.flatten(1)), labels)
        loss.backward()
        ga, a = a.grad, a.detach()
        z = (current + mask * self.feedback(a, w)) / V
        with torch.no_grad():
            beta = self.solve(((z >= 0) & (z <= 1)) * mask / V, ga, w)
        z.clamp(0, 1).backward(beta)
        return loss.detach()

    def rates(self, current, mask, w, steps):
        u = current.clone()
        s = (u >= V).float()
        rate = s.clone()
        for _ in range(steps - 1):
            u.sub_(s, alpha=V).mul_(DECAY).add_(current).addcmul_(mask, self.feedback(s, w))
            s = (u >= V).float()
            rate.mul_(DECAY).add_(s)
        return rate.mul_((1 - DECAY) / (1 - DECAY ** steps))

    def solve(self, m, ga, w):
        limit = TOLERANCE * ga.norm()
        beta = ga.clone()
        for _ in range(CAP):
            step = self.adjoint(m * beta, w).add_(ga).sub_(beta)
            if step.norm() <= limit:
                break
            beta.add_(step)
        return beta


def main():
    parser = arguments(__doc__.split("\n", maxsplit=1)[0])
    parser.set_defaults(net="ide-400")
    options = parser.parse_args()
    pool, labels = begin(options)
    net = Net(options.net == "ide-64c5")
    sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    def train(b):
        sgd.zero_grad()
        loss = net.batch(pool[b % len(pool)], labels[b % len(pool)], options.steps)
        sgd.step()
        return loss

    measure(options, "ide", train)


if __name__ == "__main__":
    main()
