/* page.js - the sections of the page, of the data that the page holds; with a live run, of what the server has. */
"use strict";

let data = JSON.parse(byId("data").textContent);
let chosen = 0; /* run of which details are shown */

/* Runs of one folder are told apart by what follows it. */
function shorten(runs) {
  const folders = runs.map((run) => run.name.slice(0, run.name.lastIndexOf("/") + 1));
  const common = folders.reduce((a, b) => (a.startsWith(b) ? b : b.startsWith(a) ? a : ""));
  if (runs.length > 1) runs.forEach((run) => { run.name = run.name.slice(common.length); });
}

/* ---- what is known of a run ---- */

function get(run, ...path) {
  return path.reduce((x, key) => (x === null || x === undefined ? undefined : x[key]), run);
}

function column(run, name) {
  return get(run, "log", name) || [];
}

function networkName(run) {
  const net = get(run, "config", "network");
  return typeof net === "string" ? net : net ? "network from JSON" : run.name;
}

function methodName(run) {
  const t = get(run, "config", "trainer");
  if (!t || !t.method) return "";
  return t.method + (t.variant ? " " + t.variant : "") + (t.steps ? ", T = " + t.steps : "");
}

/* Accuracies after each task on those so far, of tasks that have been evaluated. */
function taskRows(run) {
  return (get(run, "tasks", "accuracy") || []).filter((row) => Array.isArray(row) && row.every(known));
}

/* Of a sequence of tasks ACC, of any other run the last accuracy on the test set. */
function accuracy(run) {
  const last = taskRows(run).at(-1);
  if (last) return last.reduce((a, b) => a + b, 0) / last.length;
  const logged = lastOf(column(run, "test_accuracy"));
  return known(logged) ? logged : get(run, "figures", "accuracy");
}

function figure(run, name) {
  const x = get(run, "figures", name);
  return known(x) ? x : get(run, "end", name);
}

function energy(run, of) {
  const mac = get(of, "synops_mac"), ac = get(of, "synops_ac");
  return known(mac) && known(ac) ? (mac * data.energy.pj_per_mac + ac * data.energy.pj_per_ac) / 1000 : undefined;
}

function trainingTime(run) {
  const list = column(run, "seconds").filter(known);
  return list.length ? list.reduce((a, b) => a + b, 0) : undefined;
}

function peak(run) {
  return lastOf(column(run, "peak_bytes")) || get(run, "end", "peak_resident_bytes");
}

/* ---- the head, and the figures first ---- */

function header() {
  const one = data.runs.length === 1, run = data.runs[0];
  const names = [...new Set(data.runs.map(networkName))];
  byId("title").textContent = one ? networkName(run) : `${data.runs.length} runs`;
  const where = (r) => { const d = get(r, "config", "data"); return d && d.dir ? `${d.format}:${d.dir}` : ""; };
  byId("subtitle").textContent = one ? [methodName(run), where(run), run.name].filter(Boolean).join(" \u00b7 ")
    : names.slice(0, 3).join(", ") + (names.length > 3 ? " and " + (names.length - 3) + " more" : "");
  document.title = byId("title").textContent + " \u00b7 libsnn report";
  byId("foot").textContent = `libsnn ${data.version}. This page is one file and loads nothing.`;
}

function bestRun() {
  return data.runs.reduce((best, run) => ((accuracy(run) || -1) > (accuracy(best) || -1) ? run : best), data.runs[0]);
}

function showFigures() {
  const run = bestRun(), several = data.runs.length > 1;
  const item = (name, value, note, kind) => value !== ABSENT && el("div", { class: kind }, el("dt", {}, name),
    el("dd", {}, value, note && el("small", {}, note)));
  const tasks = taskRows(run).length, loss = lastOf(column(run, "test_loss"));
  const hero = known(accuracy(run)) ? item(several ? "Best test accuracy" : tasks ? "Accuracy over all tasks" : "Test accuracy",
    percent(accuracy(run)), several ? run.name : tasks ? "ACC after " + tasks + " tasks"
      : "after " + whole(lastOf(column(run, "epoch"))) + " epochs", "hero")
    : item("Test loss", short(loss), "", "hero");
  byId("figures").replaceChildren(el("dl", { class: "figures" }, hero,
    item("Parameters", short(run.parameters || get(run, "start", "parameters")), bytes(run.parameter_bytes)),
    item("Firing rate", percent(figure(run, "firing_rate") || lastOf(column(run, "firing_rate")), 1),
      "spikes a neuron and step"),
    item("Operations", short(figure(run, "synops_ac")), `accumulates a sample, ${short(figure(run, "synops_mac"))} MACs`),
    item("Energy", joules(energy(run, run.figures || run.end)), "estimated, a sample"),
    item("Training", seconds(trainingTime(run)), peak(run) ? bytes(peak(run)) + " of memory" : "in all epochs")));
}

