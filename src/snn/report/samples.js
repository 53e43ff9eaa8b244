/* samples.js - the network at work: confusion, rates, and samples step by step. */
"use strict";

/* The name of a class, where the data have names. */
function classOf(k) {
  const names = data.runs[chosen].classes;
  return names && names[k] ? names[k] : String(k);
}

/* ---- confusion ---- */

function confusionTable(matrix) {
  const sums = matrix.map((row) => row.reduce((a, b) => a + b, 0));
  const head = el("tr", {}, el("th", { scope: "col" }, "class"), matrix.map((_, j) => el("th", { scope: "col", title: classOf(j) }, j)),
    el("th", { scope: "col", class: "recall" }, "recall"));
  const rows = matrix.map((row, i) => el("tr", {}, el("th", { scope: "row" }, classOf(i)), row.map((n, j) => {
    const share = sums[i] ? n / sums[i] : 0;
    const td = el("td", { class: "cell" + (share > 0.55 ? " strong" : "") + (i === j ? "" : " wrong"), "data-value": n },
      n || "");
    td.style.setProperty("--share", (n ? 8 + 92 * share : 0).toFixed(1) + "%");
    return td;
  }), el("td", { class: "recall" }, percent(sums[i] ? row[i] / sums[i] : NaN, 1))));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Confusion matrix" },
    el("table", { class: "confusion" }, el("caption", { class: "muted small left" },
      "Rows: the class. Columns: the network's answer."), el("thead", {}, head), el("tbody", {}, rows)));
}

/* Of many classes each is a pixel. */
function confusionMap(matrix) {
  const n = matrix.length, most = matrix.map(largest);
  return el("div", { class: "picture" }, paint(n, n, "Confusion of " + n + " classes", (to) => {
    matrix.forEach((row, i) => row.forEach((count, j) => {
      to.set([...diverging((i === j ? 1 : -1) * (most[i] ? count / most[i] : 0)), 255], 4 * (i * n + j));
    }));
  }));
}

function mistakes(matrix) {
  const list = matrix.flatMap((row, i) => row.map((n, j) => ({ i, j, n }))).filter((x) => x.i !== x.j && x.n > 0)
    .sort((a, b) => b.n - a.n).slice(0, 8);
  if (!list.length) return el("p", { class: "muted" }, "None.");
  return table(["class", "answer", "samples"], list.map((x) => [classOf(x.i), classOf(x.j), { text: whole(x.n), value: x.n }]));
}

function confusion(samples) {
  const matrix = samples.confusion, right = matrix.reduce((sum, row, i) => sum + row[i], 0);
  return [
    el("p", { class: "lead" }, percent(right / samples.count), " of ", whole(samples.count), " test samples",
      samples.count < samples.of ? ", taken at equal distances from all " + whole(samples.of) + "," : "",
      " get their class."),
    el("div", { class: "grid two" },
      el("div", { class: "card" }, matrix.length > 20 ? confusionMap(matrix) : confusionTable(matrix)),
      card("Most frequent mistakes", "", mistakes(matrix))),
  ];
}

/* ---- rates ---- */

function histogram(p) {
  const bins = p.histogram.slice(), width = 300, height = 96, n = bins.length, each = (width - 26) / n;
  bins[0] -= p.silent;
  const most = largest([p.silent, ...bins]) || 1, scale = (x) => (x / most) * height;
  const bar = (x, count, kind, text) => svg("rect", { class: kind, x, y: height - scale(count) + 4, width: each - 1.5,
    height: scale(count), rx: 1 }, svg("title", {}, text));
  return svg("svg", { class: "figure", viewBox: `0 0 ${width} ${height + 24}`, role: "img",
    "aria-label": `Rates of ${p.size} neurons of ${p.name}: ${p.silent} silent, mean ${percent(p.rate)}` },
  bar(0, p.silent, "bar silent", `${whole(p.silent)} never spike`),
  bins.map((count, i) => bar(26 + i * each, count, "bar",
    `${whole(count)} neurons spike at ${(100 * i) / n} to ${(100 * (i + 1)) / n} % of the steps`)),
  svg("line", { class: "axis", x1: 0, x2: width, y1: height + 4, y2: height + 4 }),
  svg("text", { x: 0, y: height + 19 }, "silent"),
  [0, 50, 100].map((x) => svg("text", { x: 26 + ((width - 26) * x) / 100, y: height + 19,
    "text-anchor": x === 0 ? "start" : x === 50 ? "middle" : "end", opacity: x === 0 ? 0 : 1 }, x + " %")));
}

