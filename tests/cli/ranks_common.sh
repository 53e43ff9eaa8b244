# shellcheck shell=sh
# ranks_common.sh - sourced after common.sh by the tests of the tool over ranks, with MPIRUN and FOLDER as further
# arguments.

mpirun=$4
folder=$5
[ -x "$mpirun" ] || command -v "$mpirun" >/dev/null || {
    echo "no $mpirun: nothing is tested"
    exit 77
}
export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

# More ranks than processors, by root as well, bound to none; Open MPI 5 has other names.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none
# A sanitizer holds what an MPI keeps to its end for lost.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# The tool, or $tool, which leaves the number of its process in pid.RANK.
cat >noted <<END
#!/bin/sh
echo \$\$ >pid.\${OMPI_COMM_WORLD_RANK:-\$PMI_RANK}
exec "\${tool:-$snn}" "\$@"
END

# The same, which leaves its exit status in status.RANK as well.
cat >kept <<END
#!/bin/sh
trap : USR1 TERM
status=0
"$PWD/noted" "\$@" || status=\$?
echo \$status >"$PWD/status.\${OMPI_COMM_WORLD_RANK:-\$PMI_RANK}"
exit \$status
END

# ended STATUS [LAUNCHER]: that of MPIRUN, or of the other launcher, of ./kept. The mpiexec of MPICH 4.0 ends with 0
# or of SIGPIPE now and then, even where all ranks are "sh -c 'exit 130'": then it is the greatest of the ranks' own.
# Any other launcher has to tell.
cat >ended <<END
#!/bin/sh
case \$1 in
0 | 141)
    if "\${2:-$mpirun}" --version | grep -q HYDRA; then
        cat status.* 2>/dev/null | sort -n | tail -n 1 | grep . && exit
    fi
    ;;
esac
echo "\$1"
END
chmod +x noted kept ended

# ranks STATUS N ARGUMENTS...: N ranks; output in `out` and `err`; the run must end with STATUS.
ranks() {
    want=$1
    n=$2
    shift 2
    got=0
    rm -f status.*
    timeout -k 5 120 "$mpirun" -n "$n" ./kept "$@" </dev/null >out 2>err || got=$?
    got=$(./ended $got)
    if [ "$got" -ne "$want" ]; then
        bad "$n ranks: snn $*: exit status $got instead of $want"
        sed 's/^/    /' out err
    fi
}

# said_once TEXT: one rank, and one alone, says it on standard error
said_once() {
    has err "$1"
    [ "$(grep -c '^snn: ' err)" -eq 1 ] || {
        bad "not one message:"
        sed 's/^/    /' err
    }
}

# refuses_ranks STATUS TEXT N ARGUMENTS...: they fail with that status and one message.
refuses_ranks() {
    text=$2
    status=$1
    shift 2
    ranks "$status" "$@"
    said_once "$text"
    [ ! -s out ] || bad "$*: wrote to standard output although it failed"
}

# refuses_apart TEXT FLAGS FLAGS: two ranks with the first flags, and one with the second
refuses_apart() {
    text=$1
    status=0
    rm -f status.*
    # shellcheck disable=SC2086
    timeout -k 5 120 "$mpirun" -n 2 ./kept train $2 : -n 1 ./kept train $3 </dev/null >out 2>err || status=$?
    status=$(./ended $status)
    [ $status -eq 1 ] || bad "snn train $3 on one rank: exit status $status instead of 1"
    said_once "$text"
}
