/* draw.js - elements, numbers, colours and charts of the page. Text enters the page as text nodes alone. */
"use strict";

/* ---- elements ---- */

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return node;
}

function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

/* ---- numbers ---- */

const ABSENT = "\u2013";

function known(x) {
  return typeof x === "number" && Number.isFinite(x);
}

function whole(x) {
  return known(x) ? Math.round(x).toLocaleString("en") : ABSENT;
}

function percent(x, digits) {
  return known(x) ? (100 * x).toFixed(digits === undefined ? 2 : digits) + "\u00a0%" : ABSENT;
}

function short(x) {
  if (!known(x)) return ABSENT;
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size < 1e-3 || size >= 1e15) return x.toExponential(2);
  if (size < 1000) return String(Number(x.toPrecision(4)));
  const power = Math.min(4, Math.floor(Math.log10(size) / 3));
  return Number((x / 1000 ** power).toPrecision(3)) + "\u00a0" + ["", "k", "M", "G", "T"][power];
}

function bytes(n) {
  if (!known(n)) return ABSENT;
  const power = n > 0 ? Math.min(4, Math.floor(Math.log2(n) / 10)) : 0;
  const x = n / 1024 ** power;
  return (power && x < 100 ? x.toFixed(1) : x.toFixed(0)) + "\u00a0" + ["B", "KiB", "MiB", "GiB", "TiB"][power];
}

/* Of nanojoules. */
function joules(x) {
  if (!known(x)) return ABSENT;
  const power = x >= 1e6 ? 2 : x >= 1e3 ? 1 : 0;
  return Number((x / 1000 ** power).toPrecision(3)) + "\u00a0" + ["nJ", "\u00b5J", "mJ"][power];
}

function seconds(s) {
  if (!known(s)) return ABSENT;
  if (s < 60) return Number(s.toPrecision(3)) + "\u00a0s";
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return h ? h + "\u00a0h " + m + "\u00a0min" : m + "\u00a0min " + Math.floor(s % 60) + "\u00a0s";
}

function bytesOf(text) {
  return Uint8Array.from(atob(text || ""), (c) => c.charCodeAt(0));
}

function largest(list) {
  return list.reduce((best, x) => (known(x) && x > best ? x : best), 0);
}

function lastOf(list) {
  return (list || []).filter(known).at(-1);
}

/* ---- colours: of Okabe and Ito, told apart with any colour vision; dashes tell the next eight apart ---- */

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const SERIES = {
  light: ["#0b69a3", "#d55e00", "#00865f", "#b4528b", "#6a4fb3", "#9a7400", "#3a8fb7", "#5f6b77"],
  dark: ["#62b6f0", "#ff9a4d", "#3fcf9f", "#ea97c6", "#b09bf5", "#e6c34d", "#9ad7f2", "#b3bfca"],
};
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

function colour(i) {
  return SERIES[dark.matches ? "dark" : "light"][i % 8];
}

function dash(i) {
  return DASHES[Math.floor(i / 8) % 4];
}

function theme(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function swatch(i) {
  const line = svg("line", { x1: 0, x2: 22, y1: 5, y2: 5, stroke: colour(i), "stroke-width": 3,
    "stroke-dasharray": dash(i).join(" ") || null });
  return el("span", { class: "swatch", "aria-hidden": "true" }, svg("svg", { width: 22, height: 10 }, line));
}

/* ---- tables ---- */

/* Cells are text or {text, value, class}; value is the number as it is in the log. */
function cell(tag, x) {
  if (x === null || typeof x !== "object" || x instanceof Node) return el(tag, {}, x);
  return el(tag, { class: x.class, "data-value": x.value, "data-column": x.column }, x.text);
}

function table(heading, rows, foot) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" }, el("table", {},
    el("thead", {}, el("tr", {}, heading.map((x) => el("th", { scope: "col" }, x)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((x) => cell("td", x))))),
    foot && el("tfoot", {}, el("tr", {}, foot.map((x) => cell("td", x))))));
}

function folded(title, content) {
  return el("details", {}, el("summary", {}, title), content);
}

function card(title, note, ...content) {
  return el("div", { class: "card" }, el("header", {}, el("h3", {}, title), note && el("span", { class: "muted" }, note)),
    content);
}

/* ---- line charts ---- */

const charts = new Set();

/* The values at the cursor, of all lines. */
function tip(series, show) {
  const box = el("div", { class: "tip", hidden: true });
  return {
    hooks: {
      init: (u) => u.over.append(box),
      setCursor: (u) => {
        const at = u.cursor.idx;
        box.hidden = at === null || at === undefined || u.cursor.left < 0;
        if (box.hidden) return;
        box.replaceChildren(el("b", {}, "epoch " + u.data[0][at]),
          series.map((s, i) => known(u.data[i + 1][at]) &&
            el("div", {}, swatch(s.colour), (s.name ? s.name + "  " : ""), show(u.data[i + 1][at]))).filter(Boolean));
        const right = u.cursor.left > u.over.clientWidth / 2;
        box.style.left = right ? "auto" : u.cursor.left + 14 + "px";
        box.style.right = right ? u.over.clientWidth - u.cursor.left + 14 + "px" : "auto";
        box.style.top = "8px";
      },
    },
  };
}

