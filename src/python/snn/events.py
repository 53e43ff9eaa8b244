"""Recordings of event cameras and spikes, by libsnn-events: NumPy arrays of events, frames, data sets.

    from snn import events

    recording = events.Recording("dvs.aedat4")
    e = recording.read()            # e["t"], e["x"], e["y"], e["p"]; e[:100] are the first hundred events
    for chunk in events.Recording("long.raw").chunks(100_000):
        ...
    data = events.dataset(ctx, "nmnist", "N-MNIST", "train", steps=10, cut="time")     # as any other data set

Importing this module raises ImportError where libsnn-events is not there: it lies beside libsnn, or where
SNN_EVENTS_LIBRARY says."""

from ._event_frames import Frames, Window, Windows
from ._event_sets import Sample, Samples, dataset, layouts
from ._recording import Recording, dtype, formats

__all__ = ["Frames", "Recording", "Sample", "Samples", "Window", "Windows", "dataset", "dtype", "formats", "layouts"]
