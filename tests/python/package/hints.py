"""The package's hints are complete and right (mypy --strict), reach a program that uses it, and parse on Python 3.9.

Skipped (77) without mypy. The environment names the sources: SNN_SOURCE."""

import ast
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PACKAGE = pathlib.Path(os.environ["SNN_SOURCE"]) / "src" / "python" / "snn"

# mypy finds each line right or finds the error that its comment names; a comment that it has no need of is an error.
PROGRAM = '''
import numpy as np
import snn

ctx = snn.Context(threads="2")  # type: ignore[arg-type]
data = snn.Dataset.from_arrays(ctx, np.zeros((8, 2)), labels=[0, 1] * 4)
net = snn.Network.build(ctx, "2-16-2", data.shape, data.classes)
snn.Trainer(net, "sgd", "ottt")  # type: ignore[arg-type]
trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "ottt", batch=8, steps=2)
accuracy: float = trainer.epoch(data).accuracy
loss: str = trainer.epoch(data).loss  # type: ignore[assignment]
name: str = net.layers()[0].name
weight = net.layer("fc1").tensor("weight") * 2
weight.nothing  # type: ignore[attr-defined]


def halve(run: snn.Run) -> None:
    run.trainer.optimizer.set(lr=0.5 ** run.epoch)


history = trainer.fit(data, 2, validation=data, callbacks=[halve, snn.KeepBest(), snn.LearningRate(lambda e: 1 / e)])
best: float = history[0].figure("loss")
trainer.fit(data, 2, callbacks=["early"])  # type: ignore[list-item]
trainer.set_loss(lambda call: (0.0, call.output))
trainer.set_loss(lambda call: call.output)  # type: ignore[arg-type, return-value]
model = snn.Classifier((10,), epochs=1).fit([[0.0, 1.0]] * 4, ["a", "b"] * 2).set_params(lr=0.1)
score: float = model.score([[0.0, 1.0]], ["a"])
'''


def main():
    for file in sorted(PACKAGE.rglob("*.py")):
        ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 9))
    if not (PACKAGE / "py.typed").exists():
        sys.exit("py.typed is absent: nobody sees the hints")
    mypy = shutil.which("mypy")
    if mypy is None:
        print("no mypy here: skipped")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "program.py")
        program.write_text(PROGRAM, encoding="utf-8")
        run = subprocess.run([mypy, "--strict", "--python-version", "3.9", "--cache-dir", folder + "/cache", PACKAGE,
                              program], env={**os.environ, "MYPYPATH": str(PACKAGE.parent)}, check=False)
    sys.exit(run.returncode)


main()
