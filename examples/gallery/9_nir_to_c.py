"""From NIR to C

NIR is a file for spiking networks that many frameworks write. Here a network comes in from such a file, is checked
against the graph, and leaves as a model for a program in C that has no Python, no allocation and no lock in its loop.
"""
import os
import tempfile

import numpy as np
import show
import snn

try:
    from snn import nir
except ImportError as lacks:
    print(lacks)
    raise SystemExit(77)

given = show.arguments()

# %% A graph
# It stands for a file that another framework wrote: two populations, of which the second hears itself.
ctx = snn.Context(seed=1)
source = snn.Network.build(ctx, "12-64-4", (12,), 4, snn.Neuron(ctx, "lif", tau=5.0, reset="subtract"))
folder = tempfile.mkdtemp()
path = os.path.join(folder, "network.nir")
nir.save(source, path, dt=1e-3)
graph = nir.Graph(path)
print(graph)

# %% A network of it
# What the conversion cannot keep it says. check() runs both, and prints how far they are apart.
net = graph.network()
x = np.random.default_rng(1).random((50, 12))
print(graph.check(net, x))

# %% A model for C
model = os.path.join(folder, "network.snn")
net.save(model)
print(f"{os.path.getsize(model):,} bytes in {os.path.basename(model)}")
program = """
#include <snn/snn.h>
#include <stdlib.h>

snn_context *context;
snn_network *network;
snn_stream *stream;
size_t size;

snn_context_create(&context, NULL);
snn_network_load(&network, context, "network.snn");
snn_stream_size(network, &size);
snn_stream_init(aligned_alloc(64, size), size, network, &stream);
for (;;) {                                    /* each millisecond */
    read_sensors(x);
    snn_stream_step(stream, x, out);          /* no allocation, no lock, no system call */
    drive_motors(out);
}
"""
print(program)

# %% The same numbers
# A stream in Python is the stream of C: step by step it gives what the graph gives.
stream = snn.Stream(snn.Network.load(ctx, model))
outputs = np.stack([stream.step(sample) for sample in x.astype(np.float32)])
expected = graph.run(x)
print(f"largest difference to the graph: {np.abs(outputs - expected).max():.2g}")

figure, place = show.axes()
if figure:
    place.plot(outputs, color=show.ACCENT, alpha=0.8)
    place.plot(expected, color="black", linestyle=":", linewidth=1)
    place.set(xlabel="step", ylabel="output", title="the stream, and the graph (dotted)")
show.finish(figure, "9_outputs", given)
