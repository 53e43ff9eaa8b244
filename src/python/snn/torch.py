"""Networks of libsnn inside models of PyTorch, on the CPU: import snn.torch needs the package torch.

    layer = snn.torch.Module(net, "bptt", steps=6)
    model = torch.nn.Sequential(torch.nn.Linear(100, 784), layer)
    out = model(x).mean(0)                              # of [T,n,outputs]
    torch.nn.functional.cross_entropy(out, y).backward()

The parameters of a Module are those of the network, in the same memory: an optimizer of torch updates the network.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Callable, Mapping

from . import _safetensors as safetensors
from ._handles import handle
from ._library import SIGN
from ._optimizer import Optimizer
from ._recorder import Recorder
from ._structures import LoadReport
from ._trainer import Evaluator, Trainer
from ._types import Setting

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._network import Network

torch: Any = importlib.import_module("torch")   # without its hints, which take minutes to check
Tensor = Any    # of torch

__all__ = ["Module", "load_state_dict", "state_dict"]


def state_dict(network: Network) -> OrderedDict[str, Tensor]:
    """The tensors of a network by name, "fc1.weight", over its own memory."""
    tensors = safetensors.tensors_of(network.prepare())
    return OrderedDict((name, torch.from_numpy(array)) for name, array in tensors.items())


def load_state_dict(network: Network, tensors: Mapping[str, Tensor], strict: bool = True) -> LoadReport:
    """Copies tensors of the same name and shape into a network, and returns how many there were. strict: raises
    ValueError, and changes nothing, unless all are on both sides."""
    given = {name: torch.as_tensor(tensor).detach().cpu().float().numpy() for name, tensor in tensors.items()}
    return safetensors.fill(safetensors.tensors_of(network.prepare()), given, strict, "state dict")


class _Run(torch.autograd.Function):    # type: ignore[misc]
    """A batch of the library as one operation of a graph of torch."""

    @staticmethod
    def forward(ctx: Any, module: Module, x: Tensor, lengths: Any, *parameters: Tensor) -> Tensor:
        ctx.module = module
        outputs = module.trainer.forward(x.detach().numpy(), lengths=lengths)
        module._runs += 1
        ctx.run = module._runs
        return torch.from_numpy(outputs)

    @staticmethod
    def backward(ctx: Any, error: Tensor) -> tuple[Any, ...]:
        module = ctx.module
        if ctx.run != module._runs:
            raise RuntimeError("the module has run again since this batch, or went back through it already: call "
                               "backward() once after each forward()")
        module._runs += 1
        trainer = module.trainer.backward(error.detach().float().contiguous().numpy())
        gradients = trainer.gradients()
        wanted = zip(module._names, ctx.needs_input_grad[3:])
        x = torch.from_numpy(trainer.input_gradient()) if ctx.needs_input_grad[1] else None
        return (None, x, None, *(torch.from_numpy(gradients[name]) if wants else None for name, wants in wanted))


class Module(torch.nn.Module):      # type: ignore[misc]
    """A network of libsnn as a module: Module(net, "bptt", steps=6). Calling it with x [n,...], the same at all
    steps, or [T,n,...] returns the outputs of every step, [T,n,outputs].

    In training, gradients are those of the method: exact with bptt, its own with ottt, sltt, sei, eprop and opzo. The
    input gets a gradient with bptt, ottt, sltt and sei; other methods raise an Error where one is asked for. Keywords
    are parameters of the trainer. After eval() the network is evaluated, and outputs carry no gradient. One
    backward() goes with each forward(), before the next one. libsnn computes in float32 on the CPU: the module cannot
    be moved, and a copy of it is made from a copy of the network."""

    def __init__(self, network: Network, method: str = "bptt", *, batch: int = 128, **parameters: Setting) -> None:
        super().__init__()
        handle(network, "network")
        network.prepare()
        self.network = network
        self._optimizer = Optimizer(network._parents[0], "sgd")
        self.trainer = Trainer(network, self._optimizer, method, batch, ranks=None, **parameters)
        self._steps = self.trainer.info().steps
        self._evaluator: Evaluator | None = None
        self._names: list[str] = []
        self._places: dict[str, int] = {}       # addresses of all tensors in the network
        self._runs = 0
        for layer in network.layers():
            self._adopt(layer)

    def _adopt(self, layer: Any) -> None:
        """The tensors of a layer as parameters and buffers of a child of its name, in the library's memory."""
        infos = layer._tensor_infos()
        if not infos:
            return
        child = torch.nn.Module()
        for info in infos:
            name = info.name.decode()
            if info.element == SIGN:
                raise ValueError("the network is packed, and cannot be trained")
            tensor = torch.from_numpy(layer.tensor(name))
            self._places[f"{layer.name}.{name}"] = tensor.data_ptr()
            if info.trained:
                child.register_parameter(name, torch.nn.Parameter(tensor))
                self._names.append(f"{layer.name}.{name}")
            else:
                child.register_buffer(name, tensor)
        self.add_module(layer.name, child)

    def forward(self, x: Tensor, lengths: Any = None) -> Tensor:
        """Outputs [T,n,outputs] of x [n,...] or [T,n,...]; lengths [n] where samples end before the last step."""
        if not isinstance(x, torch.Tensor):
            raise TypeError(f"expected a tensor of floats on the CPU, got {type(x).__name__}")
        if x.device.type != "cpu" or not x.is_floating_point():
            raise TypeError(f"expected a tensor of floats on the CPU, got {x.dtype} on {x.device}")
        x = x.float()
        n = x.shape[x.dim() - 1 - len(self.trainer._in)] if x.dim() > len(self.trainer._in) else 0
        parameters = self._held()
        if not self.training:
            return self._evaluate(x, lengths, n)
        if n > self.trainer.info().batch:
            self.trainer.prepare(n)
        if x.requires_grad:
            self.trainer.want_input_gradient()
        outputs: Tensor = _Run.apply(self, x, lengths, *(parameters[name] for name in self._names))
        return outputs

    def _held(self) -> dict[str, Tensor]:
        """The tensors by name, each of which still has to be the network's memory."""
        held = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        for name, place in self._places.items():
            if name not in held or held[name].data_ptr() != place:
                raise RuntimeError(f"{name} is no longer the network's memory: copy into it, by load_state_dict() or "
                                   "copy_() under no_grad(), instead of putting another tensor in its place")
        return held

    def _evaluate(self, x: Tensor, lengths: Any, n: int) -> Tensor:
        last = self.network.layers()[-1].name
        if self._evaluator is None or n > self._evaluator.info().batch:
            self._evaluator = Evaluator(self.network, max(n, self.trainer.info().batch), steps=self._steps)
        with Recorder(self._evaluator, spikes=False, membrane=False, trace=False, output=True, layers=[last]) as seen:
            self._evaluator.predict(x.detach().numpy(), lengths=lengths)
        return torch.from_numpy(seen.output[last])

    def _apply(self, fn: Callable[[Tensor], Tensor], *arguments: Any) -> Self:
        """to(), double(), cuda(), share_memory(): fine where nothing is to change."""
        probe = fn(torch.zeros(1))
        if probe.device.type != "cpu" or probe.dtype != torch.float32 or probe.is_shared():
            raise RuntimeError("a network of libsnn lies in its own memory, as float32 on the CPU: it cannot move")
        return self

    def __deepcopy__(self, _memo: Any) -> Self:
        raise TypeError("copy the network, as by net.save() and snn.Network.load(), and make another Module of it")

    def __getstate__(self) -> Any:
        raise TypeError("a Module cannot be pickled: save its state_dict(), or the network by net.save()")
