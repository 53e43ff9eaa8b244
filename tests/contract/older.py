#!/usr/bin/env python3
"""older.py SOURCE FOLDER [DESCRIPTION] - the public headers as they were before the last field of every sized struct
was appended, or before all fields at the ends were that a description of abidw lacks.

Writes them to FOLDER/include. Two fields go where the last has 32 bits: a struct ends in no gap. The initialisers
lose as many values."""

import pathlib
import re
import sys
import xml.etree.ElementTree

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRUCT = re.compile(r"(typedef struct (snn_\w+) \{)(\s*uint32_t struct_size;.*?)(\} \2;)", re.S)
INITIALISER = re.compile(r"(#define SNN_\w+_INIT\s+(?:\\\n\s*)?SNN_INIT_\(sizeof\()(snn_\w+)(\))(.*?)(\)\n)", re.S)


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


def name(member):
    """What stands before its array, or in (*name)."""
    return (re.search(r"\(\*(\w+)\)", member) or re.search(r"(\w+)(\[\w+\])*\s*$", member))[1]


def last(_, members):
    return 2 if re.match(r"\s*u?int32_t \w+$", members[-1]) else 1


def unknown_to(description):
    """A function that counts the members at the end that the description lacks."""
    known = {struct.get("name"): {field.get("name") for field in struct.iter("var-decl")}
             for struct in xml.etree.ElementTree.parse(description).iter("class-decl")}

    def count(struct, members):
        kept = len(members)
        while struct in known and name(members[kept - 1]) not in known[struct]:
            kept -= 1
        return len(members) - kept

    return count


def shortened(header, gone, count):
    def struct(match):
        members = [m for m in match[3].split(";") if m.strip()]
        gone[match[2]] = count(match[2], members)
        kept = members[: len(members) - gone[match[2]]]
        return match[1] + "".join(m + ";" for m in kept) + "\n" + match[4]

    def initialiser(match):
        values = split(match[4], ",")
        return match[1] + match[2] + match[3] + ",".join(values[: len(values) - gone[match[2]]]) + match[5]

    return INITIALISER.sub(initialiser, STRUCT.sub(struct, COMMENT.sub("", header)))


def main():
    source, folder = (pathlib.Path(a) / "include" for a in sys.argv[1:3])
    count = unknown_to(sys.argv[3]) if len(sys.argv) > 3 else last
    gone = {}
    for header in sorted(source.glob("**/*.h")):
        to = folder / header.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(shortened(header.read_text(), gone, count))
    print(sum(gone.values()), "fields at the ends of", len(gone), "structures go")


main()
