# common.sh - how the tests start ranks: more of them than there are processors, by root as well, bound to none.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none # Open MPI 5
# A sanitizer holds what an MPI keeps to its end for lost, and an MPI may map what it likes.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# ranks N PROGRAM...: runs it; standard input is nobody's
ranks() {
    n=$1
    shift
    "$mpirun" -n "$n" "$@" < /dev/null
}
