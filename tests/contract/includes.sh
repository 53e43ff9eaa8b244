#!/bin/sh
# includes.sh SOURCE - the #include lines keep to the order of the rooms:
#
#     core <- kernel <- blas <- neuron <- layer <- network <- pass <- { optimizer, loss, projection } <- trainer
#
# ranks sits on kernel, below trainer, zoo on network, model on network and on the state of a trainer, data on core,
# name on all that has names. A room sees those below it. Training rules do not include one another. cblas.h is for
# blas alone. Programs in src and examples see <snn/...> and no room.
#
# The public headers keep to the same order, so that a program that only runs networks includes no training. Those of
# the libraries beside (events, images, nir, mpi) are no part of snn/snn.h.
set -eu
cd "$1"

# Rooms that a room may include, itself apart.
below() {
    case $1 in
    core) echo "" ;;
    kernel | data) echo "core" ;;
    blas) echo "core kernel" ;;
    ranks) echo "core kernel" ;;
    neuron) echo "core kernel blas" ;;
    layer) echo "core kernel blas neuron" ;;
    network) echo "core kernel blas neuron layer" ;;
    pass | zoo) echo "core kernel blas neuron layer network" ;;
    optimizer | loss | projection) echo "core kernel blas neuron layer network pass" ;;
    trainer) echo "core kernel ranks blas neuron layer network pass optimizer loss projection data" ;;
    model) echo "core kernel blas neuron layer network pass optimizer projection trainer" ;;
    name) echo "core kernel blas neuron layer network pass zoo optimizer loss projection data trainer" ;;
    *) return 1 ;;
    esac
}

status=0
complain() {
    echo "$*"
    status=1
}

for file in lib/*/*.[ch] lib/*/*.inc; do
    room=$(basename "$(dirname "$file")")
    allowed=$(below "$room") || { complain "$file: lib/$room is no room of the library"; continue; }
    for include in $(sed -nE 's/^ *# *include +"([^"]+)".*/\1/p' "$file"); do
        other=${include%%/*}
        # The steps upwards: a context chooses its kernels and its ways to products when it is created.
        case "$file $include" in
        "lib/core/context.c kernel/kernel.h" | "lib/core/context.c blas/table.h") continue ;;
        esac
        case " $room $allowed " in
        *" $other "*) ;;
        *) complain "$file includes $include: $room may not see $other" ;;
        esac
        [ -f "lib/$include" ] || complain "$file includes $include, which is not given as room/file.h"
    done
    if [ "$room" != blas ] && grep -qE '^ *# *include +[<"](openblas/)?cblas' "$file"; then
        complain "$file includes cblas.h: only lib/blas may"
    fi
done

# One rule, one file: what two rules share has a header that is named after no rule.
for file in lib/trainer/*.c; do
    [ -f "$file" ] || continue
    for include in $(sed -nE 's/^ *# *include +"trainer\/([^"]+)".*/\1/p' "$file"); do
        rule=$(basename "$include" .h)
        if [ "$rule" != "$(basename "$file" .c)" ] && grep -qx "X($rule)" lib/trainer/list.h; then
            complain "$file includes trainer/$include, which belongs to the rule $rule"
        fi
    done
done

# Public headers that a public header may include.
under() {
    case $1 in
    export) echo "" ;;
    status | version | param | name) echo "export" ;;
    context | communicator) echo "export status" ;;
    neuron | layer | dataset | optimizer) echo "context param" ;;
    network) echo "context layer neuron" ;;
    stream | model | projection) echo "network" ;;
    loss) echo "layer" ;;
    trainer) echo "communicator dataset loss network optimizer projection stream" ;;
    continual) echo "trainer" ;;
    sys/product) echo "context" ;;
    sys/npy) echo "dataset" ;;
    sys/component) echo "context param" ;;
    events | images) echo "context dataset param" ;;
    sys/layer) echo "network" ;;
    nir) echo "context network" ;;
    mpi) echo "communicator" ;;
    snn)
        (cd include/snn && ls ./*.h |
            sed -nE 's/^..(.*)\.h$/\1/; /^(snn|events|images|nir|mpi)$/!p' | tr '\n' ' ')
        ;;
    *) return 1 ;;
    esac
}

for file in $(find include -name '*.h'); do
    header=${file#include/snn/}
    header=${header%.h}
    allowed=$(under "$header") || { complain "$file has no place in the order of the public headers"; continue; }
    includes=$(sed -nE 's/^ *# *include +<snn\/([^>]+)\.h>.*/\1/p' "$file")
    for other in $includes; do
        case " $allowed " in
        *" $other "*) ;;
        *) complain "$file includes snn/$other.h: it may include: $allowed" ;;
        esac
    done
    [ "$header" != snn ] || for other in $allowed; do
        echo "$includes" | grep -qx "$other" || complain "$file leaves out snn/$other.h"
    done
done

for file in $(find src examples -name '*.[ch]' -o -name '*.cpp'); do
    for include in $(sed -nE 's/^ *# *include +[<"]([^">]+)[">].*/\1/p' "$file"); do
        if [ -f "lib/$include" ]; then
            complain "$file includes $include: programs use the public headers only"
        fi
    done
done

[ "$status" -ne 0 ] || echo "the include lines keep to the order of the rooms"
exit "$status"
