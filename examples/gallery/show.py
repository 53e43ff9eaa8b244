"""What the scripts of the gallery share: where pictures go, and Fashion-MNIST."""

import argparse
import os
import sys
from typing import Any

import snn

try:
    import matplotlib
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    plt = None

ACCENT, QUIET = "#1f6feb", "#8a919c"


def arguments() -> argparse.Namespace:
    """The command line that all scripts understand."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist",
                        help="folder of Fashion-MNIST; Debian has it in the package dataset-fashion-mnist")
    parser.add_argument("--samples", type=int, default=6000, help="samples to train with")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--pictures", metavar="FOLDER", help="save pictures there, as .svg, and open no window")
    return parser.parse_args()


def images(ctx: snn.Context, given: argparse.Namespace) -> "tuple[snn.Dataset, snn.Dataset]":
    """Images to train and to test with. Ends with 77 where there are none."""
    if not os.path.isdir(given.data):
        print(f"there is no {given.data}: apt-get install dataset-fashion-mnist, or --data FOLDER", file=sys.stderr)
        sys.exit(77)
    sets = []
    for split, samples in (("train", given.samples), ("test", 2000)):
        data = snn.Dataset.open(ctx, "idx", given.data, split)
        sets.append(data.set(limit=min(samples, len(data))))
    return sets[0], sets[1]


def axes(columns: int = 1, rows: int = 1, **options: Any) -> Any:
    """A figure and its axes, or None twice where matplotlib is not installed: then there are no pictures."""
    if plt is None:
        return None, None
    figure, places = plt.subplots(rows, columns, figsize=(7, 2.4 * rows), layout="constrained", **options)
    for place in [places] if rows * columns == 1 else places.flat:
        place.spines[["top", "right"]].set_visible(False)
    return figure, places


def finish(figure: Any, name: str, given: argparse.Namespace) -> None:
    """Saves the figure as NAME.svg, or opens a window."""
    if figure is None:
        print(f"({name}: no picture without matplotlib)")
    elif given.pictures is not None:
        os.makedirs(given.pictures, exist_ok=True)
        figure.savefig(os.path.join(given.pictures, name + ".svg"), metadata={"Date": None})
        plt.close(figure)
    else:
        plt.show()
