"""Choose a method

Every method trains the same network by another rule. They differ in what they learn, in time, and in memory: bptt
keeps all steps, the online methods one.
"""
import time

import show
import snn

given = show.arguments()

# %% One network, six methods
ctx = snn.Context(seed=1)
train, test = show.images(ctx, given)
methods = {"bptt": {}, "sltt": {}, "ottt": {}, "opzo": {}, "eprop": {}, "sei": {}}
rows = []
for method, settings in methods.items():
    net = snn.Network.build(ctx, "784-400-10", train.shape, train.classes)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "adam", lr=1e-3), method, batch=128, steps=6, **settings)
    begin = time.process_time()
    trainer.fit(train, given.epochs, progress=False)
    seconds = time.process_time() - begin
    metrics = trainer.evaluate(test)
    rows.append((method, metrics.accuracy, seconds, trainer.info().bytes / 2**20))
    print(f"{method:6} accuracy {metrics.accuracy:.3f}   {seconds:5.2f} s   {rows[-1][3]:5.1f} MiB")

figure, places = show.axes(3)
if figure:
    names = [row[0] for row in rows]
    for place, column, title in zip(places, (1, 2, 3), ("accuracy", "seconds of processor", "MiB of the trainer")):
        place.barh(names, [row[column] for row in rows], color=show.ACCENT if column == 1 else show.QUIET)
        place.set_title(title, fontsize="medium")
        place.invert_yaxis()
show.finish(figure, "3_methods", given)

# %% Which one
# bptt is the reference. ottt and sltt reach nearly the same with the memory of one step, at any number of steps. opzo
# and eprop need no backward pass through the layers. What each is for is told by the library:
for method in methods:
    print(f"{method:6} {snn.names('method')[method]}")
