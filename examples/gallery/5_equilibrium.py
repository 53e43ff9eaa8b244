"""Feedback and equilibrium

Where a layer hears its own spikes, its firing rate settles: rate = f(W rate + F x). The method ide trains that
equilibrium. It needs no step of the past, only where the network came to rest, so that a run of 100 steps costs as
much memory as one of 5.
"""
import numpy as np
import show
import snn

given = show.arguments()

# %% Train
ctx = snn.Context(seed=1)
train, test = show.images(ctx, given)
neuron = snn.Neuron(ctx, "lif", tau=20.0, threshold=2.0)
net = snn.Network.build(ctx, "ide-400", train.shape, train.classes, neuron)
trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.05, momentum=0.9), "ide", batch=128, steps=5)
trainer.fit(train, given.epochs, progress=False)
print(f"accuracy {trainer.evaluate(test).accuracy:.3f}")

# %% Rates come to rest
# The rate of a neuron over the steps so far, for one image and for eight neurons.
steps = 60
population = next(layer.name for layer in net.layers() if layer.info().spiking)
image, _ = test[0]
with snn.Recorder(net, layers=[population]) as seen:
    snn.Evaluator(net, batch=1, steps=steps).predict(image[None])
spikes = seen.spikes[population].reshape(steps, -1)
rates = np.cumsum(spikes, axis=0) / np.arange(1, steps + 1)[:, None]
busy = np.argsort(spikes.sum(axis=0))[::-1][:40:5]
change = np.abs(np.diff(rates, axis=0)).mean(axis=1)
print(f"mean change of a rate in a step: {change[0]:.4f} at first, {change[-1]:.4f} after {steps} steps")

figure, places = show.axes(2)
if figure:
    places[0].plot(rates[:, busy], color=show.ACCENT, alpha=0.7, linewidth=1)
    places[0].set(xlabel="time step", ylabel="firing rate")
    places[1].semilogy(change, color=show.ACCENT)
    places[1].set(xlabel="time step", ylabel="mean change of a rate")
show.finish(figure, "5_equilibrium", given)
