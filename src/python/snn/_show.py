"""What people read: numbers, shapes and tables as text."""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence


def number(value: object) -> str:
    """A number in five digits at most, 0.85312; whole ones in full."""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def figure(value: float) -> str:
    """A number for a table: 0.85312, 1,881,600."""
    return f"{value:,.0f}" if value >= 1000 else number(value)


def shape(dims: Iterable[int]) -> str:
    """A shape, 1x28x28; "?" where there is none yet."""
    return "x".join(map(str, dims)) or "?"


def fields(figures: Mapping[str, object]) -> str:
    """loss=0.4125, accuracy=0.8531"""
    return ", ".join(f"{name}={value!r}" if isinstance(value, str) else f"{name}={number(value)}"
                     for name, value in figures.items())


def arguments(name: str, figures: Mapping[str, object]) -> str:
    """'sgd', lr=0.1: how an object of this name is made."""
    return ", ".join([repr(name)] + [fields(figures)] * bool(figures))


def count(value: int, noun: str) -> str:
    """12 samples, 1 sample"""
    return f"{value:,} {noun}{'s' * (value != 1)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int, below: str = "") -> str:
    """A table whose last `numbers` columns are numbers, with a line below it."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    left = len(head) - numbers

    def line(row: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) if i < left else cell.rjust(width)
                         for i, (cell, width) in enumerate(zip(row, widths))).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([line(head), rule, *map(line, rows), rule] + [below] * bool(below))