function rates(samples) {
  const list = samples.populations;
  return [
    el("p", { class: "lead" }, "How often the neurons of each population spike, in per cent of the time steps, over ",
      whole(samples.count), " samples. Grey: neurons that never do."),
    el("div", { class: "grid tight" }, list.map((p) => card(p.name, percent(p.rate) + " mean", histogram(p),
      el("div", { class: "muted small" }, whole(p.size) + " neurons, " + whole(p.silent) + " silent")))),
    folded("Table", table(["population", "neurons", "silent", "mean rate"], list.map((p) => [p.name, whole(p.size),
      { text: whole(p.silent), value: p.silent }, { text: percent(p.rate), value: p.rate }]))),
  ];
}

/* ---- one sample ---- */

function raster(p, steps) {
  const width = 300, height = 190, column = width / steps.length, row = height / p.shown;
  const w = Math.max(0.6, Math.min(0.72 * column, 14)), h = Math.max(0.8, Math.min(0.75 * row, 6));
  let path = "", count = 0;
  steps.forEach((text, t) => bytesOf(text).forEach((byte, k) => {
    for (let bit = 0; bit < 8; bit++) {
      if (byte & (1 << bit)) {
        const i = 8 * k + bit;
        path += `M${((t + 0.5) * column - w / 2).toFixed(1)} ${((i + 0.5) * row - h / 2).toFixed(1)}h${w.toFixed(1)}` +
          `v${h.toFixed(1)}h-${w.toFixed(1)}z`;
        count++;
      }
    }
  }));
  return svg("svg", { class: "figure", viewBox: `0 0 ${width} ${height + 18}`, role: "img",
    "aria-label": `${count} spikes of ${p.shown} neurons of ${p.name} in ${steps.length} steps` },
  svg("rect", { class: "field", width, height, rx: 3 }), svg("path", { class: "spikes", d: path }),
  timeAxis(width, height, steps.length));
}

function timeAxis(width, y, steps) {
  return [svg("text", { x: 0, y: y + 14 }, "step 1"),
    svg("text", { x: width, y: y + 14, "text-anchor": "end" }, steps)];
}

function pathOf(values, x, y) {
  return values.map((v, t) => (known(v) ? (t && known(values[t - 1]) ? "L" : "M") + x(t).toFixed(1) + " " + y(v).toFixed(1)
    : "")).join("");
}

/* Potentials of a few neurons, one above the other, with the threshold. */
function potentials(p, traces) {
  const width = 300, each = 48, height = each * traces.length;
  const all = traces.flat().filter(known).concat(known(p.threshold) ? [p.threshold] : []);
  const low = Math.min(0, ...all), high = Math.max(...all), n = traces[0].length;
  const x = (t) => (n > 1 ? (t / (n - 1)) * width : width / 2);
  return svg("svg", { class: "figure", viewBox: `0 0 ${width} ${height + 18}`, role: "img",
    "aria-label": `Potentials of neurons ${p.traced.join(", ")} of ${p.name}, from ${short(low)} to ${short(high)}` },
  traces.map((values, i) => {
    const y = (v) => i * each + each - 5 - ((v - low) / (high - low || 1)) * (each - 12);
    return svg("g", {},
      known(p.threshold) && svg("line", { class: "threshold", x1: 0, x2: width, y1: y(p.threshold), y2: y(p.threshold) }),
      svg("path", { class: "potential", d: pathOf(values, x, y) }),
      known(p.threshold) && values.map((v, t) => v >= p.threshold &&
        svg("line", { class: "fired", x1: x(t), x2: x(t), y1: y(v) - 5, y2: y(v) + 1 })),
      n === 1 && known(values[0]) && svg("circle", { class: "bar", cx: x(0), cy: y(values[0]), r: 2.5 }),
      svg("text", { x: 0, y: i * each + 11 }, "neuron " + p.traced[i]));
  }), timeAxis(width, height, n));
}

/* Labels from above, each at least so far below the one before, the last not below the floor. */
function apart(list, distance, floor) {
  const out = list.slice();
  for (let i = 1; i < out.length; i++) out[i] = Math.max(out[i], out[i - 1] + distance);
  for (let i = out.length - 1, most = floor; i >= 0; i--, most -= distance) out[i] = Math.min(out[i], most);
  return out;
}

