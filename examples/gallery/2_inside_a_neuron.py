"""Inside a neuron

A leaky integrate-and-fire neuron adds up its input and forgets: u[t+1] = decay (u[t] - threshold s[t]) + x[t+1].
Where the membrane potential u reaches the threshold it spikes, and the threshold is taken away. A recorder shows
both.
"""
import numpy as np
import show
import snn

given = show.arguments()

# %% A network that is one neuron
ctx = snn.Context(seed=1)
net = snn.Network(ctx, (1,))
net.add(snn.Neuron(ctx, "lif", decay=0.9, threshold=1.0), "neuron")
net.prepare()

# %% Input
# A current that begins weak, grows strong and ends.
steps = 80
x = np.zeros((steps, 1, 1), np.float32)
x[10:35] = 0.08
x[35:65] = 0.25
seen = snn.Recorder(net)
snn.Evaluator(net, batch=1, steps=steps).predict(x)
u, s = seen.membrane["neuron"].ravel(), seen.spikes["neuron"].ravel()
print(f"{int(s.sum())} spikes, the first at step {int(s.argmax())}")

# %% The same by hand
# Four lines of NumPy give the same spikes.
potential, spikes = 0.0, []
for current in x.ravel():
    potential += current
    spikes.append(potential >= 1.0)
    potential = 0.9 * (potential - spikes[-1])
print("the same spikes:", bool((np.array(spikes) == s).all()))

figure, places = show.axes(1, 2, sharex=True)
if figure:
    places[0].fill_between(range(steps), x.ravel(), step="mid", color=show.QUIET, alpha=0.5)
    places[0].set(ylabel="input")
    places[1].plot(u, color=show.ACCENT)
    places[1].axhline(1.0, color=show.QUIET, linestyle=":")
    places[1].vlines(np.flatnonzero(s), 1.25, 1.4, color="black")
    places[1].set(xlabel="time step", ylabel="membrane potential", ylim=(-0.1, 1.5))
show.finish(figure, "2_neuron", given)

# %% Adaptation
# The threshold of an alif neuron rises with its own spikes: under the same current it spikes more and more seldom.
net = snn.Network(ctx, (1,))
net.add(snn.Neuron(ctx, "alif", decay=0.9, adapt_decay=0.98, adapt_strength=6.0), "neuron")
seen = snn.Recorder(net.prepare())
x = np.full((steps, 1, 1), 0.3, np.float32)
snn.Evaluator(net, batch=1, steps=steps).predict(x)
at = np.flatnonzero(seen.spikes["neuron"])
print("steps between spikes:", *np.diff(at))

figure, place = show.axes()
if figure:
    place.plot(seen.membrane["neuron"].ravel(), color=show.ACCENT)
    place.vlines(at, place.get_ylim()[1] * 1.02, place.get_ylim()[1] * 1.12, color="black")
    place.set(xlabel="time step", ylabel="membrane potential")
show.finish(figure, "2_adaptation", given)
