#!/bin/sh
# report.sh SNN TINY_IDX WORK SOURCE - snn report: the figures of the page are those of the log and the model, text
# from anywhere stays text, and the page loads nothing.
set -u
source=$4
. "$(dirname "$0")/common.sh"

# data_of PAGE: its data, one line of JSON.
data_of() {
    sed -n 's#^<script id="data" type="application/json">\(.*\)</script>$#\1#p' "$1"
}

run 0 train --data idx:data --net 64-20-FC --epochs 3 --threads 1 --batch 16 --steps 3 --save a.snn --quiet
run 0 report a.snn --save a.html
has out "a.html: 1 run"
data_of a.html >a.json
there a.json

# Every cell of the log is in the page, digit by digit.
for column in $(head -n 1 a.csv | tr ',' ' '); do
    place=$(head -n 1 a.csv | tr ',' '\n' | grep -nxF "$column" | cut -d : -f 1)
    list=$(sed 1d a.csv | cut -d , -f "$place" | sed 's/^$/null/' | paste -s -d ,)
    has a.json "\"$column\":[$list]"
done
has a.json '"network":"64-20-FC"' '"confusion":[[' '"spikes":[[' '"membrane":[[[' '"weights":{"layer":"fc1"' \
    '"command":"snn train --data idx:data --net 64-20-FC '

# One file: it names no address to load from, allows its own scripts alone, and may not connect.
hasnt a.html ' src='
hasnt a.html '<link'
hasnt a.html '@'"SCRIPT"
has a.html "default-src 'none'" "connect-src 'none'" "script-src 'sha256-" "Permission is hereby granted"
[ "$(wc -c <a.html)" -lt 400000 ] || bad "a page of one small run has $(wc -c <a.html) bytes"

# The command line of the page trains the same network, bit for bit.
sed 's/.*"command":"\([^"]*\)".*/\1/; s/\\\\\\n/ /g' a.json >command
sed "s#^snn #'$snn' #; s#\$# --save again.snn --quiet --threads 2#" command >command.sh
sh command.sh >out 2>err || bad "the command of the page failed: $(cat err)"
same a.snn again.snn

# A log and a folder; data that are gone.
mkdir -p folder/one folder/two
cp a.csv folder/one/
cp a.snn a.csv folder/two/
run 0 report folder a.csv --save b.html
has out "3 runs"
mv data gone
run 0 report a.snn --save c.html
data_of c.html >c.json
has c.json '"missing":"The data of the run, data, are not on the machine'
run 0 report a.snn --data idx:gone --samples 10 --save c.html
data_of c.html >c.json
has c.json '"count":10'
mv gone data

# Text from anywhere: nothing of it becomes an element.
evil='</script><script>alert(1)</script>'
mkdir evil
printf '{"event":"start","config":{"network":"%s","note":"%s"}}\n{"event":"epoch","epoch":1,"%s":2}\n' \
    '</script><img src=x onerror=alert(1)>' "$evil" "$evil" >evil/run.jsonl
run 0 report evil/run.jsonl --save evil.html
hasnt evil.html 'alert(1)</'
hasnt evil.html '<img'
[ "$(grep -o '<script' evil.html | wc -l)" -eq "$(grep -o '<script' a.html | wc -l)" ] || bad "a text made a script"
data_of evil.html >evil.json
has evil.json '\u003c/script\u003e\u003cscript\u003ealert(1)\u003c/script\u003e'

# A sequence of tasks has its accuracies.
run 0 continual --data idx:data --net 64-20-FC --tasks 2 --batch 16 --save tasks.snn --json --live 0
grep -o '"accuracy":\[[^]]*\]' out | sed 's/.*\[/[/' >rows
run 0 report tasks.snn --save tasks.html
data_of tasks.html >tasks.json
has tasks.json "\"accuracy\":[$(paste -s -d , rows)]" '"missing":"The network learned a sequence of tasks'

# Wrong uses.
refuses 2 "no run given" report
refuses 1 "there is no such file" report nowhere
mkdir empty
refuses 1 "holds no model" report empty
echo text >text.csv
refuses 1 "is no log" report text.csv
refuses 1 "--save" report a.snn --save nowhere/a.html
refuses 2 "samples" report a.snn --samples -1
cp a.snn before.snn
cp a.csv before.csv
refuses 1 "would replace the file that is read" report a.snn --save a.snn
refuses 1 "is the log of a run" report a.snn --save a.csv
same a.snn before.snn
same a.csv before.csv

# A sweep's folder has a table that is no log.
echo 'lr,runs' >folder/table.csv
run 0 report folder --save b.html
has out "2 runs"

# A run that goes on: its page, for this machine alone, whatever its clients do; the same bits.
run 0 train --data idx:data --net 64-20-FC --epochs 3 --threads 1 --batch 16 --steps 3 --save same.snn --quiet \
    --live 0
same a.snn same.snn
"$snn" train --data idx:data --net 64-20-FC --epochs 100000 --every 0 --threads 1 --save cut.snn \
    --live 0 >cut.out 2>cut.err &
pid=$!
await has_epoch
port=$(sed -n 's#^live     http://127.0.0.1:\([0-9]*\)/$#\1#p' cut.out)
refuses 1 "Address already in use; --live 0 takes a free one" train --data idx:data --net 64-20-FC --save other.snn \
    --quiet --live "$port"
[ ! -e other.csv ] || bad "a run without its port wrote a log"
if command -v python3 >/dev/null; then
    timeout 60 python3 "$source/tests/cli/clients.py" "$port" >out 2>&1 || bad "clients: $(tail -n 3 out)"
fi
kill -INT $pid
got=0
wait $pid || got=$?
[ "$got" -eq 130 ] || bad "with --live, Ctrl-C ends with $got"

(cd "$source/src/snn/report/uplot" && sha256sum --quiet -c SHA256SUMS) || bad "uPlot is not the one of its release"

# In a browser: no error, the log's values in the tables, keys, no script of anybody else.
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$chromium" ] && command -v python3 >/dev/null; then
    drive() {
        timeout 120 python3 "$source/tests/cli/browser.py" "$chromium" "$@" >out 2>&1 || bad "$*: $(tail -n 5 out)"
    }
    drive check a.html a.csv
    drive hostile evil.html
    "$snn" train --data idx:data --net 64-20-FC --batch 4 --epochs 100000 --every 0 --threads 1 --save shown.snn \
        --live 0 --json >shown.out 2>&1 &
    pid=$!
    await test -s shown.out
    await grep -q '"event":"epoch"' shown.out
    drive live "http://127.0.0.1:$(sed -n 's/.*"event":"live","port":\([0-9]*\).*/\1/p' shown.out)/" $pid
    kill -INT $pid 2>/dev/null || true # where the browser has failed
    wait $pid
else
    echo "Chromium is not installed: no browser has looked at the pages"
fi
finish
