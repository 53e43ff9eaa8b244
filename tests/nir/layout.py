#!/usr/bin/env python3
"""layout.py FILE... - NIR files of our making, read as the reference implementation reads them, by h5py: version,
types, edges, and the fields that it passes to each node. Ends with 77 without h5py."""

import sys

try:
    import h5py
except ImportError:
    print("h5py is not installed (Debian: python3-h5py): skipped")
    sys.exit(77)

# The arguments of the reference implementation's nodes: needed, and with a default.
FIELDS = {
    "Input": ("shape", ""), "Output": ("shape", ""), "Affine": ("weight bias", ""), "Linear": ("weight", ""),
    "Scale": ("scale", ""), "Delay": ("delay", ""), "I": ("r", ""), "LI": ("tau r v_leak", ""),
    "Conv2d": ("input_shape weight stride padding dilation groups bias", ""),
    "SumPool2d": ("kernel_size stride padding", ""), "AvgPool2d": ("kernel_size stride padding", ""),
    "Flatten": ("start_dim end_dim", "input_type"), "IF": ("r v_threshold", "v_reset"),
    "LIF": ("tau r v_leak v_threshold", "v_reset"), "CubaLI": ("tau_syn tau_mem r v_leak", "w_in"),
    "CubaLIF": ("tau_syn tau_mem r v_leak v_threshold", "v_reset w_in"),
}


def text(dataset):
    value = dataset[()]
    return value.decode("utf-8") if isinstance(value, bytes) else value


def check(path):
    with h5py.File(path, "r") as file:
        assert text(file["version"]) and set(file) == {"version", "node"}
        graph = file["node"]
        assert text(graph["type"]) == "NIRGraph" and set(graph) == {"type", "nodes", "edges", "metadata"}
        assert graph["metadata/dt"][()] > 0
        edges = graph["edges"]
        assert edges.shape[1] == 2 and h5py.check_string_dtype(edges.dtype).encoding == "utf-8"
        for edge in edges.asstr()[()]:
            assert edge[0] in graph["nodes"] and edge[1] in graph["nodes"], edge
        for name, node in graph["nodes"].items():
            needed, optional = (set(fields.split()) for fields in FIELDS[text(node["type"])])
            there = set(node) - {"type"}
            assert needed <= there <= needed | optional, (name, there)
    print(f"{path}: {len(edges_of(path))} edges")


def edges_of(path):
    with h5py.File(path, "r") as file:
        return [tuple(edge) for edge in file["node/edges"].asstr()[()]]


for path in sys.argv[1:]:
    check(path)
