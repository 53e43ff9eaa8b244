"""The tables of docs/scaling.md, for tables.py. Measured ones have the model beside them."""

from scaling import BYTES, Constants, best, buckets, cluster_of, efficiency, here, messages, scaled, send_of, sent


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def head(cells):
    return row(cells) + "|" + "---|" * len(cells) + "\n"


def ms(seconds):
    x = 1e3 * seconds
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def amount(x):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if x >= size:
            return f"{x / size:.3g} {unit}"
    return f"{x:.3g}"


def rate(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def constants_of(records):
    return Constants([line for record in records for line in record["lines"]])


def origin(records):
    """Where the figures are from."""
    text = ""
    for record in records[:1]:
        text += f"{record['machine']}, {record['date']}, commit {record['commit']}.\n"
        if record["busy"] >= 0.2:
            text += (f"\n{record['busy']:.1f} of its processors had other work: these figures show that the command "
                     "works, and are to be\nmeasured again.\n")
    return text


def sizes(records):
    c = constants_of(records)
    text = head(["network, method, T, batch", "parameters", "synaptic operations of a sample", "a batch, ms",
                 "a sample, ms", "beside another process"])
    for name, size in c.size.items():
        constant, slope = c.batch[name]
        text += row([f"{name}, `{size['trainer']}`, {size['steps']}, {size['batch']}", f"{size['parameters']:,}",
                     amount(size["operations"]), ms(constant), ms(slope), f"{c.beside[name]:.2f} times"])
    return text


def links(records):
    c = constants_of(records)
    text = head(["network", "8 bytes there and back, us", "bytes a second, each way"])
    text += row(["loopback of this machine", f"{1e6 * c.message:.1f}", amount(1 / c.byte)])
    if c.slow_byte:
        one = c.of("slow_link")[0]
        words = f"namespaces, {one['network_rate']}, {one['network_latency']} us"
        text += row([words, f"{1e6 * c.slow_message:.1f}", amount(1 / c.slow_byte)])
    return text


def window(records):
    share = constants_of(records).window
    return f"A rank has {100 * share:.0f} % of its computing to do when gradients begin to leave: w = {share:.2f}.\n"


def what(run):
    if not run["shards"]:
        return f"no ranks, {run['threads']} thread{'s' if run['threads'] > 1 else ''}"
    return ", ".join(f"{run[key]} {key if run[key] > 1 else key[:-1]}" for key in ("ranks", "shards"))


def runs(records):
    """Ranks of one thread on this machine; check sums are equal where the shards are."""
    c = constants_of(records)
    text = head(["network, method, T, batch", "", "measured, ms", "model, ms", "samples/s", "check sum"])
    before = None
    for run in c.of("run"):
        name = f"{run['network']}, `{run['trainer']}`, {run['steps']}, {run['batch']}"
        model = ms(here(c, run)) if run["ranks"] > 1 else ""
        text += row([name if name != before else "", what(run), ms(run["seconds"]), model,
                     rate(run["batch"] / run["seconds"]), f"`{run['check_sum'][:8]}`"])
        before = name
    return text.replace("|  |", "| |")


def slow(records):
    c = constants_of(records)
    text = head(["network", "send", "ranks", "bytes of a rank", "messages", "measured, ms", "model, ms", "check sum"])
    for run in c.of("slow"):
        text += row([run["network"], f"`{send_of(run)}`", f"{run['ranks']}", amount(run["bytes"]),
                     f"{run['messages']:.0f}", ms(run["seconds"]), ms(here(c, run)), f"`{run['check_sum'][:8]}`"])
    return text


def online(records):
    c = constants_of(records)
    text = head(["network", "variant", "bytes of a rank", "messages", "measured, ms", "model, ms"])
    for run in c.of("online"):
        text += row([run["network"], run["settings"].replace("variant=", ""), amount(run["bytes"]),
                     f"{run['messages']:.0f}", ms(run["seconds"]), ms(here(c, run))])
    return text


def cluster(records, weak):
    c, about = constants_of(records), cluster_of()
    text = head(["network", "nodes", "batch", "ranks x threads", "samples of a rank", "compute, ms", "messages, ms",
                 "reading, ms", "samples/s", "of one node's"])
    for name in c.size:
        layouts = scaled(c, about, name, weak)
        for i, each in enumerate(layouts):
            text += row([name if i == 0 else "", f"{each.nodes}", f"{each.batch:,}", f"{each.ranks} x {each.threads}",
                         f"{each.samples:.3g}", ms(each.compute), ms(each.sending), ms(each.reading), rate(each.rate),
                         f"{100 * efficiency(each, layouts[0]):.0f} %"])
    return text.replace("|  |", "| |")


def cluster_sums(records):
    """What a sum of the largest cluster costs, by what is sent, and by how often."""
    c, about = constants_of(records), cluster_of()
    nodes = max(about["nodes"])
    text = head(["network", "sums of a batch", "send", "buckets", "messages of a rank", "bytes of a rank",
                 "messages, ms", "compute, ms"])
    for name, size in c.size.items():
        ways = [(1, send) for send in BYTES] + ([(size["steps"], "float32")] if size["trainer"] == "ottt" else [])
        for i, (sums, send) in enumerate(ways):
            each = best(c, about, name, nodes, size["batch"] * nodes, send=send, sums=sums)
            text += row([name if i == 0 else "", f"{sums}", f"`{send}`", f"{buckets(size['parameters'])}",
                         f"{sums * messages(size['parameters'], each.ranks):,.0f}",
                         amount(sums * sent(size["parameters"], each.ranks, send)), ms(each.sending),
                         ms(each.compute)])
    return text.replace("|  |", "| |")


KINDS = {"origin": origin, "window": window,
         "sizes": sizes, "links": links, "runs": runs, "slow": slow, "online": online, "cluster_sums": cluster_sums,
         "weak": lambda records: cluster(records, True), "strong": lambda records: cluster(records, False)}
