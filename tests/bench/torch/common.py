"""What the PyTorch programs share: arguments, data, the loss, and how time is taken."""

import argparse
import ctypes
import json
import resource
import statistics
import time

import torch
import torch.nn.functional as F

LAMBDA, THRESHOLD, SLOPE, MIX = 0.5, 1.0, 4.0, 0.05      # tau 2; loss 0.95 CE + 0.05 MSE
SCALE, EPS = 2.74, 1e-4                                  # of the weight-standardised network
NETS = {"784-800-10": ((784,), 128), "vgg11-ws": ((3, 32, 32), 32)}    # shape of a sample, batch
VGG = (64, 128, "P", 256, 256, "P", 512, 512, "P", 512, 512)    # P: average pooling 2x2


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--net", choices=NETS, default="784-800-10")
    parser.add_argument("--steps", type=int, default=6, help="T")
    parser.add_argument("--batch", type=int,
                        help="samples of a batch (default: 128 for the small nets, 32 for vgg11-ws)")
    parser.add_argument("--batches", type=int, default=20, help="batches of one measurement")
    parser.add_argument("--repeats", type=int, default=5, help="measurements, of which the median counts")
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch; 0: its own choice")
    parser.add_argument("--flush-denormal", action="store_true", help="take denormal numbers for zero")
    parser.add_argument("--hoist", action="store_true",
                        help="form the current of the static input and its weight gradient once")
    return parser


def begin(options):
    """Threads and a pool of random samples and labels; the values do not matter to the time."""
    if options.flush_denormal and not torch.set_flush_denormal(True):    # first: threads inherit it when they start
        raise SystemExit("this PyTorch cannot flush denormal numbers here")
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    shape, batch = NETS[options.net]
    options.batch = options.batch or batch
    pool = min(options.batches, 16)
    x = torch.randn(pool * options.batch, *shape)
    if len(shape) == 3:
        x = x.contiguous(memory_format=torch.channels_last)
    return x.split(options.batch), torch.randint(0, 10, (pool, options.batch))


def blas():
    """What multiplies matrices: MKL, or OpenBLAS with the kernel that it took, which old versions choose badly on new
    processors (OPENBLAS_CORETYPE=SKYLAKEX makes them take that of AVX-512)."""
    torch.mm(torch.ones(1, 1), torch.ones(1, 1))
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "openblas" in line or "libblas" in line}
    for path in sorted(paths):
        try:
            name = ctypes.CDLL(path).openblas_get_corename
        except (OSError, AttributeError):
            continue
        name.restype = ctypes.c_char_p
        return "OpenBLAS " + name().decode()
    return "MKL" if torch.backends.mkl.is_available() else "an unknown BLAS"


def loss_gradient(out, onehot, steps):
    """dL[t]/dout, L[t] = ((1 - MIX) CE + MIX MSE) / T, and L[t] itself."""
    n, classes = out.shape
    log_p = F.log_softmax(out, 1)
    off = out - onehot
    loss = (-(1 - MIX) / n * (log_p * onehot).sum() + MIX / (n * classes) * (off * off).sum()) / steps
    return ((1 - MIX) / n * (log_p.exp() - onehot) + 2 * MIX / (n * classes) * off) / steps, loss


def measure(options, method, train):
    """Calls train(batch number) and prints samples per second."""
    for b in range(2):
        train(b)
    rates, loss = [], 0.0
    for _ in range(options.repeats):
        start = time.perf_counter()
        for b in range(options.batches):
            loss = train(b)
        rates.append(options.batches * options.batch / (time.perf_counter() - start))
    result = {"framework": "torch " + torch.__version__, "method": method, "net": options.net, "steps": options.steps,
              "batch": options.batch, "threads": torch.get_num_threads(), "hoist": options.hoist,
              "flush_denormal": options.flush_denormal, "blas": blas(),
              "batches": options.batches, "repeats": options.repeats, "samples_per_second": statistics.median(rates),
              "min": min(rates), "max": max(rates), "loss": float(loss),
              "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    print(f"{method} {options.net} T={options.steps} batch={options.batch} threads={result['threads']}"
          f"{' hoisted' if options.hoist else ''}: {result['samples_per_second']:.1f} samples/s "
          f"(median of {options.repeats}; {min(rates):.1f} to {max(rates):.1f})")
    print(json.dumps(result))
