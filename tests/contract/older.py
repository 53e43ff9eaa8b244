#!/usr/bin/env python3
"""older.py SOURCE FOLDER - the public headers as they were before the last field of every sized struct was appended.

Writes them to FOLDER/include. Two fields go where the last has 32 bits: a struct ends in no gap. The initialisers
lose as many values."""

import pathlib
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRUCT = re.compile(r"(typedef struct (snn_\w+) \{)(\s*uint32_t struct_size;.*?)(\} \2;)", re.S)
INITIALISER = re.compile(r"(#define SNN_\w+_INIT\s(?:\\\n)?\s*\{ sizeof\()(snn_\w+)(\))(.*?)( \}\n)", re.S)


def split(text, separator):
    """At separators that stand in no inner braces."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "{") - (c == "}")
        if c == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def shortened(header, gone):
    def struct(match):
        members = [m for m in match[3].split(";") if m.strip()]
        gone[match[2]] = 2 if re.match(r"\s*u?int32_t \w+$", members[-1]) else 1
        return match[1] + "".join(m + ";" for m in members[: -gone[match[2]]]) + "\n" + match[4]

    def initialiser(match):
        values = split(match[4], ",")[: -gone[match[2]]]
        return match[1] + match[2] + match[3] + ",".join(values) + match[5]

    return INITIALISER.sub(initialiser, STRUCT.sub(struct, COMMENT.sub("", header)))


def main():
    source, folder = (pathlib.Path(a) / "include" for a in sys.argv[1:])
    gone = {}
    for header in sorted(source.glob("**/*.h")):
        to = folder / header.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(shortened(header.read_text(), gone))
    print(sum(gone.values()), "fields of", len(gone), "structures go")


main()
