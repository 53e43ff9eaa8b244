"""Tasks, one after another

A network that learns a second task forgets the first. HLOP keeps, beside each layer, lateral neurons that learn the
subspace of the activity of a task; later gradients are projected away from it. It goes with any method.
"""
import numpy as np
import show
import snn

given = show.arguments()

# %% Three tasks of images
# In each task the pixels are shuffled in another way: nothing of one helps in another.
ctx = snn.Context(seed=1)
train, test = show.images(ctx, given)


def arrays(data: snn.Dataset) -> "tuple[np.ndarray, np.ndarray]":
    n = min(len(data), 3000)
    samples = [data[i] for i in range(n)]
    return np.stack([x.ravel() for x, _ in samples]), np.array([label for _, label in samples])


(x, labels), (test_x, test_labels) = arrays(train), arrays(test)
random = np.random.default_rng(1)
orders = [random.permutation(x.shape[1]) for _ in range(3)]
tasks = [(snn.Dataset.from_arrays(ctx, x[:, order], labels, train.classes),
          snn.Dataset.from_arrays(ctx, test_x[:, order], test_labels, train.classes)) for order in orders]


# %% With and without a projection
def learn(projected: bool) -> np.ndarray:
    """The accuracy of each task after each task, [after,task]."""
    net = snn.Network.build(ctx, f"{x.shape[1]}-400-{train.classes}", (x.shape[1],), train.classes)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.02, momentum=0.9), "ottt", steps=6)
    projection = snn.Projection(net) if projected else None
    sequence = snn.Continual(trainer, projection, tasks=len(tasks))
    for number, (data, _) in enumerate(tasks):
        if projection:
            projection.grow(net.layer("fc1"), 80).grow(net.layer("fc2"), 40)
        sequence.begin(64)
        for _ in range(given.epochs):
            trainer.epoch(data)
        sequence.end()
        for earlier in range(number + 1):
            sequence.evaluate(earlier, tasks[earlier][1])
    info = sequence.info()
    print(f"{'with' if projected else 'without'} a projection: mean accuracy {info.acc:.3f}, "
          f"change of earlier tasks {info.bwt:+.3f}")
    return sequence.accuracy()


matrices = [learn(False), learn(True)]

figure, places = show.axes(2)
if figure:
    for place, matrix, title in zip(places, matrices, ("without", "with a projection")):
        place.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
        for after, task in np.argwhere(~np.isnan(matrix)):
            place.text(task, after, f"{matrix[after, task]:.2f}", ha="center", va="center",
                       color="white" if matrix[after, task] > 0.6 else "black")
        place.set(title=title, xlabel="task", ylabel="after task", xticks=range(3), yticks=range(3))
show.finish(figure, "7_tasks", given)
