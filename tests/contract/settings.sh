#!/bin/sh
# settings.sh SOURCE - every public function that computes begins with SNN__COMPUTES (lib/core/fpu.h), so that neither
# its results nor its speed depend on the floating-point settings of the thread that calls it. What only keeps, or
# hands out, what it was given is listed here.
set -eu
cd "$1"

keeps='snn_[a-z]+_(create|destroy|get_info|files_init|options_init|source_init)
snn_communicator_init
snn_component_file_(commit|create|destroy|write)
snn_component_(alloc|fail|fill_struct|free|params_create|params_destroy|random|read_struct)
snn_continual_(accuracy|set_heads)
snn_layer_(connect|input|tensor|tensor_named)
snn_model_(note|tensor)
snn_network_(add|add_conv2d|add_dense|add_neuron|layer|layer_named|note|option|remove|set_note)
snn_name(_text)?
snn_npy_parse
snn_product_(kind|table|way)
snn_projection_(freeze|weights)
snn_stream_(reset|state)
snn_trainer_(observe|on_loss|on_noise|on_progress|restart_epoch|set_communicator|set_projection|set_teacher|share)
snn_(last_error|status_name|status_text|version|version_products|version_string)'

# Names of all functions of which the body begins so; those of lib/core/param_calls.h are made for every handle that
# the line SNN__PARAM_CALLS(handle, kind) names.
computing() {
    awk '
        FNR == 1 { made = FILENAME ~ /param_calls\.h$/ }
        made && $1 == "SNN__COMPUTES;" { computes = 1 }
        made && computes && /^ +SNN__PARAM_CALL\(/ { sub(/,$/, "", $2); sub(/,$/, "", $3); call[$3] = 1 }
        made { next }
        /^SNN__PARAM_CALLS\(/ {
            sub(/^SNN__PARAM_CALLS\(/, ""); sub(/,.*/, "")
            for (c in call) print "snn_" $0 "_" c
        }
        /^[a-z].*[ *]snn_[a-z0-9_]+\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        body && $1 == "SNN__COMPUTES;" { print name }
        { body = /^\{$/ }' lib/core/param_calls.h lib/*/*.c
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
computing > "$work/computing"
sh tests/contract/names.sh . > "$work/public"
echo "$keeps" > "$work/keeps"

# A new function has to be put into one of the two.
unclear=$(grep -vxFf "$work/computing" "$work/public" | grep -vxEf "$work/keeps") || true
if [ -n "$unclear" ]; then
    echo "$unclear"
    echo "begin these with SNN__COMPUTES, or list them in tests/contract/settings.sh if they compute nothing"
    exit 1
fi
echo "$(grep -cxFf "$work/computing" "$work/public") public functions compute, and begin with SNN__COMPUTES"
