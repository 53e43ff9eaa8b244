"""ten_lines.py DATA - trains on arrays of Fashion-MNIST to at least 88 % of the test images."""

import gzip
import sys

import numpy as np
import snn


def read(name, skip):
    with gzip.open(f"{sys.argv[1]}/{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=skip)


ctx = snn.Context(seed=1)
parts = [(read(f"{part}-images-idx3", 16).reshape(-1, 784), read(f"{part}-labels-idx1", 8))
         for part in ("train", "t10k")]
train, test = (snn.Dataset.from_arrays(ctx, x, labels).normalise([0.286], [0.353]) for x, labels in parts)
net = snn.Network.build(ctx, "784-800-10", train.shape, train.classes)
adam = snn.Optimizer(ctx, "adam", lr=0.001, schedule="cosine", epochs=6)
trainer = snn.Trainer(net, adam, "ottt", batch=128, steps=6)
for _ in range(6):
    trainer.epoch(train)
accuracy = trainer.evaluate(test).accuracy

print(f"Fashion-MNIST: {100 * accuracy:.2f} % of the test images")
sys.exit(accuracy < 0.88)
