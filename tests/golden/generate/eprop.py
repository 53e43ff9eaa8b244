#!/usr/bin/env python3
"""eprop.py OUT - writes the golden cases of e-prop (arXiv 1901.09049) into OUT/CASE/, from the equations alone.

Plain Python, float64, one loop per index: every synapse of every sample has an eligibility vector of its own, and no
sum is shared. A gradient is held against two others before its case is written:

- back-propagation through time in which the spikes that a reset subtracts, and those that other neurons receive, are
  constants;
- for symmetric feedback central differences of the loss, with graded spikes and the same constants.

Neuron j with input x_i through w_ji, beta = 0 where it does not adapt, k = 1 - decay where its input is scaled and
else 1:

  u[t] = decay (u[t-1] - th z[t-1]) + k sum_i w_ji x_i[t]      b[t] = rho b[t-1] + (1 - rho) z[t-1]
  z[t] = 1 if u[t] >= th + beta b[t]                           h[t] = g(u[t] - th - beta b[t])

(z = h = 0 in the steps after a spike in which the neuron waits, if it is refractory)

State (u, b), so its eligibility vector has two components, and the readout o[t] = kappa o[t-1] + k sum_j w_kj z_j[t]
adds a low-pass:

  eps_u[t]   = decay eps_u[t-1] + k x_i[t]
  eps_b[t+1] = (1 - rho) h[t] eps_u[t] + (rho - (1 - rho) h[t] beta) eps_b[t]
  e_ji[t]    = h[t] (eps_u[t] - beta eps_b[t])                 ebar[t]    = kappa ebar[t-1] + e_ji[t]
  L_j[t]     = sum_k B_jk dE/do_k[t]                           dE/dw_ji   = sum_t L_j[t] ebar[t]

B_jk is k_o w_kj (symmetric) or a fixed random number. A bias is a weight whose input is 1. Readout weights have the
exact gradient: their e is eps_u, with kappa as the decay, and L is the error.
"""
import math
import os
import random
import struct
import sys

STEPS, BATCH, CLASSES = 6, 3, 4


# ---- networks ----

class Population:
    """Neurons; `inputs` lists (weights, source, delay). kind "none" integrates: it is the readout."""

    def __init__(self, name, n, inputs, kind="lif", decay=0.5, rho=0.0, beta=0.0, scaled=False, surrogate="sigmoid",
                 alpha=4.0, refractory=0):
        self.name, self.n, self.inputs, self.kind = name, n, inputs, kind
        self.decay, self.rho, self.beta, self.surrogate, self.alpha = decay, rho, beta, surrogate, alpha
        self.refractory = refractory  # steps after a spike in which z = h = 0
        self.scaled, self.k = scaled, 1 - decay if scaled else 1.0
        self.integrates = kind in ("none", "linear")

    def g(self, x):
        if self.surrogate == "triangle":
            return max(0.0, self.alpha - self.alpha ** 2 * abs(x))
        p = 1 / (1 + math.exp(-self.alpha * x))
        return self.alpha * p * (1 - p)

    def graded(self, x):
        """The primitive of g."""
        if self.surrogate == "triangle":
            y = max(-1.0, min(1.0, self.alpha * x))
            return 0.5 + y - 0.5 * y * abs(y)
        return 1 / (1 + math.exp(-self.alpha * x))


class Weights:
    def __init__(self, rows, columns, bias, scale, draw):
        self.rows, self.columns, self.bias = rows, columns, bias
        self.w = [[single(draw.gauss(0, scale)) for _ in range(columns)] for _ in range(rows)]
        self.b = [single(draw.gauss(0, 0.2) if bias else 0.0) for _ in range(rows)]


