#!/usr/bin/env python3
"""Compares steps that Python calls with the same steps called from C: same process, trainer, batch and stream, in
turn. Medians over the repeats. Where the weights of a network do not fit into the caches of a core, the
interpreter's own memory is read anew after each step, which costs more than its instructions.

    cmake --build build --target bench_python

Options: --repeats N, --steps N (training steps of one repeat; streams take 500 times as many), --threads N, and
--cpu-time for a machine with other work: the time of the calling thread, with one thread.
"""

import argparse
import ctypes
import os
import platform
import statistics
import time

import numpy as np
import snn


def machine(ctx, threads):
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    print(f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} processors; "
          f"instruction set {ctx.info().isa.decode()}, threads {threads}; libsnn {snn.version()}, "
          f"Python {platform.python_version()}, NumPy {np.__version__}")


def in_turn(repeats, count, clock, from_c, from_python):
    """Medians of seconds per step from C and from Python, and of their differences."""
    c, python = [], []
    for repeat in range(repeats + 1):       # the first warms up
        c.append(from_c(count))
        begin = clock()
        for _ in range(count):
            from_python()
        python.append((clock() - begin) / count)
        if c[-1] < 0:
            raise RuntimeError("a step failed in C")
    del c[0], python[0]
    return statistics.median(c), statistics.median(python), statistics.median(p - q for p, q in zip(python, c))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", help="the shared module of overhead.c")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    if options.cpu_time and options.threads != 1:
        parser.error("--cpu-time counts the calling thread only: it goes with --threads 1")

    calls = ctypes.CDLL(options.module)
    for call in (calls.bench_train, calls.bench_stream):
        call.restype = ctypes.c_double
    clock = time.thread_time if options.cpu_time else time.perf_counter
    ctx = snn.Context(threads=options.threads, seed=1)
    machine(ctx, options.threads)
    kind = "CPU" if options.cpu_time else "wall-clock"
    print(f"{kind} time of a step, medians of {options.repeats} repeats in turn")

    rng = np.random.default_rng(1)
    net = snn.Network.build(ctx, "784-800-10", (784,), 10)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.0), "ottt", batch=128, steps=6)
    x, labels = rng.random((128, 784), np.float32), rng.integers(0, 10, 128, np.uint32)
    batch, _keeps = trainer._batch(x, None, 0)
    batch.labels = labels.ctypes.data
    c, python, more = in_turn(options.repeats, options.steps, clock,
                              lambda n: calls.bench_train(trainer._handle, ctypes.byref(batch), n, options.cpu_time),
                              lambda: trainer.step(x, labels))
    print(f"train   784-800-10, ottt, T 6, B 128: C {1e3 * c:.3f} ms, Python {1e3 * python:.3f} ms: "
          f"{1e6 * more:+.1f} us, {100 * more / c:+.2f} %")

    for name, inputs in (("8-16-4", 8), ("784-200-10", 784), ("784-800-10", 784)):
        stream = snn.Stream(snn.Network.build(ctx, name, (inputs,), int(name.split("-")[-1])))
        x, out = rng.random(inputs, np.float32), np.zeros(10, np.float32)
        c, python, more = in_turn(options.repeats, 500 * options.steps, clock,
                                  lambda n: calls.bench_stream(stream._handle, x.ctypes.data_as(ctypes.c_void_p),
                                                               out.ctypes.data_as(ctypes.c_void_p), n,
                                                               options.cpu_time),
                                  lambda: stream.step(x))
        print(f"stream  {name}: C {1e6 * c:.2f} us, Python {1e6 * python:.2f} us: {1e6 * more:+.2f} us")


if __name__ == "__main__":
    main()
