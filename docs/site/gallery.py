#!/usr/bin/env python3
"""gallery.py SOURCE OUT [FLAGS] - runs the scripts of examples/gallery, cell by cell and with their flags, and keeps
what each cell prints, OUT/NAME.json, and its pictures, OUT/*.svg. site.py makes pages of the scripts, with that where
it is there."""

import contextlib
import glob
import html
import io
import json
import os
import re
import sys
import traceback

CELL = re.compile(r"^# %%(.*)$", re.M)


def scripts(source):
    return sorted(glob.glob(os.path.join(source, "examples/gallery/[0-9]*.py")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def cells(text):
    """Pairs of a title and a program; the first one comes before all titles."""
    parts = CELL.split(text)
    return list(zip([""] + [title.strip() for title in parts[1::2]], parts[0::2]))


def run(path, out, flags):
    """Runs a script; true unless a cell failed. A script that cannot run here ends with 77, and has no output."""
    name = os.path.splitext(os.path.basename(path))[0]
    world, printed = {"__name__": "__main__", "__file__": path}, []
    sys.argv = [path, "--pictures", out, *flags]
    for _, program in cells(read(path)):
        text = io.StringIO()
        try:
            with contextlib.redirect_stdout(text):
                exec(compile(program, path, "exec"), world)
        except SystemExit as end:
            print(f"{name}: left out")
            return end.code == 77
        except Exception:
            traceback.print_exc()
            return False
        printed.append(text.getvalue())
    with open(os.path.join(out, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(printed, file)
    print(f"{name}: {len(printed)} cells")
    return True


# ---- pages


def prose(text):
    """Paragraphs of plain words."""
    return "".join(f"<p>{html.escape(' '.join(part.split()), quote=False)}</p>\n" for part in text.split("\n\n"))


def words_and_program(program):
    """The comment that a cell begins with, and the rest."""
    lines = program.strip("\n").splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ") for line in lines[:end]), "\n".join(lines[end:]).strip("\n")


def page(path, out):
    """Title, content and pictures of the page of a script."""
    kept = os.path.join(out, os.path.splitext(os.path.basename(path))[0] + ".json")
    printed = json.loads(read(kept)) if os.path.exists(kept) else []
    parts = cells(read(path))
    doc, first = re.match(r'"""(.*?)"""\n(.*)', parts[0][1], re.S).groups()
    title, words = doc.split("\n\n", 1)
    content, pictures = [prose(words), f"<pre>{html.escape(first.strip(), quote=False)}</pre>"], []
    for i, (heading, program) in enumerate(parts[1:], 1):
        about, program = words_and_program(program)
        anchor = re.sub(r"[^a-z0-9_-]", "", heading.lower().replace(" ", "-"))
        content += [f'<h2 id="{anchor}">{html.escape(heading)}</h2>', prose(about),
                    f"<pre>{html.escape(program, quote=False)}</pre>"]
        if i < len(printed) and printed[i].strip():
            content.append(f'<pre class="output">{html.escape(printed[i].rstrip(), quote=False)}</pre>')
        for name in re.findall(r'show\.finish\(figure, "(\w+)"', program):
            if os.path.exists(os.path.join(out, name + ".svg")):
                pictures.append(os.path.join(out, name + ".svg"))
                content.append(f'<p><img src="{name}.svg" alt="{html.escape(title)}: {name}"></p>')
    return title, "\n".join(content), pictures


def main(source, out, *flags):
    os.makedirs(out, exist_ok=True)
    sys.path.insert(0, os.path.join(source, "examples/gallery"))
    return 0 if all([run(path, out, flags) for path in scripts(source)]) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
