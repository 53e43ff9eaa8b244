"""Your own data

Arrays are all that is needed: numbers for each sample, or frames with a time axis, and labels of any kind. The
Classifier has the methods of scikit-learn, and works without it.
"""
import numpy as np
import show
import snn

given = show.arguments()

# %% Spike trains of three gestures
# Twelve channels over 40 steps. In each gesture a wave runs over the channels: up, down, or out from the middle.
random = np.random.default_rng(1)
names = np.array(["up", "down", "out"])
channel, time = np.arange(12), np.arange(40)


def record(gesture: str) -> np.ndarray:
    """Spikes [T,channels]."""
    place = {"up": channel, "down": 11 - channel, "out": 2 * np.abs(channel - 5.5)}[gesture]
    centre = 8 + 2 * place + random.normal(0, 2)
    rate = 0.7 * np.exp(-((time[:, None] - centre) / 3) ** 2) + 0.06
    return random.random((40, 12)) < rate


y = names[random.integers(0, 3, 600)]
x = np.stack([record(gesture) for gesture in y])
print(f"samples {x.shape} of type {x.dtype}, labels such as {y[0]!r}")

# %% Fit and score
# What tells up from down is the order of the channels, so the neurons have to remember: tau is 20 steps. time_axis
# says where time is. A third of the samples is kept to test with.
def network(context: snn.Context, shape: "tuple[int, ...]", outputs: int) -> snn.Network:
    return snn.Network.build(context, f"12-60-60-{outputs}", shape, outputs, snn.Neuron(context, "lif", tau=20.0))


model = snn.Classifier(network, method="bptt", steps=40, epochs=4 * given.epochs, lr=1e-2, optimizer="adam",
                       batch=32, time_axis=1, random_state=1)
model.fit(x[:400], y[:400])
guess = model.predict(x[400:])
print(f"accuracy of {len(guess)} unseen samples: {model.score(x[400:], y[400:]):.3f}")

# %% Where it errs
matrix = np.array([[np.sum((y[400:] == a) & (guess == b)) for b in names] for a in names])
print("rows: what it was; columns: what was said")
for name, row in zip(names, matrix):
    print(f"{name:5}", *(f"{n:4}" for n in row))

figure, places = show.axes(3)
if figure:
    for place, name in zip(places, names):
        at, row = np.nonzero(x[y == name][0])
        place.scatter(at, row, s=6, color=show.ACCENT, marker="|")
        place.set(title=name, xlabel="time step", yticks=(0, 5, 10))
    places[0].set_ylabel("channel")
show.finish(figure, "8_gestures", given)
