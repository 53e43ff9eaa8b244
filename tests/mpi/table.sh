#!/bin/sh
# table.sh MPIRUN PROGRAM - the table of libsnn-mpi over 1 to 4 ranks, and how ranks begin.
set -eu
mpirun=$1 program=$2
. "$(dirname "$0")/common.sh"

for n in 1 2 3 4; do
    ranks "$n" "$program"
done
ranks 1 "$program" single
ranks 3 "$program" init
"$program" init < /dev/null # one rank, without a launcher
# The launcher of another MPI gives it away by what it sets.
env OMPI_COMM_WORLD_SIZE=4 PMI_SIZE=4 "$program" launched < /dev/null
