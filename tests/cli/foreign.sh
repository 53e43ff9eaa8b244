#!/bin/sh
# foreign.sh SNN TINY_IDX WORK - what a model file or a checkpoint from elsewhere says does not decide what the tool
# takes.
set -eu
. "$(dirname -- "$0")/common.sh"

command -v python3 >/dev/null 2>&1 || {
    echo "no python3 to forge files with: not tested"
    exit 77
}

# forge FROM TO NOTE JSON: another text for a note, its objects merged in; without a checksum, which is optional.
forge() {
    python3 -c '
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
notes = header["__metadata__"]
notes.pop("snn.checksum", None)
def merge(old, new):
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            merge(old[key], value)
        else:
            old[key] = value
    return old
notes[sys.argv[3]] = json.dumps(merge(json.loads(notes.get(sys.argv[3], "{}")), json.loads(sys.argv[4])))
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + data[8 + size:])
' "$@"
}

# peak ARGUMENTS...: MiB that the tool had resident at most.
peak() {
    python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$snn" "$@" || echo 999999
}

run 0 train --data idx:data --net 64-8-10 --epochs 1 --steps 3 --keep --quiet --save good.snn
run 0 eval good.snn --data idx:data --quiet
cp out good

# ---- eval: keys that ask for the machine or for files are ignored, unknown ones too; batches are clamped
forge good.snn evil.snn run '{ "batch": 2000000000, "threads": 5000, "isa": "sse9", "teacher": "no", "start": "no",
    "later": 1,
    "epochs": "x", "optimizer": { "name": 7 }, "neuron": 3, "data": { "limit": 5, "crop_pad": 3 } }'
run 0 eval evil.snn --data idx:data --quiet
same out good
before=$(peak eval good.snn --data idx:data --quiet)
after=$(peak eval evil.snn --data idx:data --quiet)
[ "$after" -lt $((before + 50)) ] || bad "a note takes $after MiB in place of $before"
after=$(peak eval good.snn --data idx:data --quiet --batch 2000000000)
[ "$after" -lt $((before + 50)) ] || bad "--batch takes $after MiB in place of $before"
run 0 eval evil.snn --data idx:data
has out "T = 3"

# ---- eval: data are those that the user names
refuses 2 "which data? good.snn was trained on idx:data; --data idx:data evaluates it on them" eval good.snn
forge good.snn dir.snn run '{ "data": { "dir": "/no\u001b[2J\nwhere" } }'
refuses 2 "was trained on idx:/no?[2J?where" eval dir.snn
[ "$(wc -l <err)" -eq 2 ] || bad "a name in a file makes lines of its own"

# ---- what does count is checked
forge good.snn bad.snn run '{ "trainer": { "steps": "many" } }'
refuses 1 'bad.snn: "trainer.steps" must be a whole number' eval bad.snn --data idx:data
forge good.snn bad.snn run '{ "trainer": { "steps": 4 }, "data": { "mean": [0.5], "deviation": [0.25] } }'
run 0 eval bad.snn --data idx:data
has out "T = 4"

# ---- a teacher
run 0 train --data idx:data --net 64-8-10 --epochs 1 --teacher good.snn --batch 50 --quiet --save taught.snn
forge good.snn teacher.snn run '{ "batch": 2000000000, "threads": 5000, "isa": "sse9", "later": 1,
    "trainer": { "distil": 0.5,
    "solver": "no" } }'
run 0 train --data idx:data --net 64-8-10 --epochs 1 --teacher teacher.snn --batch 50 --quiet --save again.snn
tail -n 1 taught.csv | cut -d, -f1-7 >first
tail -n 1 again.csv | cut -d, -f1-7 | cmp - first || bad "a teacher's note changes more than its use"

# ---- a checkpoint is a configuration of one's own, except for the machine and files elsewhere
forge good.snn.ckpt evil.snn.ckpt run '{ "threads": 5000, "isa": "sse9" }'
run 0 train --resume evil.snn.ckpt --epochs 2 --quiet
forge good.snn.ckpt far.snn.ckpt tool.files '{ "curves": "../../far.svg" }'
refuses 2 "far.snn.ckpt: has --curves ../../far.svg, which is not in its folder" train --resume far.snn.ckpt \
    --epochs 2
forge good.snn.ckpt far.snn.ckpt tool.files '{ "packed": "/tmp/far.snn" }'
refuses 2 "far.snn.ckpt: has --packed /tmp/far.snn" train --resume far.snn.ckpt --epochs 2
forge good.snn.ckpt far.snn.ckpt tool.files '{ "csv": 7, "sample": "x", "save": "y", "unknown": "z" }'
refuses 2 '--sample: "x" is not a whole number' train --resume far.snn.ckpt --epochs 2

finish