function showRuns() {
  const place = byId("runs"), best = bestRun();
  if (data.runs.length < 2) return place.replaceChildren();
  place.replaceChildren(el("h2", {}, "Runs"), el("p", { class: "lead" }, "The colours are those of the curves below."),
    el("div", { class: "card" }, table(["run", "accuracy", "test loss", "network", "method", "firing", "ACs a sample",
      "parameters", "training"], data.runs.map((run, i) => [
      el("span", {}, swatch(i), run.name),
      { text: percent(accuracy(run)), value: accuracy(run), class: run === best ? "best" : null },
      short(lastOf(column(run, "test_loss"))), networkName(run), methodName(run), percent(figure(run, "firing_rate"), 1), short(figure(run, "synops_ac")),
      short(run.parameters), seconds(trainingTime(run))]))));
}

/* ---- curves ---- */

const COLUMNS = {
  accuracy: ["Accuracy", percent], loss: ["Loss", short], top5: ["Top-5 accuracy", percent],
  firing_rate: ["Firing rate", percent],
  learning_rate: ["Learning rate", short], samples_per_second: ["Samples a second", short],
  seconds: ["Seconds an epoch", seconds], peak_bytes: ["Resident memory", bytes],
  equilibrium_gap: ["Equilibrium gap", short], solver_iterations: ["Iterations of the solver", short],
  solver_residual: ["Residual of the solver", short], solver_failures: ["Batches not converged", short],
  backward_rate: ["Firing rate, second stage", percent],
};

function pretty(name) {
  const text = name.replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
}

/* "test_accuracy" is a line of the chart "accuracy"; any other column has a chart of its own. */
function chartOf(name) {
  const split = /^(train|validation|test)_(accuracy|loss|top5)$/.exec(name);
  return split ? { key: split[2], part: split[1] } : { key: name, part: "" };
}

/* Of more runs than this the curves of training are left out, until they are asked for. */
const WITH_TRAINING = 4;
let training = data.runs.length <= WITH_TRAINING;

function collect() {
  const found = new Map();
  data.runs.forEach((run, i) => Object.keys(run.log || {}).forEach((name) => {
    if (name === "epoch" || name === "task" || name.startsWith("rate_") || !column(run, name).some(known)) return;
    const { key, part } = chartOf(name);
    if (part === "train" && !training) return;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push({ name: (data.runs.length > 1 ? run.name + " " : "") + part, colour: i, faint: part === "train",
      epochs: column(run, "epoch"), values: column(run, name) });
  }));
  const order = Object.keys(COLUMNS), rank = (key) => (order.includes(key) ? order.indexOf(key) : order.length);
  return [...found].sort((a, b) => rank(a[0]) - rank(b[0]));
}

function curveCard([key, series]) {
  const [title, show] = COLUMNS[key] || [pretty(key), short];
  const last = series.map((s) => `${s.name} ${show(lastOf(s.values))}`.trim()).join(", ");
  const content = chart(`${title} by epoch. At the end: ${last}`, series, show);
  const note = series.some((s) => s.faint) ? "test solid, training dashed" : "";
  return card(title, note, content);
}

/* The log as it is. */
function logTable(run) {
  const names = Object.keys(run.log || {}).filter((name) => column(run, name).some(known));
  return table(names.map((n) => n.replaceAll("_", " ")), column(run, "epoch").map((_, i) => names.map((name) => {
    const x = run.log[name][i], show = /(accuracy|top5)$/.test(name) || name.endsWith("rate") && name !== "learning_rate" ||
      name.startsWith("rate_") ? percent : name === "epoch" ? whole : short;
    return { text: show(x), value: x, column: name };
  })));
}

