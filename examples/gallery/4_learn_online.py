"""Learn online, in a loop

A control loop has no data set. Each millisecond brings a reading and asks for an answer, and a moment later it turns
out what the answer should have been. A stream runs one step and learns from it, without taking memory or waiting for
anybody.
"""
import numpy as np
import show
import snn

given = show.arguments()

# %% A sensor and what it should say
# Two angles, each as its sine and cosine; the network is to tell the sine of their sum. After 20,000 steps a sensor
# is turned by a quarter, and the network has to learn anew.
steps = 40000
random = np.random.default_rng(1)
angle = random.uniform(-np.pi, np.pi, (steps, 2))
angle[steps // 2:, 0] += np.pi / 2
x = np.concatenate([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)
target = np.sin(angle.sum(axis=1) - np.where(np.arange(steps) < steps // 2, 0, np.pi / 2)).astype(np.float32)

# %% The loop
ctx = snn.Context(threads=1, seed=1)
net = snn.Network.build(ctx, "4-200-1", (4,), 1)
trainer = snn.Trainer(net, snn.Optimizer(ctx, "adam", lr=1e-3), "ottt", batch=1, steps=1, loss="mse")
stream = snn.Stream(trainer)
answer = np.empty(steps, np.float32)
for t in range(steps):
    answer[t] = stream.step(x[t])[0]
    stream.learn_target(target[t:t + 1])
error = (answer - target) ** 2
for name, part in (("first 500 steps", slice(500)), ("before the turn", slice(steps // 2 - 500, steps // 2)),
                   ("after the turn", slice(steps // 2, steps // 2 + 500)), ("at the end", slice(-500, None))):
    print(f"squared error, {name}: {error[part].mean():.3f}")

figure, place = show.axes()
if figure:
    place.plot(np.arange(499, steps), np.convolve(error, np.ones(500) / 500, "valid"), color=show.ACCENT)
    place.axvline(steps // 2, color=show.QUIET, linestyle=":")
    place.set(xlabel="step", ylabel="squared error, mean of 500")
show.finish(figure, "4_online", given)

# %% Its state is a few bytes
# The state of a stream can be kept and put back, here or in another process.
kept = stream.state
before = stream.step(x[0])
stream.state = kept
print("the same answer again:", bool((stream.step(x[0]) == before).all()), f"({len(kept):,} bytes of state)")