/* The mean output so far, of the classes that are largest at the end and of the sample's own. */
function outputs(sample) {
  const width = 300, height = 190, steps = sample.outputs.length, n = largest(sample.outputs.map((s) => s.length));
  const sums = new Array(n).fill(0), lines = Array.from({ length: n }, () => []);
  let seen = 0;
  for (const step of sample.outputs) {
    seen += step.length ? 1 : 0;
    for (let k = 0; k < n; k++) {
      sums[k] += step[k] || 0;
      lines[k].push(step.length ? sums[k] / seen : null);
    }
  }
  const order = lines.map((_, k) => k).sort((a, b) => sums[b] - sums[a])
    .filter((k, i) => i < 10 || k === sample.label);
  const all = order.flatMap((k) => lines[k]).filter(known), low = Math.min(...all), high = Math.max(...all);
  const x = (t) => (steps > 1 ? (t / (steps - 1)) * (width - 24) : (width - 24) / 2);
  const y = (v) => height - 6 - ((v - low) / (high - low || 1)) * (height - 14);
  const kind = (k) => (k === sample.label || n === 1 ? " label" : k === sample.answer && known(sample.label) ? " error" : "");
  const places = apart(order.map((k) => y(lastOf(lines[k])) + 4), 12, height + 4);
  const labels = order.map((k, i) => svg("text", { class: kind(k).trim() || null, x: width - 16, y: places[i] }, k));
  return svg("svg", { class: "figure", viewBox: `0 0 ${width} ${height + 18}`, role: "img",
    "aria-label": `Mean outputs over the steps; largest at the end: ${order.slice(0, 3).join(", ")}` },
  order.slice().reverse().map((k) => (seen > 1 ? svg("path", { class: "class" + kind(k), d: pathOf(lines[k], x, y) })
    : svg("path", { class: "class" + kind(k), d: `M${x(steps - 1) - 14} ${y(lastOf(lines[k]))}h14` }))), labels,
  timeAxis(width - 24, height, steps));
}

function verdict(sample) {
  if (!known(sample.label)) return "";
  const right = sample.label === sample.answer;
  return el("span", { class: right ? "answer" : "answer error" },
    `class ${classOf(sample.label)}, the network says ${classOf(sample.answer)}` + (right ? "" : ", which is wrong"));
}

function showSample(samples, sample, place) {
  const cards = [el("div", { class: "card picture" }, el("header", {}, el("h3", {}, "Input")),
    sample.image && picture(sample.image, "Test sample " + sample.number))];
  samples.populations.forEach((p, i) => {
    const traces = sample.membrane[i].filter((t) => t.length);
    if (sample.spikes[i].length) {
      cards.push(card(p.name, p.shown < p.size ? `spikes, ${p.shown} of ${whole(p.size)}` : "spikes",
        raster(p, sample.spikes[i])));
    }
    if (traces.length) cards.push(card(p.name, "potential", potentials(p, traces)));
  });
  if (sample.outputs.some((s) => s.length)) cards.push(card("Output", known(sample.label) ? "mean so far, by class" : "mean so far", outputs(sample)));
  place.replaceChildren(...cards);
}

function stepByStep(samples) {
  const shown = samples.shown, grid = el("div", { class: "grid tight" });
  const says = el("output", { for: "sample" });
  const slider = el("input", { type: "range", id: "sample", min: 1, max: shown.length, value: 1, step: 1,
    "aria-label": "Sample", oninput: () => update() });
  const update = () => {
    const sample = shown[slider.value - 1];
    says.replaceChildren(el("span", { class: "muted" }, `test sample ${whole(sample.number)}  `), verdict(sample));
    slider.setAttribute("aria-valuetext", says.textContent);
    showSample(samples, sample, grid);
  };
  update();
  return [
    el("p", { class: "lead" }, "What single samples do to the network, step by step. The slider, or the arrow keys on it, " +
      "choose one. Potentials are those before the test against the threshold (dashed); a mark stands where one reaches it."),
    el("div", { class: "slider" }, el("label", { for: "sample" }, "Sample"), slider,
      el("span", { class: "muted" }, shown.length)),
    el("p", { "aria-live": "polite" }, says), grid,
  ];
}

/* ---- weights ---- */

function tile(w, level, i) {
  const n = w.rows * w.cols;
  return paint(w.cols, w.rows * w.channels, `Weights ${i}`, (to) => {
    for (let k = 0; k < n * w.channels; k++) {
      to.set([...diverging(level[i * n * w.channels + k] / 127.5 - 1), 255], 4 * k);
    }
  });
}

function weights(w) {
  const level = bytesOf(w.levels);
  const scale = paint(64, 1, "Scale of colours", (to) => {
    for (let i = 0; i < 64; i++) to.set([...diverging(i / 31.5 - 1), 255], 4 * i);
  });
  return [
    el("p", { class: "lead" }, `${w.layer}: ${w.count < w.of ? `${w.count} of its ${whole(w.of)}` : `all ${w.of}`} outputs, ` +
      `each as ${w.rows} \u00d7 ${w.cols}` + (w.of_channels > 1 ? `, ${w.channels} of ${w.of_channels} channels one above ` +
      "the other." : ".")),
    el("div", { class: "tiles" }, Array.from({ length: w.count }, (_, i) => tile(w, level, i))),
    el("div", { class: "scale" }, short(-w.most), scale, short(w.most)),
  ];
}