function showCurves() {
  const place = byId("curves"), found = collect();
  if (!found.length) return place.replaceChildren();
  const large = found.slice(0, 2), small = found.slice(2);
  place.replaceChildren(el("h2", {}, "Curves"),
    el("p", { class: "lead" }, "By epoch, as the log has them. ", data.runs.length > WITH_TRAINING && el("label", {},
      el("input", { type: "checkbox", checked: training, onchange: () => { training = !training; showCurves(); } }),
      " with the training set")),
    el("div", { class: "grid two" }, large.map(curveCard)),
    small.length > 0 && folded("More columns of the log", el("div", { class: "grid" }, small.map(curveCard))),
    folded("Table", data.runs.filter((run) => column(run, "epoch").length).map((run) =>
      [data.runs.length > 1 && el("h3", {}, run.name), logTable(run)])));
}

/* ---- details of one run ---- */

function section(id, title, ...content) {
  return el("section", { id, "aria-label": title }, el("h2", {}, title), content);
}

function tasksSection(run) {
  const matrix = taskRows(run);
  if (!matrix.length) return null;
  const last = matrix.at(-1), lost = last.slice(0, -1).map((a, j) => a - matrix[j][j]);
  const bwt = lost.length ? lost.reduce((a, b) => a + b, 0) / lost.length : NaN;
  const head = el("tr", {}, el("th", {}), last.map((_, j) => el("th", { scope: "col" }, "task " + (j + 1))));
  const rows = matrix.map((row, i) => el("tr", {}, el("th", { scope: "row" }, "after task " + (i + 1)), last.map((_, j) => {
    if (!known(row[j])) return el("td");
    const td = el("td", { class: "cell" + (row[j] > 0.55 ? " strong" : ""), "data-value": row[j] }, (100 * row[j]).toFixed(1));
    td.style.setProperty("--share", (100 * row[j] ** 2).toFixed(1) + "%");
    return td;
  })));
  return section("tasks", "Tasks", el("p", { class: "lead" }, `Accuracy on every task after every task, in per cent. ` +
    `ACC ${percent(accuracy(run))}` + (known(bwt) ? `, BWT ${percent(bwt)}: what was lost of each task since it was learned.`
    : ".")), el("div", { class: "card" }, el("div", { class: "scroll", tabindex: 0, role: "region",
    "aria-label": "Accuracies of tasks" }, el("table", { class: "confusion wide-cells" }, el("thead", {}, head), el("tbody", {}, rows)))));
}

function rateCurves(run) {
  const names = Object.keys(run.log || {}).filter((n) => n.startsWith("rate_") && column(run, n).some(known));
  if (!names.length) return null;
  const series = names.map((n, i) => ({ name: n.slice(5), colour: i, epochs: column(run, "epoch"), values: run.log[n] }));
  return card("By epoch", "training", el("ul", { class: "keys" }, names.map((n, i) => el("li", {}, swatch(i), n.slice(5)))),
    chart("Firing rate of each population by epoch", series, percent));
}

function samplesSections(run) {
  const s = run.samples, why = el("p", { class: "missing" }, run.missing || "There is no model beside this log.");
  const curves = rateCurves(run);
  if (!s) {
    return [section("confusion", "Network at work", why), curves && section("rates", "Firing rates", curves)];
  }
  return [
    s.confusion && section("confusion", "Confusion", confusion(s)),
    s.populations.length > 0 && section("rates", "Firing rates", rates(s), curves && el("div", { class: "grid two" }, curves)),
    s.shown.length > 0 && section("samples", "Step by step", stepByStep(s)),
  ];
}

function costs(run) {
  const f = run.figures || run.end;
  if (!f || !known(f.synops_ac)) return null;
  const layers = (f.layers || []).filter((l) => l.spiking || l.synops_dense > 0);
  const row = (name, type, l) => [name, type, l.spiking || name === "all" ? percent(l.firing_rate, 1) : "",
    ...["synops_dense", "synops_mac", "synops_ac"].map((k) => (l.spiking ? "" : { text: short(l[k]), value: l[k] })),
    l.spiking ? "" : { text: joules(energy(run, l)), value: energy(run, l) }];
  return section("operations", "Operations and energy",
    el("p", { class: "lead" }, "Synaptic operations of a sample: all connections (dense), and those with weight and input not " +
      "zero, as multiply-accumulates (MAC) or, for spikes, accumulates (AC)."),
    el("div", { class: "card" }, table(["layer", "type", "firing", "dense", "MACs", "ACs", "energy"],
      layers.map((l) => row(l.name, l.type, l)), row("all", "", f))),
    el("p", { class: "muted small" }, `Energy is an estimate of these counts, at ${data.energy.pj_per_mac} pJ a MAC and ` +
      `${data.energy.pj_per_ac} pJ an AC of 32 bits in 45 nm (Horowitz, 2014); nothing was measured.`));
}

