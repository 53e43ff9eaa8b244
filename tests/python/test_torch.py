"""Networks inside models of torch: gradients equal those of the same network written in torch, an optimizer of torch
trains the network itself, and what cannot be is refused."""

import copy
import os
import pickle
import sys
import tempfile
import unittest

import numpy as np
import snn

try:
    import torch
except ImportError:
    print("no torch here: skipped")
    sys.exit(77)
import snn.torch

torch.set_num_threads(1)
N, T = 5, 4
DECAY = 0.5


class Spike(torch.autograd.Function):
    """A step at the threshold with the derivative of a sigmoid of slope 4."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u)

    @staticmethod
    def backward(ctx, g):
        s = torch.sigmoid(4 * ctx.saved_tensors[0])
        return g * 4 * s * (1 - s)


def lif(current, u):
    """u = decay (u - reset) + I, a spike at 1, the threshold is subtracted: potential after the reset, and spike."""
    u = DECAY * u + current
    s = Spike.apply(u - 1)
    return u - s, s


def reference(w, x):
    """The network of Gradients.net() in double precision, [T,n,3]."""
    u, v, outputs = 0, 0, []
    for t in range(T):
        frame = x[t] if x.dim() == 3 else x
        u, s = lif(frame @ w["a.weight"].T + w["a.bias"], u)
        v, r = lif(s @ w["b.weight"].T + w["b.bias"], v)
        outputs.append(r @ w["o.weight"].T + w["o.bias"])
    return torch.stack(outputs)


def make_net(ctx):
    net = snn.Network(ctx, (6,))
    neuron = snn.Neuron(ctx, "lif", decay=DECAY, surrogate="sigmoid", alpha=4.0)
    for name, out, population in (("a", 12, "s"), ("b", 10, "r"), ("o", 3, None)):
        net.add("linear", name, out=out)
        if population:
            net.add(neuron, population)
    return net


class Gradients(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=7)
        self.net = make_net(self.ctx)
        rng = np.random.default_rng(0)
        self.frames = torch.tensor(rng.uniform(0, 3, (T, N, 6)), dtype=torch.float32)
        self.error = torch.tensor(rng.normal(0, 1, (T, N, 3)))

    def check(self, x):
        """Exact gradients of any function of the outputs of all steps, of weights and of the input."""
        module = snn.torch.Module(self.net, "bptt", batch=2, steps=T)
        x = x.clone().requires_grad_()
        out = module(x)
        w = {name: p.detach().double().requires_grad_() for name, p in module.named_parameters()}
        y = x.detach().double().requires_grad_()
        expected = reference(w, y)
        np.testing.assert_allclose(out.detach(), expected.detach(), atol=1e-5)
        self.assertGreater(float(expected.detach().abs().sum()), 0)
        ((self.error.float() * out).sum() + (out.sum(0) ** 2).mean()).backward()
        ((self.error * expected).sum() + (expected.sum(0) ** 2).mean()).backward()
        for name, p in module.named_parameters():
            self.close(p.grad, w[name].grad, name)
        self.close(x.grad, y.grad, "input")

    def close(self, got, expected, what):
        self.assertEqual(got.shape, expected.shape)
        off = float((got.double() - expected).norm() / expected.norm())
        self.assertLess(off, 1e-6, what)

    def test_static_input(self):
        self.check(self.frames[0])

    def test_frames(self):
        self.check(self.frames)

    def test_local_gradients_are_those_of_a_step(self):
        """sltt: errors stay within a step."""
        module = snn.torch.Module(self.net, "sltt", steps=T)
        x = self.frames.clone().requires_grad_()
        (self.error.float() * module(x)).sum().backward()
        w = {name: p.detach().double().requires_grad_() for name, p in module.named_parameters()}
        y = self.frames.double().requires_grad_()
        u, v, loss = 0, 0, 0
        for t in range(T):
            u, s = lif(y[t] @ w["a.weight"].T + w["a.bias"], u)
            v, r = lif(s @ w["b.weight"].T + w["b.bias"], v)
            u, v = u.detach(), v.detach()
            loss = loss + (self.error[t] * (r @ w["o.weight"].T + w["o.bias"])).sum()
        loss.backward()
        for name, p in module.named_parameters():
            self.close(p.grad, w[name].grad, name)
        self.close(x.grad, y.grad, "input")

    def test_methods_without_a_gradient_of_the_input(self):
        for method, parameters in (("eprop", {"feedback": "random"}), ("opzo", {})):
            module = snn.torch.Module(self.net, method, steps=T, **parameters)
            module(self.frames).sum().backward()
            self.assertGreater(float(module.o.weight.grad.abs().sum()), 0)
            with self.assertRaises(snn.Error) as failure:
                module(self.frames.clone().requires_grad_())
            self.assertIn("gradient of the input", str(failure.exception))


class Models(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=7)
        self.net = make_net(self.ctx)
        torch.manual_seed(0)

    def test_layers_before_and_after_learn(self):
        """A task that the network inside a model has to pass gradients for."""
        x, y = torch.randn(64, 4), torch.randint(0, 2, (64,))
        x[:, 0] += 3.0 * y
        inside = snn.torch.Module(self.net, "bptt", steps=T)
        model = torch.nn.Sequential(torch.nn.Linear(4, 6), inside)
        head = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.02)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        for _ in range(60):
            loss = torch.nn.functional.cross_entropy(head(model(x).mean(0)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        self.assertLess(float(loss), 0.35)
        for name, p in model.named_parameters():
            self.assertFalse(torch.equal(p, before[name]), name)
        model.eval()
        scores = snn.Evaluator(self.net, 64, steps=T).predict(model[0](x).detach().numpy())
        np.testing.assert_allclose(model(x).sum(0).detach(), scores, rtol=1e-5, atol=1e-5)
        self.assertFalse(model(x).requires_grad)

    def test_memory_is_shared(self):
        module = snn.torch.Module(self.net, steps=T)
        self.assertEqual([n for n, _ in module.named_parameters()],
                         [f"{layer}.{t}" for layer in "abo" for t in ("weight", "bias")])
        with torch.no_grad():
            module.a.weight.fill_(0.5)
        self.assertEqual(float(self.net.layer("a").tensor("weight").min()), 0.5)
        module.load_state_dict({name: torch.ones_like(p) for name, p in module.state_dict().items()})
        self.assertEqual(float(self.net.layer("b").tensor("bias").sum()), 10)
        module.to("cpu").float()

    def test_tensors_that_took_the_place_of_parameters(self):
        """What torch computes with has to be what the network computes with."""
        def data(module):
            module.a.weight.data = torch.zeros_like(module.a.weight)

        def another(module):
            module.a.weight = torch.nn.Parameter(torch.zeros_like(module.a.weight))

        def vector(module):
            torch.nn.utils.vector_to_parameters(torch.zeros(sum(p.numel() for p in module.parameters())),
                                                module.parameters())

        for change in (data, another, vector):
            for mode in (True, False):
                module = snn.torch.Module(self.net, steps=T).train(mode)
                change(module)
                self.assertRaisesRegex(RuntimeError, "copy into it", lambda: module(torch.rand(2, 6)))

    def test_refused(self):
        module = snn.torch.Module(self.net, steps=T)
        for wrong in (lambda: module.double(), lambda: module.to("meta"), module.share_memory):
            self.assertRaisesRegex(RuntimeError, "float32 on the CPU", wrong)
        self.assertRaisesRegex(TypeError, "another Module", lambda: copy.deepcopy(module))
        self.assertRaisesRegex(TypeError, "state_dict", lambda: pickle.dumps(module))
        self.assertRaisesRegex(TypeError, "floats on the CPU", lambda: module(torch.zeros(2, 6, dtype=torch.int64)))
        self.assertRaisesRegex(TypeError, "floats on the CPU", lambda: module(np.zeros((2, 6), np.float32)))
        self.assertRaisesRegex(TypeError, "expected a Network", lambda: snn.torch.Module(None))
        self.assertRaisesRegex(TypeError, "processor's memory",
                               lambda: module.trainer.predict(torch.zeros(2, 6, device="meta")))
        self.assertRaisesRegex(ValueError, "samples have shape", lambda: module(torch.zeros(2, 7)))
        first = module(torch.rand(2, 6))
        module(torch.rand(2, 6))
        self.assertRaisesRegex(RuntimeError, "once after each", lambda: first.sum().backward())
        online = snn.torch.Module(self.net, "ottt", steps=T, variant="O")
        self.assertRaises(snn.Error, lambda: online(torch.rand(2, 6)))

    def test_frozen_parameters_have_no_gradient(self):
        module = snn.torch.Module(self.net, steps=T)
        module.a.requires_grad_(False)
        module(torch.rand(2, 6)).sum().backward()
        self.assertIsNone(module.a.weight.grad)
        self.assertIsNotNone(module.b.weight.grad)


class Files(unittest.TestCase):
    def setUp(self):
        self.ctx = snn.Context(threads=1, seed=7)
        self.net, self.other = make_net(self.ctx), make_net(snn.Context(threads=1, seed=8))

    def test_state_dict(self):
        state = snn.torch.state_dict(self.net)
        self.assertEqual(snn.torch.load_state_dict(self.other, state).loaded, 6)
        for name, tensor in snn.torch.state_dict(self.other).items():
            self.assertTrue(torch.equal(tensor, state[name]), name)
        more = dict(state, extra=torch.zeros(3))
        self.assertRaisesRegex(ValueError, "extra", lambda: snn.torch.load_state_dict(self.other, more))
        self.assertEqual(snn.torch.load_state_dict(self.other, more, strict=False).unused, 1)

    def test_state_dict_of_torch_in_a_file(self):
        """torch -> safetensors -> libsnn -> torch."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "net.safetensors")
            self.net.save_tensors(path)
            self.assertEqual(self.other.load_tensors(path, strict=True).loaded, 6)
        for name, tensor in snn.torch.state_dict(self.other).items():
            self.assertTrue(torch.equal(tensor, snn.torch.state_dict(self.net)[name]), name)


if __name__ == "__main__":
    unittest.main()
