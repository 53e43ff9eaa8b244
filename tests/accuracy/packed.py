"""packed.py MODEL PACKED DATA - whether a packed model gives the outputs of the model it was made of, bit for bit,
for every image of the test set in the folder DATA; the exit status says so. SNN_LIBRARY is the shared library."""

import json
import struct
import sys

import numpy as np
import snn

BATCH = 100


def settings(path):
    """What snn train noted in a model file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return json.loads(header["__metadata__"]["run"])


model, packed, folder = sys.argv[1:]
run = settings(model)
context = snn.Context(threads=1, seed=run["seed"])
data = snn.Dataset.open(context, "idx", folder, "test").normalise(run["data"]["mean"], run["data"]["deviation"])
trainers = [snn.Trainer(snn.Network.load(context, path), None, run["trainer"]["method"], batch=BATCH,
                        steps=run["trainer"]["steps"]) for path in (model, packed)]
different = right = 0
for first in range(0, len(data), BATCH):
    samples = [data[i] for i in range(first, min(first + BATCH, len(data)))]
    x = np.stack([sample for sample, _ in samples])
    whole, small = (trainer.predict(x) for trainer in trainers)
    different += int((whole.view(np.uint32) != small.view(np.uint32)).any(axis=1).sum())
    right += int((small.argmax(axis=1) == [label for _, label in samples]).sum())
print(f"{packed}: {len(data)} images, {different} with other outputs, {100 * right / len(data):.2f} % right")
sys.exit(different != 0)