def single(x):
    """The nearest float32."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


# ---- forward ----

class Record:
    """What one sample did: x[weights][t] (None: absent); u, b, fire, waits, z [population][t]; out[t]."""

    def __init__(self):
        self.x, self.u, self.b, self.fire, self.waits, self.z, self.out = {}, {}, {}, {}, {}, {}, []


def forward(net, params, inputs, graded=False, frozen=None):
    """`frozen`: a record that gives the spikes of resets and of other neurons, as constants."""
    r = Record()
    for p in net:
        r.u[p.name], r.b[p.name], r.fire[p.name], r.waits[p.name], r.z[p.name] = [], [], [], [], []
        for name, _, _ in p.inputs:
            r.x[name] = []
    for t in range(STEPS):
        for p in net:
            step(p, params, inputs, t, r, graded, frozen)
        r.out.append(r.u[net[-1].name][t])
    return r


def now_waits(p, r, t, j):
    """Steps that neuron j still waits at step t."""
    if t == 0 or not p.refractory:
        return 0
    if r.waits[p.name][t - 1][j]:
        return r.waits[p.name][t - 1][j] - 1
    return p.refractory if r.u[p.name][t - 1][j] >= r.fire[p.name][t - 1][j] else 0


def slope(p, r, t, j):
    """h"""
    if p.integrates:
        return 1.0
    return 0.0 if r.waits[p.name][t][j] else p.g(r.u[p.name][t][j] - r.fire[p.name][t][j])


def step(p, params, inputs, t, r, graded, frozen):
    for name, source, delay in p.inputs:
        seen = frozen if frozen and not p.integrates else r
        if source == "input":
            x = inputs[t]
        elif t < delay:
            x = None
        else:
            x = seen.z[source][t - delay]
        r.x[name].append(x)
    u, b, fire, waits, z = [], [], [], [], []
    for j in range(p.n):
        current = 0.0
        for name, _, _ in p.inputs:
            w, x = params[name], r.x[name][t]
            if x is not None:
                current += w.b[j] + sum(w.w[j][i] * x[i] for i in range(w.columns))
        before, lost = (r.u[p.name][t - 1][j], (frozen or r).z[p.name][t - 1][j]) if t else (0.0, 0.0)
        u.append(p.decay * (before - (0.0 if p.integrates else lost)) + p.k * current)
        b.append(p.rho * r.b[p.name][t - 1][j] + (1 - p.rho) * r.z[p.name][t - 1][j] if t else 0.0)
        fire.append(1 + p.beta * b[j])
        waits.append(now_waits(p, r, t, j))
        spike = p.graded(u[j] - fire[j]) if graded else float(u[j] >= fire[j])
        z.append(0.0 if waits[j] else spike)
    r.u[p.name].append(u)
    r.b[p.name].append(b)
    r.fire[p.name].append(fire)
    r.waits[p.name].append(waits)
    r.z[p.name].append(z)


# ---- loss ----

def step_loss(out, label, mix):
    """((1 - mix) cross-entropy + mix mean squared error) / (B T) of one sample at one step, and its derivative."""
    top = max(out)
    total = sum(math.exp(o - top) for o in out)
    p = [math.exp(o - top) / total for o in out]
    target = [float(c == label) for c in range(len(out))]
    loss = -(1 - mix) * math.log(p[label]) + mix * sum((o - q) ** 2 for o, q in zip(out, target)) / len(out)
    error = [(1 - mix) * (a - q) + mix * 2 * (o - q) / len(out) for a, q, o in zip(p, target, out)]
    return loss / (BATCH * STEPS), [e / (BATCH * STEPS) for e in error]


def total_loss(net, params, inputs, label, mix, frozen):
    r = forward(net, params, inputs, graded=True, frozen=frozen)
    return sum(step_loss(r.out[t], label, mix)[0] for t in range(STEPS))


# ---- gradients ----

class Gradient:
    """By weights: of each step, w[t][j][i] and b[t][j]."""

    def __init__(self, params):
        self.w = {n: [[[0.0] * p.columns for _ in range(p.rows)] for _ in range(STEPS)] for n, p in params.items()}
        self.b = {n: [[0.0] * p.rows for _ in range(STEPS)] for n, p in params.items()}


def learning_signal(net, params, matrices, p, j, error):
    readout = net[-1]
    if p is readout:
        return error[j]
    if matrices is None:
        name = readout.inputs[0][0]
        return sum(readout.k * params[name].w[k][j] * error[k] for k in range(readout.n))
    return sum(matrices[p.name][j][k] * error[k] for k in range(readout.n))


def synapse(p, kappa, h, x):
    """ebar[t] of one synapse, from the derivatives h[t] and the inputs x[t] (0 where absent)."""
    eps_u = eps_b = ebar = 0.0
    all_steps = []
    for t in range(STEPS):
        eps_u = p.decay * eps_u + p.k * x[t]
        if p.integrates:
            e = ebar = eps_u
        else:
            e = h[t] * (eps_u - p.beta * eps_b)
            ebar = kappa * ebar + e
        eps_b = (1 - p.rho) * h[t] * eps_u + (p.rho - (1 - p.rho) * h[t] * p.beta) * eps_b
        all_steps.append(ebar)
    return all_steps


def eprop(net, params, matrices, r, errors, gradient):
    """Adds the gradient of one sample."""
    kappa = net[-1].decay
    for p in net:
        for j in range(p.n):
            h = [slope(p, r, t, j) for t in range(STEPS)]
            signal = [learning_signal(net, params, matrices, p, j, errors[t]) for t in range(STEPS)]
            for name, _, _ in p.inputs:
                x = r.x[name]
                for i in range(params[name].columns):
                    ebar = synapse(p, kappa, h, [x[t][i] if x[t] else 0.0 for t in range(STEPS)])
                    for t in range(STEPS):
                        gradient.w[name][t][j][i] += signal[t] * ebar[t]
                if params[name].bias:
                    ebar = synapse(p, kappa, h, [1.0 if x[t] else 0.0 for t in range(STEPS)])
                    for t in range(STEPS):
                        gradient.b[name][t][j] += signal[t] * ebar[t]


def bptt(net, params, matrices, r, errors):
    """The same sums over all steps, back through time: {weights: (w, b)}."""
    kappa = net[-1].decay
    result = {n: ([[0.0] * p.columns for _ in range(p.rows)], [0.0] * p.rows) for n, p in params.items()}
    for p in net:
        for j in range(p.n):
            dz = du = db = 0.0
            for t in reversed(range(STEPS)):
                h = slope(p, r, t, j)
                dz = learning_signal(net, params, matrices, p, j, errors[t]) + (0.0 if p.integrates else kappa * dz)
                spike = dz + (1 - p.rho) * db
                du = h * spike + p.decay * du
                db = -p.beta * h * spike + p.rho * db
                for name, _, _ in p.inputs:
                    x = r.x[name][t]
                    for i in range(params[name].columns if x else 0):
                        result[name][0][j][i] += p.k * du * x[i]
                    result[name][1][j] += p.k * du if x else 0.0
    return result


# ---- one against the other ----

def near(a, b, bound, what):
    if abs(a - b) > bound * max(1e-3, abs(a), abs(b)):
        raise SystemExit(f"{what}: {a!r} and {b!r} differ")


def totals(gradient, name, j, i):
    return sum(gradient.w[name][t][j][i] for t in range(STEPS))


def check_bptt(net, params, matrices, r, errors, what):
    mine = Gradient(params)
    eprop(net, params, matrices, r, errors, mine)
    other = bptt(net, params, matrices, r, errors)
    for name, w in params.items():
        for j in range(w.rows):
            for i in range(w.columns):
                near(totals(mine, name, j, i), other[name][0][j][i], 1e-11, f"{what}: {name}[{j}][{i}]")
            if w.bias:
                near(sums(mine.b[name])[j], other[name][1][j], 1e-11, f"{what}: {name}.b[{j}]")


def check_differences(net, params, inputs, label, mix, draw, what):
    """Graded spikes, for which the surrogate derivative is the true one."""
    r = forward(net, params, inputs, graded=True)
    errors = [step_loss(r.out[t], label, mix)[1] for t in range(STEPS)]
    mine, eps = Gradient(params), 1e-5
    eprop(net, params, None, r, errors, mine)
    for name, w in params.items():
        for _ in range(12):
            j, i = draw.randrange(w.rows), draw.randrange(w.columns)
            kept, loss = w.w[j][i], []
            for side in (eps, -eps):
                w.w[j][i] = kept + side
                loss.append(total_loss(net, params, inputs, label, mix, r))
            w.w[j][i] = kept
            near(totals(mine, name, j, i), (loss[0] - loss[1]) / (2 * eps), 1e-6, f"{what}: {name}[{j}][{i}]")


# ---- files ----

def flat(a):
    return [x for b in a for x in flat(b)] if isinstance(a, list) else [a]


def shape(a):
    return (len(a),) + shape(a[0]) if isinstance(a, list) else ()


class Case:
    def __init__(self, folder):
        self.folder, self.shapes = folder, []
        os.makedirs(folder, exist_ok=True)

    def array(self, name, a):
        dims = shape(a)
        text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {dims}, }}"
        text += " " * (63 - (10 + len(text)) % 64) + "\n"
        values = flat(a)
        with open(os.path.join(self.folder, name + ".npy"), "wb") as f:
            f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode())
            f.write(struct.pack(f"<{len(values)}f", *values))
        self.shapes.append(f"shape {name} {' '.join(map(str, dims))}")

    def text(self, lines):
        with open(os.path.join(self.folder, "case.txt"), "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")


def layer_lines(net, params):
    names, lines, before = [], [], "input"
    for p in net:
        for name, source, delay in p.inputs:
            w = params[name]
            text = f"layer {name} linear in {w.columns} out {w.rows} bias {int(w.bias)}"
            text += f" from {source}" if len(p.inputs) > 1 or source != before else ""
            lines.append(text + (" delay 1" if delay else ""))
            names.append(name)
        if len(p.inputs) > 1:
            names.append(f"{p.name}_sum")
            lines.append(f"layer {p.name}_sum add from {' '.join(name for name, _, _ in p.inputs)}")
        if p.kind != "linear":
            names.append(p.name)
            lines.append(f"layer {p.name} {neuron_text(p)}")
        before = p.name
    return [f"layers {' '.join(names)}"] + lines


def neuron_text(p):
    text = "if" if p.kind == "if" else f"{'alif' if p.beta else 'lif'} decay {p.decay!r}"
    text += f" vth 1.0 surrogate {p.surrogate} alpha {p.alpha!r}"
    text += f" adapt_decay {p.rho!r} adapt_strength {p.beta!r}" if p.beta else ""
    text += f" refractory {p.refractory}" if p.refractory else ""
    text += " input_scaled 1" if p.scaled else ""
    return text + (" reset none" if p.integrates else "")


# ---- a case ----

class Margin:
    def __init__(self):
        self.least = math.inf

    def take(self, net, r):
        for p in net[:-1]:
            for t in range(STEPS):
                self.least = min([self.least] + [abs(u - f) for u, f in zip(r.u[p.name][t], r.fire[p.name][t])])


def sums(a):
    """Over the first index."""
    return [sums(list(b)) for b in zip(*a)] if isinstance(a[0], list) else sum(a)


def descend(params, velocity, gradient, lr, momentum):
    for name, w in params.items():
        for role, value, g in (("w", w.w, sums(gradient.w[name])), ("b", [w.b], [sums(gradient.b[name])])):
            v = velocity.get((name, role))
            v = g if v is None else [[momentum * a + b for a, b in zip(x, y)] for x, y in zip(v, g)]
            velocity[name, role] = v
            for row, change in zip(value, v):
                for i, c in enumerate(change):
                    row[i] -= lr * c


def save_params(case, role, params):
    for name, w in params.items():
        case.array(f"{role}.{name}.weight", w.w)
        if w.bias:
            case.array(f"{role}.{name}.bias", w.b)


def save_first(case, net, params, matrices, records, errors, losses, gradient):
    case.array("out", [[r.out[t] for r in records] for t in range(STEPS)])
    case.array("loss", losses)
    for p in net[:-1]:
        case.array(f"u.{p.name}", [[r.u[p.name][t] for r in records] for t in range(STEPS)])
        case.array(f"s.{p.name}", [[r.z[p.name][t] for r in records] for t in range(STEPS)])
        case.array(f"gs.{p.name}", [[[BATCH * STEPS * learning_signal(net, params, matrices, p, j, errors[b][t])
                                      for j in range(p.n)] for b in range(BATCH)] for t in range(STEPS)])
    for name, w in params.items():
        case.array(f"gt.{name}.weight", gradient.w[name])
        case.array(f"g.{name}.weight", sums(gradient.w[name]))
        if w.bias:
            case.array(f"gt.{name}.bias", gradient.b[name])
            case.array(f"g.{name}.bias", sums(gradient.b[name]))


def train_once(net, params, matrices, data, mix, margin, what):
    inputs, labels = data
    records, all_errors, losses, gradient = [], [], [0.0] * STEPS, Gradient(params)
    for b in range(BATCH):
        r = forward(net, params, inputs[b])
        judged = [step_loss(r.out[t], labels[b], mix) for t in range(STEPS)]
        errors = [e for _, e in judged]
        for t in range(STEPS):
            losses[t] += judged[t][0]
        margin.take(net, r)
        check_bptt(net, params, matrices, r, errors, what)
        eprop(net, params, matrices, r, errors, gradient)
        records.append(r)
        all_errors.append(errors)
    return records, all_errors, losses, gradient


def rates(net, records):
    for p in net[:-1]:
        spikes = flat([r.z[p.name] for r in records])
        yield p.name, sum(spikes) / len(spikes)


def write(folder, net, params, draw, seed, static=False, feedback="symmetric", mix=0.0, lr=0.5, momentum=0.9):
    """True if no potential comes near its threshold, and every population fires now and then."""
    what, case, margin = os.path.basename(folder), Case(folder), Margin()
    width = params[net[0].inputs[0][0]].columns
    frames = [[[single(draw.random() * 1.6) for _ in range(width)] for _ in range(BATCH)]
              for _ in range(1 if static else STEPS)]
    inputs = [[frames[0 if static else t][b] for t in range(STEPS)] for b in range(BATCH)]
    labels = [draw.randrange(CLASSES) for _ in range(BATCH)]
    matrices = None
    if feedback == "random":
        matrices = {p.name: [[single(draw.gauss(0, 0.5)) for _ in range(CLASSES)] for _ in range(p.n)]
                    for p in net[:-1]}
    else:
        check_differences(net, params, inputs[0], labels[0], mix, draw, what)
    case.array("input", frames[0] if static else frames)
    case.array("label", [float(c) for c in labels])
    save_params(case, "p0", params)
    iterations, velocity = [], {}
    for n in (1, 2, 3):
        records, errors, losses, gradient = train_once(net, params, matrices, (inputs, labels), mix, margin, what)
        if n == 1:
            first = dict(rates(net, records))
            save_first(case, net, params, matrices, records, errors, losses, gradient)
        descend(params, velocity, gradient, lr, momentum)
        iterations.append(sum(losses))
        if n != 2:
            save_params(case, f"p{n}", params)
    case.array("loss_iter", iterations)
    last = [forward(net, params, inputs[b]) for b in range(BATCH)]
    for r in last:
        margin.take(net, r)
    case.array("out_eval", [sums(r.out) for r in last])
    for name, m in (matrices or {}).items():
        for role in ("b0", "b1", "b3"):
            case.array(f"{role}.{name}.m", m)
    lines = ["format 1", "method eprop", f"variant {feedback}", f"seed {seed}", f"T {STEPS}", f"batch {BATCH}",
             f"classes {CLASSES}", f"input_mode {'static' if static else 'per_step'}", f"feedback {feedback}",
             "loss ce_mse", f"lambda {mix!r}", "mse_target onehot", "optimizer sgd", f"lr {lr!r}",
             f"momentum {momentum!r}", "weight_decay 0.0", "iterations 3", f"margin {margin.least:.3g}"]
    lines += sorted(case.shapes) + layer_lines(net, params)
    lines += [f"rate {name} {rate:.4f}" for name, rate in first.items()]
    lines += ["# written by tests/golden/generate/eprop.py, which has the equations",
              "# gs: learning signals of each step in iteration 1, without 1/(B T)",
              "# gt: part of each step in iteration 1, learning signal times low-passed eligibility; g: their sum",
              "# b0.NAME.m: feedback matrix of a population, [n][classes]; it stays what it is"]
    case.text(lines)
    return margin.least >= 3e-4 and all(0.08 < rate < 0.7 for rate in first.values())


# ---- the cases ----

def chain(draw, hidden, readout, width=9, recurrent=False):
    """Populations one after the other; `hidden` and `readout`: their properties."""
    net, params, source, columns = [], {}, "input", width
    for number, keys in enumerate(hidden + [readout], 1):
        last, keys = number == len(hidden) + 1, dict(keys)
        name, n = ("out", CLASSES) if last else (f"sn{number}", keys.pop("n"))
        inputs = [(f"fc{number}", source, 0)]
        params[f"fc{number}"] = Weights(n, columns, True, 1.2 / math.sqrt(columns), draw)
        if recurrent and not last:
            params[f"fb{number}"] = Weights(n, n, number == 1, 1.2 / math.sqrt(n), draw)
            inputs.append((f"fb{number}", name, 1))
        net.append(Population(name, n, inputs, **keys))
        source, columns = name, n
    return net, params


LINEAR = {"kind": "linear", "decay": 0.0}

CASES = {
    "lif_symmetric": ({"hidden": [{"n": 11}], "readout": LINEAR}, {"mix": 0.05}),
    "lif_static": ({"hidden": [{"n": 11, "decay": 0.8, "surrogate": "triangle", "alpha": 1.0}], "readout": LINEAR},
                   {"static": True}),
    "lif_random": ({"hidden": [{"n": 11, "decay": 0.5}, {"n": 8, "decay": 0.8}], "readout": LINEAR},
                   {"feedback": "random"}),
    "lif_kappa": ({"hidden": [{"n": 11, "decay": 0.6}], "readout": {"kind": "none", "decay": 0.8}}, {}),
    "lif_kappa_scaled": ({"hidden": [{"n": 11, "decay": 0.4, "scaled": True}],
                          "readout": {"kind": "none", "decay": 0.7, "scaled": True}}, {"lr": 1.0}),
    "if_kappa_random": ({"hidden": [{"n": 10, "kind": "if", "decay": 1.0}, {"n": 7, "decay": 0.7}],
                         "readout": {"kind": "none", "decay": 0.9}}, {"feedback": "random", "lr": 0.1}),
    "alif_symmetric": ({"hidden": [{"n": 11, "decay": 0.7, "rho": 0.8, "beta": 0.9}], "readout": LINEAR}, {}),
    "recurrent": ({"hidden": [{"n": 9, "decay": 0.6}], "readout": LINEAR, "recurrent": True}, {}),
    "recurrent_random": ({"hidden": [{"n": 9, "decay": 0.6}, {"n": 7, "decay": 0.5}],
                          "readout": {"kind": "none", "decay": 0.5}, "recurrent": True}, {"feedback": "random"}),
    "lsnn": ({"hidden": [{"n": 10, "decay": 0.7, "rho": 0.9, "beta": 1.2, "scaled": True, "refractory": 2}],
              "readout": {"kind": "none", "decay": 0.8}, "recurrent": True}, {"mix": 0.05}),
    "lsnn_random": ({"hidden": [{"n": 10, "decay": 0.7, "rho": 0.9, "beta": 1.2}],
                     "readout": {"kind": "none", "decay": 0.8}, "recurrent": True},
                    {"feedback": "random", "lr": 0.2}),
}


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__.split("\n", 1)[0])
    for name, (network, training) in CASES.items():
        for seed in range(1, 1000):
            draw = random.Random(seed)
            net, params = chain(draw, **network)
            if write(os.path.join(sys.argv[1], name), net, params, draw, seed, **training):
                print(f"{name}: seed {seed}")
                break


if __name__ == "__main__":
    main()
