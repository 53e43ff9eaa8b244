#!/usr/bin/env python3
"""damage.py PROGRAM SEED COUNT CASE... - damages copies of golden cases, and sees that run_golden judges every one of
them.

A damaged case may fail, and may pass where the damage is of no account. It must not end the program, keep it for
ever, or make a sanitizer speak. A seed gives the same damage every time; COUNT may be 20 or 20000.
"""

import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

BATCH = 20
NUMBERS = ("-1", "0", "1", "2", "3", "5", "7", "64", "255", "1000", "65536", "4294967297", "18446744073709551617",
           "0.5", "1e300", "nan", "-inf", "x", "")
VALUES = (float("nan"), float("inf"), -1.0, 0.5, 3.0, 255.0, 1e30, -1e30, 1e-40)


def read_npy(path):
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<H", data[8:10])[0]
    shape = re.search(rb"'shape': \(([^)]*)\)", data).group(1).decode()
    return [int(n) for n in shape.split(",") if n.strip()], data[10 + size:]


def write_npy(path, shape, body, dtype="<f4", order="False"):
    text = "".join(f"{n}, " for n in shape)
    header = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': ({text}), }}\n".encode()
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body)


def numbers(shape):
    n = 1
    for size in shape:
        n *= size
    return n


def damage_text(rng, path):
    """Lines and words of case.txt."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    at = [i for i, line in enumerate(lines) if line and not line.startswith("#")]
    i = rng.choice(at)
    words = lines[i].split(" ")
    kind = rng.randrange(8)
    if kind == 0:
        del lines[i]
    elif kind == 1:
        lines.insert(i, lines[rng.choice(at)])
    elif kind == 2:
        words[rng.randrange(len(words))] = rng.choice(lines[rng.choice(at)].split(" "))
    elif kind == 3:
        del words[rng.randrange(len(words))]
    elif kind == 4:
        lines = lines[:i]
    elif kind == 5:
        k = rng.randrange(len(lines[i]))
        words = [lines[i][:k] + chr(rng.randrange(1, 127)) + lines[i][k + 1:]]
    else:
        places = [k for k, word in enumerate(words) if re.fullmatch(r"-?[0-9.e-]+", word)]
        if places:
            words[rng.choice(places)] = rng.choice(NUMBERS)
    if kind not in (0, 1, 4):
        lines[i] = " ".join(words)
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))


def damage_shape(rng, folder, name):
    """Another shape, of which the text and the array agree: what a program that trusts it takes for the right one."""
    path = os.path.join(folder, name + ".npy")
    shape, body = read_npy(path)
    kind = rng.randrange(5)
    if kind == 0 and shape:
        del shape[rng.randrange(len(shape))]
    elif kind == 1:
        shape.insert(rng.randrange(len(shape) + 1), rng.choice((1, 2, 3)))
    elif kind == 2:
        rng.shuffle(shape)
    elif shape:
        k = rng.randrange(len(shape))
        shape[k] = max(1, rng.choice((shape[k] - 1, shape[k] + 1, shape[k] * 2, 1, 100)))
    need = 4 * numbers(shape)
    if need > 1 << 20:
        return
    body = (body * (need // len(body) + 1))[:need]
    write_npy(path, shape, body)
    text = os.path.join(folder, "case.txt")
    with open(text, encoding="utf-8") as f:
        lines = f.read().split("\n")
    lines = [" ".join(["shape", name] + [str(n) for n in shape]) if line.split(" ")[:2] == ["shape", name] else line
             for line in lines]
    with open(text, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))


def damage_array(rng, path):
    """Values, types and bytes of an array, or all of the file."""
    shape, body = read_npy(path)
    kind = rng.randrange(8)
    if kind < 3:
        k = 4 * rng.randrange(len(body) // 4)
        write_npy(path, shape, body[:k] + struct.pack("<f", rng.choice(VALUES)) + body[k + 4:])
    elif kind == 3:
        write_npy(path, shape, body, rng.choice(("<f8", ">f4", "<i4", "|O")), rng.choice(("True", "False")))
    elif kind == 4:
        write_npy(path, rng.choice(([], [0], [1 << 24], [1 << 32, 1 << 32], shape * 4)), body)
    elif kind == 5:
        with open(path, "rb+") as f:
            f.truncate(rng.randrange(os.path.getsize(path)))
    elif kind == 6:
        os.remove(path)
        rng.choice((lambda: None, lambda: os.mkdir(path), lambda: os.mkfifo(path)))()
    else:
        with open(path, "rb+") as f:
            f.seek(rng.randrange(min(128, os.path.getsize(path))))
            f.write(bytes([rng.randrange(256)]))


def damage(rng, folder):
    for _ in range(rng.choice((1, 1, 2))):
        arrays = sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".npy"))
        kind = rng.randrange(3)
        try:
            if kind == 0 or not arrays:
                damage_text(rng, os.path.join(folder, "case.txt"))
            elif kind == 1:
                damage_shape(rng, folder, rng.choice(arrays))
            else:
                damage_array(rng, os.path.join(folder, rng.choice(arrays) + ".npy"))
        except (OSError, AttributeError, ValueError, struct.error):
            pass  # damaged too much to be damaged again


def judge(program, folders):
    """What is wrong with how the program takes these folders; None if nothing is."""
    env = dict(os.environ)
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":exitcode=99"
    env["UBSAN_OPTIONS"] = env.get("UBSAN_OPTIONS", "") + ":halt_on_error=1:exitcode=99"
    try:
        run = subprocess.run([program, "-q"] + folders, env=env, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "no end"
    verdicts = re.findall(rb"^(?:PASS|FAIL) ", run.stdout, re.M)
    if run.returncode in (0, 1) and len(verdicts) == len(folders):
        return None
    said = run.stderr.decode(errors="replace").split("\n")
    return f"exit status {run.returncode}: " + " | ".join(line for line in said if "ERROR" in line or "#" in line
                                                          or "error:" in line)[:600]


def main():
    program, seed, count, cases = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    bad = 0
    for first in range(0, count, BATCH):
        with tempfile.TemporaryDirectory() as room:
            folders = []
            for i in range(first, min(first + BATCH, count)):
                rng = random.Random(seed * 1000003 + i)
                folder = os.path.join(room, str(i))
                shutil.copytree(rng.choice(cases), folder)
                damage(rng, folder)
                folders.append(folder)
            if judge(program, folders) is None:
                continue
            for folder in folders:
                wrong = judge(program, [folder])
                if wrong is not None:
                    bad += 1
                    print(f"FAIL seed {seed}, number {os.path.basename(folder)}: {wrong}")
    print(f"{count} damaged cases, {bad} of them not judged")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
