/* Search over all pages and the reference, from a file as from a server: the index is a script, loaded when the box
 * is first used. Every word has to be in the title or the text of an entry; titles count more than texts. */
"use strict";
(() => {
    const box = document.getElementById("search");
    const list = document.getElementById("results");
    const pages = document.getElementById("pages");
    const shown = 30;
    let index = null;

    /* Wide windows show the list of pages all the time. */
    const wide = matchMedia("(min-width: 56rem)");
    const unfold = () => { pages.open = wide.matches; };
    wide.addEventListener("change", unfold);
    unfold();
    const here = pages.querySelector("[aria-current]");
    if (here && wide.matches)
        here.scrollIntoView({ block: "center" });
    if (!location.hash)
        scrollTo(0, 0);

    const load = () => {
        if (document.getElementById("index"))
            return;
        const script = document.createElement("script");
        script.id = "index";
        script.src = "index.js";
        script.onload = () => {
            index = window.siteIndex.map(([page, anchor, title, text]) => ({ page, anchor, title, text,
                low: title.toLowerCase(), all: (title + " " + text).toLowerCase() }));
            search();
        };
        document.head.append(script);
    };

    const score = (entry, words) => {
        let sum = 0;
        for (const word of words) {
            if (!entry.all.includes(word))
                return 0;
            const at = entry.low.indexOf(word);
            sum += entry.low === word ? 100 : at === 0 ? 40 : at > 0 ? 20 : 1;
        }
        return sum + 5 / (1 + entry.low.length / 10);
    };

    /* The text around the first of the words that are in it. */
    const excerpt = (entry, words) => {
        const low = entry.text.toLowerCase();
        const at = Math.max(0, Math.min(...words.map(w => low.indexOf(w)).filter(i => i >= 0).concat(low.length)));
        const begin = at >= low.length ? 0 : Math.max(0, at - 40);
        const end = begin + 140;
        return (begin ? "… " : "") + entry.text.slice(begin, end) + (end < low.length ? " …" : "");
    };

    const search = () => {
        const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
        list.hidden = words.length === 0 || index === null;
        if (list.hidden)
            return;
        const found = index.map(entry => [score(entry, words), entry]).filter(([s]) => s > 0)
            .sort((a, b) => b[0] - a[0]);
        list.replaceChildren();
        const count = document.createElement("p");
        count.textContent = found.length ? found.length + " found" : "Nothing has all of these words.";
        list.append(count);
        for (const [, entry] of found.slice(0, shown)) {
            const link = document.createElement("a");
            link.href = entry.page + (entry.anchor ? "#" + entry.anchor : "");
            const title = document.createElement("b");
            title.textContent = entry.title;
            const text = document.createElement("span");
            text.textContent = excerpt(entry, words);
            link.append(title, text);
            link.addEventListener("click", () => { list.hidden = true; });
            list.append(link);
        }
    };

    box.addEventListener("focus", load);
    box.addEventListener("input", () => { load(); search(); });
    box.form.addEventListener("submit", event => {
        event.preventDefault();
        const first = list.querySelector("a");
        if (first)
            first.click();
    });
    document.addEventListener("keydown", event => {
        const links = [...list.querySelectorAll("a")];
        const at = links.indexOf(document.activeElement);
        if (event.key === "/" && document.activeElement !== box) {
            event.preventDefault();
            box.focus();
        } else if (event.key === "Escape") {
            list.hidden = true;
        } else if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            const next = at + (event.key === "ArrowDown" ? 1 : -1);
            event.preventDefault();
            (next < 0 ? box : links[Math.min(next, links.length - 1)]).focus();
        }
    });
    document.addEventListener("click", event => {
        if (!box.form.contains(event.target))
            list.hidden = true;
    });
})();