function axis(extra) {
  return Object.assign({ stroke: theme("muted"), font: "12px system-ui, sans-serif", ticks: { show: false },
    grid: { stroke: theme("line"), width: 1 } }, extra);
}

function line(s, points) {
  const faint = s.faint ? "99" : "";
  return { stroke: colour(s.colour) + faint, width: s.faint ? 1.4 : 2.2, dash: s.faint ? [4, 4] : dash(s.colour),
    spanGaps: true, points: { show: points, size: s.faint ? 4 : 6, fill: colour(s.colour) + faint } };
}

/* Lines over their epochs, on one axis of all epochs. */
function aligned(series) {
  const epochs = [...new Set(series.flatMap((s) => s.epochs))].sort((a, b) => a - b);
  const place = new Map(epochs.map((e, i) => [e, i]));
  const lines = series.map((s) => {
    const out = new Array(epochs.length).fill(null);
    s.epochs.forEach((e, i) => { out[place.get(e)] = known(s.values[i]) ? s.values[i] : null; });
    return out;
  });
  return [epochs, ...lines];
}

/* As few as tell the ticks of an axis in per cent apart. */
function tickDigits(ticks) {
  const step = ticks.length > 1 ? 100 * Math.abs(ticks[1] - ticks[0]) : 1;
  return [0, 1].find((d) => Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) ?? 2;
}

function options(series, data, show, width) {
  const few = data[0].length <= 40;
  return {
    width, height: 240, legend: { show: false }, padding: [10, 8, 0, 0],
    cursor: { sync: { key: "epoch" }, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: false, range: (u, low, high) => (high - low < 1 ? [low - 0.5, high + 0.5] : [low, high]) } },
    axes: [axis({ grid: { show: false }, size: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }),
      axis({ size: 62, values: (u, ticks) => ticks.map((x) => (show === percent ? percent(x, tickDigits(ticks)) : show(x))) })],
    series: [{}, ...series.map((s) => line(s, few))],
    plugins: [tip(series, show)],
  };
}

/* A chart of series {name, colour, faint, epochs, values}; `show` turns a value into text. */
function chart(label, series, show) {
  const place = el("div", { class: "chart", role: "img", "aria-label": label });
  const data = aligned(series);
  let plot = null;
  const draw = () => {
    if (!place.isConnected || place.clientWidth === 0) return;
    if (plot) plot.destroy();
    plot = new uPlot(options(series, data, show, place.clientWidth), data, place);
  };
  charts.add({ place, draw });
  const fit = () => {
    if (!plot) draw();
    else if (plot.width !== place.clientWidth) plot.setSize({ width: place.clientWidth, height: 240 });
  };
  new ResizeObserver(() => requestAnimationFrame(fit)).observe(place);
  return place;
}

/* ---- pixels ---- */

const painted = new Set();

function paint(width, height, label, draw) {
  const canvas = el("canvas", { class: "pixels", width, height, role: "img", "aria-label": label });
  const again = () => {
    const context = canvas.getContext("2d"), image = context.createImageData(width, height);
    draw(image.data);
    context.putImageData(image, 0, 0);
  };
  again();
  painted.add({ place: canvas, draw: again });
  return canvas;
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/* Orange below 0, blue above, the page's ground at 0. */
function diverging(share) {
  const ends = dark.matches ? ["#f0a35e", "#62b6f0"] : ["#b8500a", "#0b5f96"];
  const end = rgb(share < 0 ? ends[0] : ends[1]), middle = rgb(theme("card")), k = Math.min(1, Math.abs(share));
  return end.map((x, i) => Math.round(middle[i] + k * (x - middle[i])));
}

/* Grey, red-green-blue, or of two polarities: off blue, on red. */
function pixelColour(v, channels) {
  if (channels === 3) return v;
  if (channels === 2) return [255 - v[0], 255 - Math.max(v[0], v[1]), 255 - v[1]];
  return [v[0], v[0], v[0]];
}

function picture(image, label) {
  const { rows, cols, channels } = image, level = bytesOf(image.levels), n = rows * cols;
  return paint(cols, rows, label, (to) => {
    for (let i = 0; i < n; i++) {
      const v = [0, 1, 2].map((c) => level[Math.min(c, channels - 1) * n + i]);
      to.set([...pixelColour(v, channels), 255], 4 * i);
    }
  });
}

/* Redraws what has the colours of the page, and forgets what has left it. */
dark.addEventListener("change", () => {
  for (const set of [charts, painted]) {
    for (const drawn of set) {
      if (drawn.place.isConnected) drawn.draw();
      else set.delete(drawn);
    }
  }
});