function settings(pairs) {
  return el("dl", { class: "settings" }, pairs.filter(([, value]) => value !== ABSENT && value !== undefined && value !== "")
    .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function timeSection(run) {
  const each = column(run, "samples_per_second").filter(known).sort((a, b) => a - b);
  const pairs = [
    ["Training, all epochs", seconds(trainingTime(run))],
    ["Samples a second, median", each.length ? whole(each[Math.floor(each.length / 2)]) : ABSENT],
    ["Resident memory at most", bytes(peak(run))], ["Memory of the trainer", bytes(get(run, "start", "trainer_bytes"))],
    ["Parameters", bytes(run.parameter_bytes)], ["Threads", get(run, "start", "threads")],
    ["Instruction set", get(run, "start", "isa")],
  ];
  return section("time", "Time and memory", el("div", { class: "grid two" }, el("div", { class: "card" }, settings(pairs))));
}

function copied(text) {
  const block = el("pre", { tabindex: 0 }, text);
  const button = el("button", { class: "copy", type: "button", onclick: () => {
    getSelection().selectAllChildren(block);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
  } }, "Copy");
  return [button, block];
}

function plain(value) {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function configSection(run) {
  const config = run.config;
  if (!config) return null;
  const sections = Object.entries(config).filter(([key, value]) => value && typeof value === "object" && key !== "network");
  const rest = Object.entries(config).filter(([key, value]) => key !== "network" && (!value || typeof value !== "object"));
  const cards = [["run", [["network", networkName(run)], ...rest]], ...sections.map(([key, v]) => [key, Object.entries(v)])];
  return section("configuration", "Configuration", el("div", { class: "columns" }, cards.map(([title, pairs]) =>
    card(title, "", settings(pairs.map(([k, v]) => [k, plain(v)]))))));
}

function reproduceSection(run) {
  if (!run.config) return null;
  return section("reproduce", "Reproduce",
    el("p", { class: "lead" }, "The same settings and the same data give the same weights, on any number of threads."),
    run.command && el("div", { class: "card" }, copied(run.command)),
    folded("As a configuration file", el("div", { class: "card" }, copied(run.file || JSON.stringify(run.config, null, 2)))));
}

function layersSection(run) {
  if (!run.layers || !run.layers.length) return null;
  const shape = (s) => (s || []).join("\u00d7");
  return section("network", "Network", el("div", { class: "card" }, table(["layer", "type", "input", "output", "parameters"],
    run.layers.map((l) => [l.name, l.type, shape(l.in), shape(l.out), l.parameters ? whole(l.parameters) : ""]))));
}

function showDetails() {
  const run = data.runs[chosen];
  byId("details").replaceChildren(...[tasksSection(run), samplesSections(run),
    run.weights && section("weights", "First weights", weights(run.weights)), costs(run), timeSection(run),
    layersSection(run), configSection(run), reproduceSection(run)].flat().filter(Boolean));
  showSections();
}

function showChoice() {
  if (data.runs.length < 2) return byId("choice").replaceChildren();
  const select = el("select", { id: "which", onchange: () => { chosen = Number(select.value); showDetails(); } },
    data.runs.map((run, i) => el("option", { value: i, selected: i === chosen }, run.name)));
  byId("choice").replaceChildren(el("div", { class: "choice" }, el("label", { for: "which" }, "Details of"), select));
}

function showSections() {
  const links = [...document.querySelectorAll("main section[id]")].filter((s) => s.querySelector("h2"))
    .map((s) => el("a", { href: "#" + s.id }, s.querySelector("h2").textContent));
  byId("sections").replaceChildren(...links);
}

function showAll() {
  header();
  showFigures();
  showRuns();
  showCurves();
  showChoice();
  showDetails();
}

/* ---- a run that goes on ---- */

let seen = null;

async function refresh() {
  const says = byId("live");
  says.hidden = false;
  try {
    const text = await (await fetch("data")).text();
    if (text !== seen) {
      seen = text;
      data = JSON.parse(text);
      showAll();
    }
    says.textContent = data.live;
  } catch (error) {
    says.textContent = "The run has ended, or was stopped: this page shows its last epoch.";
    return;
  }
  setTimeout(refresh, 1000);
}

addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
dark.addEventListener("change", () => { showRuns(); showDetails(); });
shorten(data.runs);
chosen = data.runs.indexOf(bestRun());
showAll();
if (data.live) refresh();
