"""The reference of the Python module, of its docstrings and signatures. Nothing is imported: neither the library nor
NumPy has to be here."""

import ast
import html
import os
import re

MODULES = {"snn": "__init__.py", "snn.events": "events.py", "snn.images": "images.py", "snn.mpi": "mpi.py",
           "snn.nir": "nir.py", "snn.torch": "torch.py"}


def parse(path):
    with open(path, encoding="utf-8") as file:
        return ast.parse(file.read())


def prose(text):
    """Paragraphs of a docstring; indented ones are programs."""
    out = []
    for block in re.split(r"\n\s*\n", text or ""):
        if block.startswith("    "):
            lines = [line[4:] if line.startswith("    ") else line for line in block.splitlines()]
            out.append("<pre>" + html.escape("\n".join(lines)) + "</pre>")
        elif block.strip():
            words = html.escape(" ".join(block.split()), quote=False)
            out.append("<p>" + re.sub(r"`([^`]+)`", r"<code>\1</code>", words) + "</p>")
    return "\n".join(out)


def signature(node, name):
    arguments = ast.unparse(node.args)
    arguments = re.sub(r"^(self|cls)(, )?", "", arguments)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    return f"<pre class=\"signature\">{html.escape(name)}({html.escape(arguments)}){html.escape(returns)}</pre>"


def decorators(node):
    return {ast.unparse(d).split(".")[-1] for d in node.decorator_list}


class Module:
    """A public module: its text, and where the names of its __all__ are defined."""

    def __init__(self, folder, name, file):
        self.name = name
        self.folder = folder
        self.tree = parse(os.path.join(folder, file))
        self.sources = {}
        self.public = []
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                for alias in node.names:
                    self.sources[alias.name] = node.module + ".py"
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                self.public = ast.literal_eval(node.value)

    def find(self, name):
        """The definition of a public name, or None where it is no class and no function."""
        tree = parse(os.path.join(self.folder, self.sources[name])) if name in self.sources else self.tree
        for node in tree.body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
                return node, tree
        return None, tree


def members(node, tree):
    """Public methods and properties of a class, those of its bases in the same file after its own."""
    seen = set()
    classes = {c.name: c for c in tree.body if isinstance(c, ast.ClassDef)}
    queue = [node]
    while queue:
        present = queue.pop(0)
        for item in present.body:
            if isinstance(item, ast.FunctionDef) and item.name not in seen and not item.name.startswith("_") \
                    and "setter" not in decorators(item) and "overload" not in decorators(item):
                seen.add(item.name)
                yield item
        queue += [classes[base.id] for base in present.bases if isinstance(base, ast.Name) and base.id in classes]


def entry(name, node, tree):
    """HTML of a class or a function."""
    anchor = name.replace(".", "-")
    out = [f"<h2 id=\"{anchor}\">{html.escape(name)}</h2>"]
    if isinstance(node, ast.FunctionDef):
        return "\n".join([*out, signature(node, name), prose(ast.get_docstring(node))])
    init = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    out += [signature(init[0], name)] if init else []
    out.append(prose(ast.get_docstring(node)))
    for item in members(node, tree):
        out.append(f"<h3 id=\"{anchor}-{item.name}\">{name.split('.')[-1]}.{item.name}</h3>")
        if "property" in decorators(item):
            kind = f": {ast.unparse(item.returns)}" if item.returns else ""
            out.append(f"<pre class=\"signature\">{item.name}{html.escape(kind)}</pre>")
        else:
            out.append(signature(item, item.name))
        out.append(prose(ast.get_docstring(item)))
    return "\n".join(out)


def pages(folder):
    """Yields (module, HTML) for each public module that there is."""
    for name, file in MODULES.items():
        if not os.path.exists(os.path.join(folder, file)):
            continue
        module = Module(folder, name, file)
        out = [prose(ast.get_docstring(module.tree))]
        for public in module.public:
            node, tree = module.find(public)
            if node is not None:
                out.append(entry(public if name == "snn" else f"{name.split('.')[-1]}.{public}", node, tree))
        yield name, "\n".join(out)
