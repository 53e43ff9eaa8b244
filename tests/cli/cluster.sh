#!/bin/sh
# cluster.sh SNN TINY_IDX WORK MPIRUN FOLDER SOURCE - examples/cluster: the script for Slurm with an srun that starts
# MPIRUN, the shell of the container's definition, the commands of the page.
set -eu
. "$(dirname -- "$0")/common.sh"
. "$(dirname -- "$0")/ranks_common.sh"

cluster=$6/examples/cluster
sh -n "$cluster/train.sbatch" || bad "train.sbatch is no shell script"
awk '/^%/ { on = /^%(post|test)/; next } on' "$cluster/snn.def" >parts
sh -n parts || bad "snn.def: its parts are no shell scripts"
for script in "$cluster/train.sbatch" parts; do
    ! command -v shellcheck >/dev/null || shellcheck --shell=sh "$script" || bad "shellcheck: $script"
done

# ---- the script: a run that is stopped goes back into the queue, and resumes
mkdir bin
cat >bin/srun <<END
#!/bin/sh
while [ "\${1#--}" != "\$1" ]; do
    shift
done
shift # the tool
rm -f status.*
"$mpirun" -n "\$SLURM_NTASKS" ./kept "\$@" &
echo \$! >srun.pid
status=0
wait \$! || status=\$?
exit "\$(./ended \$status)"
END
cat >bin/scontrol <<'END'
#!/bin/sh
echo "$*" >>scontrol.log
END
ln -s "$snn" bin/snn
chmod +x bin/srun bin/scontrol
export PATH="$PWD/bin:$PATH" SLURM_NTASKS=3 SLURM_JOB_ID=17

job() {
    sh "$cluster/train.sbatch" cut.snn --data idx:data --net 64-100-10 --batch 25 --lr 0.02 --epochs 40 </dev/null \
        >out 2>err
}

job &
child=$!
await has_epoch
kill -USR1 "$(cat srun.pid)"
status=0
wait $child || status=$?
[ $status -eq 130 ] || bad "the script of a run that was stopped ends with $status instead of 130"
has scontrol.log "requeue 17"
has err "by SIGUSR1"
SLURM_NTASKS=2
job || bad "the script does not resume"
has out "resumed  cut.snn.ckpt" "8 shards on 2 ranks"
[ "$(wc -l <scontrol.log)" -eq 1 ] || bad "a run that is complete went back into the queue"
run 0 train --data idx:data --net 64-100-10 --batch 25 --lr 0.02 --epochs 40 --shards 8 --save whole.snn
same whole.snn cut.snn

# ---- the page
mkdir page
cd page
sed -n 's/^    mpirun /"$mpirun" /p' "$cluster/README.md" >lines
sed 's/DIR/..\/data/; s/784/64/; s/$/ --epochs 2/' lines >commands
there commands
. ./commands </dev/null >out 2>err || bad "a command of the page fails"
there model.snn

finish
