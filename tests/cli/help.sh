#!/bin/sh
# help.sh SNN TINY_IDX WORK - help, manual pages, completion in shells, progress without a bar.
set -eu
. "$(dirname -- "$0")/common.sh"

# ---- the same of a command in three forms
for command in $("$snn" completion words -- '' | cut -f1 | grep -v '^-'); do
    run 0 "$command" --help
    cp out asked
    run 0 help "$command"
    same asked out
    has out "usage: snn $command" --plain
    run 0 help --man "$command"
    has out ".TH SNN\\-$(echo "$command" | tr '[:lower:]' '[:upper:]') 1" ".SH SYNOPSIS" ".BR snn (1)"
    [ "$(grep -c '^  --' asked)" -eq "$(grep -c '^\.B \\-\\-' out)" ] ||
        bad "the manual page of $command has another number of flags than its help"
done
run 0 train --help spide
cp out asked
run 0 help train spide
same asked out
run 0 --help
cp out asked
run 0 help
same asked out
refuses 2 'no command "trian"' help trian

# ---- words: offers "WORD WORD ..." ARGUMENT...
offers() {
    expected=$1
    shift
    run 0 completion words -- "$@"
    [ "$(cut -f1 out | tr '\n' ' ')" = "$expected" ] || bad "after snn $* is offered: $(cut -f1 out | tr '\n' ' ')"
}
offers "eval events " e
offers "ottt opzo " train --trainer o
offers "--trainer=sltt --trainer=spide --trainer=sei " train --trainer=s
offers "0.1,dsr_if 0.1,dsr_lif " train --neuron 0.1,dsr
offers "idx: " train --epochs 3 --data id
offers "--optimizer --optimizer. " train --opt
offers "--trainer.distil --trainer.distil_tau " train config.json --trainer.distil
offers "multi_step " train --optimizer.schedule mu
offers "stream " bench s
offers "info " help i
offers "spide " train --help sp
offers "adam adamw " help train ad
offers "bash zsh fish " completion ''
offers "" train ''
offers "" train --save ''
offers "" nothing ''
run 0 completion words -- recipe ide-f
has out ide-fashion-mnist

# ---- the shells that are here
mkdir -p bin there
ln -sf "$snn" bin/snn
PATH=$PWD/bin:$PATH
export PATH
"$snn" completion bash >snn.bash
if command -v bash >/dev/null; then
    # what bash makes of the line, which it splits at ":" and "="; the last of the words is the unfinished one
    cat >complete.bash <<'EOS'
. ./snn.bash
compopt() { echo "no space"; }
COMP_LINE=$1 COMP_POINT=${#1}
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_snn
echo "${COMPREPLY[*]}"
EOS
    bash_offers() {
        want=$1
        shift
        got=$(bash complete.bash "$@" 2>&1)
        [ "$got" = "$want" ] || bad "bash completes \"$1\" with \"$got\""
    }
    bash_offers "eval events" "snn e" snn e
    bash_offers "opzo" "snn train --trainer op" snn train --trainer op
    bash_offers "opzo" "snn train --trainer=op" snn train --trainer = op
    bash_offers "no space
idx:" "snn train --data id" snn train --data id
fi
if command -v zsh >/dev/null; then
    "$snn" completion zsh >_snn
    zsh -n _snn || bad "zsh takes _snn for no script"
fi
if command -v fish >/dev/null; then
    "$snn" completion fish >snn.fish
    got=$(HOME=$PWD fish --no-config -c 'source snn.fish; complete -C "snn train --trainer op"' | cut -f1)
    [ "$got" = opzo ] || bad "fish completes --trainer op with \"$got\""
fi
refuses 2 "of which shell?" completion
refuses 2 "of which shell?" completion tcsh

# ---- no bar with --plain or TERM=dumb: no byte that moves a cursor, no letter beyond ASCII
if command -v script >/dev/null; then
    # typed NAME ARGUMENTS: the tool on a terminal
    typed() {
        long="--lr 0.001 --data idx:data --net 64-2000-10 --batch 5 --steps 20 --epochs 1" # a bar takes its time
        script -qec "'$snn' train $long --save t.snn $2" "$1" >/dev/null || bad "train $2 on a terminal failed"
    }
    bar=$(printf '\033\\[K')
    TERM=xterm typed bar ""
    grep -q "$bar" bar || bad "no bar on a terminal"
    TERM=xterm typed flag --plain
    TERM=dumb typed dumb ""
    for file in flag dumb; do
        ! grep -q "$bar" $file || bad "a bar in spite of $file"
        has $file "test accuracy"
    done
fi
finish
