#!/usr/bin/env python3
"""train_epoch.py [DATA_DIR [METHOD]] - trains one epoch over IDX images, reads a weight without a copy

    export PYTHONPATH=src/python SNN_LIBRARY=build/lib/libsnn.so
    python3 examples/train_epoch.py /usr/share/datasets/fashion-mnist
"""

import sys

import numpy as np
import snn


def main(directory="/usr/share/datasets/fashion-mnist", method="ottt"):
    ctx = snn.Context(seed=1)
    train = snn.Dataset.open(ctx, "idx", directory, "train")
    test = snn.Dataset.open(ctx, "idx", directory, "test")
    mean, deviation = train.statistics()
    for data in (train, test):
        data.normalise(mean, deviation)

    net = snn.Network(ctx, train.shape)
    net.add("flatten")
    net.add("linear", "hidden", out=200)
    net.add(snn.Neuron(ctx, "lif", tau=2.0), "spikes")
    net.add("linear", "readout", out=train.classes)

    sgd = snn.Optimizer(ctx, "sgd", lr=0.1, momentum=0.9)
    trainer = snn.Trainer(net, sgd, method, batch=64, steps=6, loss="ce_mse", loss_mix=0.05)

    weight = net.layer("hidden").tensor("weight")        # the library's memory, seen as an array
    before = weight.copy()
    fit = trainer.epoch(train)
    held = trainer.evaluate(test)

    print(f"libsnn {snn.version()}, {method}: {fit.samples} samples in {fit.seconds:.2f} s, loss {fit.loss:.4f}, "
          f"test accuracy {100 * held.accuracy:.2f}%, firing rate {held.firing_rate:.3f}")
    print(f"hidden.weight {weight.shape}: owns its memory: {weight.flags.owndata}, "
          f"moved by {np.abs(weight - before).max():.4f} at most, norm {np.linalg.norm(weight):.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
