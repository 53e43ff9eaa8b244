#!/usr/bin/env python3
"""site.py SOURCE CONTENT OUT VERSION - the documentation as one static site: the pages of docs, the reference of the
headers (both as Doxygen left them in CONTENT), that of the Python module, the gallery, with what its scripts print
where they have run, and the programs that pages link to, in one frame with one navigation and one search. Fails, and
names them, if a page is in no navigation, or a link leads nowhere."""

import html
import os
import re
import shutil
import sys

import gallery
import python_reference

HEADERS = "C reference"
PYTHON = "Python reference"
GALLERY = "Gallery"
MEMBER = re.compile(r"<a id=\"([^\"]+)\" name=\"[^\"]+\"></a>\s*<h2 class=\"memtitle\">"
                    r"<span.*?</span>(.*?)</h2>", re.S)
TOP = {"README.md": "index.html", "SECURITY.md": "security.html", "CHANGELOG.md": "changelog.html"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def plain(text):
    """Text of a piece of HTML."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def slug(text):
    """Anchor of a section, as pages in a repository have it."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower().replace(" ", "-"))


class Page:
    """A page of the site: file `name`, and `source`, its path in the tree, by which links find it."""

    def __init__(self, name, title, content, source=""):
        self.name = name
        self.title = title
        self.content = content
        self.source = source
        self.subject = ""

    def anchors(self):
        return set(re.findall(r"\b(?:id|name)=\"([^\"]+)\"", self.content))


def page_name(path):
    """Name of the page of a Markdown file."""
    if path in TOP:
        return TOP[path]
    return re.sub(r"^docs/", "", path)[:-3].replace("/", "-") + ".html"


def content_name(path):
    """Name that Doxygen gives the page of a Markdown file."""
    if path == "README.md":
        return "index.html"
    return "md_" + re.sub(r"[/-]", "_", path[:-3]) + ".html"


def sections(text):
    """Headings one level down, below that of the page, each with the anchor of its text."""
    used = set()

    def heading(match):
        level, inside = int(match[1]), re.sub(r"<a class=\"anchor\"[^>]*></a>", "", match[2]).strip()
        anchor = slug(plain(inside))
        while anchor in used:
            anchor += "-1"
        used.add(anchor)
        return f"<h{level + 1} id=\"{anchor}\">{inside}</h{level + 1}>"

    return re.sub(r"<h([1-3])>(.*?)</h\1>", heading, text, flags=re.S)


def cut(raw):
    """Title and content of a file of Doxygen."""
    title = plain(re.search(r"<div class=\"title\">(.*?)</div>", raw, re.S)[1])
    content = re.search(r"<div class=\"contents\">(.*)</div><!-- contents -->", raw, re.S)[1]
    content = re.sub(r"<div class=\"toc\">.*?</ul>\s*</div>", "", content, flags=re.S)
    content = content.replace("&#9670;&nbsp;", "#").replace("<span class=\"permalink\">", "<span class=\"here\">")
    content = re.sub(r" style=\"pointer-events: none;\"", "", content)
    content = content.replace("</div><!-- PageDoc -->", "")    # of the first page; it begins before the title
    content = re.sub(r"<div class=\"ttc\".*?</div></div>\n", "", content)
    content = re.sub(r">`([^`<]+)`</a>", r"><code>\1</code></a>", content)
    return title, content


def markdown_pages(source, folder, listed):
    for path in listed:
        title, content = cut(read(os.path.join(folder, content_name(path))))
        if path == "README.md":
            title = "libsnn"
        yield Page(page_name(path), title, sections(content), path)


def header_pages(folder, headers):
    """Pages of the headers, and of the structures in them."""
    for name in sorted(os.listdir(folder)):
        if not re.match(r"(\w+_8h|structsnn_\w+)\.html$", name):
            continue
        title, content = cut(read(os.path.join(folder, name)))
        title = re.sub(r" (File|Struct) Reference$", "", title)
        page = Page(name, title, content)
        if name.endswith("_8h.html"):
            path = name[:-len(".html")].replace("_8h", ".h").replace("_2", "/")
            page.title = min((h for h in headers if h.endswith("/" + path)), key=len)
            page.subject = HEADERS
        yield page


def program_page(path, source):
    text = html.escape(read(os.path.join(source, path)), quote=False)
    return Page(path.replace("/", "-") + ".html", path, f"<pre>{text}</pre>", path)


class Site:
    def __init__(self, source, folder):
        self.source = source
        self.folder = folder
        self.problems = []
        self.pages = {}
        self.figures = set()
        self.subjects = {}
        self._read()

    def add(self, page):
        self.pages[page.name] = page
        if page.subject:
            self.subjects.setdefault(page.subject, []).append(page)

    def _read(self):
        subject = ""
        subjects = {}
        for line in read(os.path.join(self.source, "docs/site/pages.txt")).splitlines():
            if line.endswith(".md"):
                subjects[line] = subject
            elif not line.startswith("#"):
                subject = line
                self.subjects[subject] = []
        for path in self.markdown() - set(subjects):
            self.problems.append(f"{path} is not in docs/site/pages.txt")
        for page in markdown_pages(self.source, self.folder, subjects):
            page.subject = subjects[page.source]
            self.add(page)
        headers = [f"{folder}/{name}" for folder in ("snn", "snn/sys")
                   for name in os.listdir(os.path.join(self.source, "include", folder))]
        for page in sorted(header_pages(self.folder, headers), key=lambda page: (page.title.count("/"), page.title)):
            self.add(page)
        for name, content in python_reference.pages(os.path.join(self.source, "src/python/snn")):
            page = Page(f"python-{name}.html", name, content)
            page.subject = PYTHON
            self.add(page)
        kept = os.path.join(os.path.dirname(self.folder), "gallery")
        for path in gallery.scripts(self.source):
            title, content, pictures = gallery.page(path, kept)
            page = Page("gallery-" + os.path.basename(path)[:-3].replace("_", "-") + ".html", title, content,
                        os.path.relpath(path, self.source))
            page.subject = GALLERY
            self.figures.update(pictures)
            self.add(page)

    def markdown(self):
        folders = ["docs", "docs/methods", "docs/notes"]
        found = {f"{f}/{n}" for f in folders for n in os.listdir(os.path.join(self.source, f)) if n.endswith(".md")}
        return found | set(TOP)

    def target(self, page, link):
        """Where a link of a page leads in the site."""
        path, _, anchor = link.partition("#")
        after = "#" + anchor if anchor else ""
        if path == "./":    # docs/site/Doxyfile.in says why
            return after
        if path in self.pages:
            return link
        for name in self.pages.values():
            if name.source and content_name(name.source) == path:
                return name.name + after
        path = os.path.normpath(os.path.join(os.path.dirname(page.source), path))
        if path.endswith(".md"):
            return page_name(path) + after
        if not os.path.isfile(os.path.join(self.source, path)):
            return link
        if path.endswith((".svg", ".png")):
            self.figures.add(path)
            return os.path.basename(path)
        program = program_page(path, self.source)
        self.pages.setdefault(program.name, program)
        return program.name

    def link(self):
        """Links of Doxygen and of the tree become those of the site. Source files of headers are left out."""
        for page in list(self.pages.values()):
            def replace(match):
                if re.match(r"[a-z]+:|#", match[2]):
                    return match[0]
                return f"{match[1]}=\"{self.target(page, html.unescape(match[2]))}\""
            page.content = re.sub(r"<a class=\"el\" href=\"(?:\w+_8hpp?|\w+_source|dir_\w+|globals\w*|functions\w*)"
                                  r"\.html[^\"]*\">(.*?)</a>", self.known, page.content)
            page.content = re.sub(r"\b(href|src)=\"([^\"]+)\"", replace, page.content)
            page.content = re.sub(r"(<table class=\"(?:markdownTable|fieldtable|params)\".*?</table>)",
                                  r'<div class="wide">\1</div>', page.content, flags=re.S)

    def known(self, match):
        name = re.search(r"href=\"([^\"#]+)", match[0])[1]
        return match[0] if name in self.pages else match[1]

    def check(self):
        anchors = {page.name: page.anchors() | {"", "content"} for page in self.pages.values()}
        count = 0
        for page in self.pages.values():
            for link in re.findall(r"\bhref=\"([^\"]+)\"", page.content):
                if re.match(r"(https?|mailto):", link):
                    continue
                count += 1
                name, _, anchor = html.unescape(link).partition("#")
                name = name or page.name
                if name not in anchors and name not in {os.path.basename(f) for f in self.figures}:
                    self.problems.append(f"{page.source or page.name} links to {link}, which is not there")
                elif anchor not in anchors.get(name, {anchor}):
                    self.problems.append(f"{page.source or page.name} links to {link}: no such section")
        return count

    def navigation(self, present):
        out = []
        for subject, pages in self.subjects.items():
            out.append(f"<h2>{html.escape(subject)}</h2>\n<ul>")
            for page in pages:
                here = " aria-current=\"page\"" if page is present else ""
                out.append(f"<li><a href=\"{page.name}\"{here}>{html.escape(page.title)}</a></li>")
            out.append("</ul>")
        return "\n".join(out)

    def write(self, out, version):
        os.makedirs(out, exist_ok=True)
        frame = read(os.path.join(self.source, "docs/site/page.html"))
        for page in self.pages.values():
            heads = re.findall(r"<h2 id=\"([^\"]+)\">(.*?)</h2>", page.content, re.S) or MEMBER.findall(page.content)
            inner = "".join(f"<a href=\"#{a}\">{html.escape(plain(t))}</a>" for a, t in heads)
            aside = f"<aside class=\"sections\"><b>On this page</b>{inner}</aside>" if inner else ""
            parts = {"title": html.escape(page.title), "version": version, "navigation": self.navigation(page),
                     "content": page.content, "sections": aside}
            text = re.sub(r"@(title|version|navigation|content|sections)@", lambda m: parts[m[1]], frame)
            with open(os.path.join(out, page.name), "w", encoding="utf-8") as file:
                file.write(text)
        for path in self.figures:
            shutil.copy(os.path.join(self.source, path), out)
        for name in ("site.css", "site.js"):
            shutil.copy(os.path.join(self.source, "docs/site", name), out)
        self.write_index(os.path.join(out, "index.js"))

    def write_index(self, path):
        import json
        rows = [row for page in self.pages.values() for row in entries(page)]
        with open(path, "w", encoding="utf-8") as file:
            file.write("window.siteIndex = " + json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + ";\n")
        print(f"{len(self.pages)} pages, {len(rows)} entries in the index")


def entries(page):
    """Rows of the index, [page, anchor, title, text]: the page up to its first section, each section, each function,
    type, constant and field of a header."""
    parts = re.split(r"(?=<h[234] id=\"[^\"]+\">|<a id=\"[^\"]+\" name=\"[^\"]+\"></a>\s*<h2 class=\"memtitle\">)",
                     page.content)
    for part in parts:
        begin = re.match(r"<(?:h[234]|a) id=\"([^\"]+)\"", part)
        if not begin:
            yield [page.name, "", page.title, plain(part)]
            continue
        head = re.search(r"<h([234])[^>]*>(.*?)</h\1>", part, re.S)
        name = plain(head[2]).lstrip("# ")
        yield [page.name, begin[1], f"{name} · {page.title}", plain(part[head.end():])]
    for row in re.finditer(r"<td class=\"fieldname\"><a id=\"([^\"]+)\"[^>]*></a>(.*?)</td>\s*<td[^>]*>(.*?)</td>",
                           page.content, re.S):
        yield [page.name, row[1], f"{plain(row[2])} · {page.title}", plain(row[3])]


def main(source, folder, out, version):
    site = Site(source, folder)
    site.link()
    links = site.check()
    for problem in site.problems:
        print(problem)
    shutil.rmtree(out, ignore_errors=True)
    site.write(out, version)
    print(f"{links} links, {len(site.problems)} problems")
    return 1 if site.problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
