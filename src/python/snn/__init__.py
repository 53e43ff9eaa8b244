"""libsnn from Python: spiking networks that train, over the shared library's C interface and nothing but ctypes.

    import snn
    ctx = snn.Context(threads=2, seed=1)
    data = snn.Dataset.open(ctx, "idx", "/usr/share/datasets/fashion-mnist", "train")
    net = snn.Network.build(ctx, "784-800-10", data.shape, data.classes)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1, momentum=0.9), "ottt", batch=128, steps=6)
    print(trainer.epoch(data))
    weight = net.layer("fc1").tensor("weight")      # a NumPy array over the library's own memory

Parameters have the names of the library: `params()` of an object lists them, `get()` reads one. Every failure of the
library raises snn.Error; arguments of the wrong kind raise TypeError or ValueError. An object keeps the objects that
it was made from alive, so they are destroyed in the right order. Ctrl-C ends an epoch after the present batch. An
exception of a callback leaves the call that ran it. NumPy is needed only for arrays.
"""

from ._build import VERSION
from ._classifier import Classifier
from ._context import Context, names, version
from ._continual import Continual, Projection
from ._dataset import Dataset
from ._fit import Callback, EarlyStopping, Epoch, KeepBest, LearningRate, Run, ShowProgress
from ._library import Error
from ._loss import LossCall
from ._network import Layer, Model, Network, Neuron
from ._optimizer import Optimizer
from ._recorder import Recorder
from ._regressor import Regressor
from ._stream import Stream
from ._structures import Metrics, Progress
from ._trainer import Evaluator, Trainer

__version__ = VERSION or version()

__all__ = ["Callback", "Classifier", "Context", "Continual", "Dataset", "EarlyStopping", "Epoch", "Error",
           "Evaluator", "KeepBest", "Layer", "LearningRate", "LossCall", "Metrics", "Model", "Network", "Neuron",
           "Optimizer", "Progress", "Projection", "Recorder", "Regressor", "Run", "ShowProgress", "Stream",
           "Trainer", "names", "version"]
