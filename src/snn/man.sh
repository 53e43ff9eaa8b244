#!/bin/sh
# man.sh SNN FOLDER - writes snn.1 and a manual page for each command into FOLDER, of what `snn --help` and `snn
# COMMAND --help` print.
set -eu
snn=$1 folder=$2
mkdir -p "$folder"
version=$("$snn" --version | sed -n '1s/^snn \([0-9.]*\).*/\1/p')

# page NAME SECTION-NAME WHAT-IT-DOES ARGUMENTS...: what the tool prints with the arguments, as it stands
page() {
    name=$1 what=$2
    shift 2
    {
        printf '.TH %s 1 "" "snn %s" "snn"\n' "$(echo "$name" | tr '[:lower:]' '[:upper:]' | sed 's/-/\\-/g')" \
            "$version"
        printf '.SH NAME\n%s \\- %s\n.SH DESCRIPTION\n.nf\n' "$(echo "$name" | sed 's/-/\\-/g')" "$what"
        "$snn" "$@" | sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'"'"']\)/\\\&\1/'
        printf '.fi\n.SH SEE ALSO\n.BR snn (1)'
        [ -z "$commands" ] || printf ',\n.BR snn\\-%s (1)' $commands
        printf '\n'
    } > "$folder/$name.1.new"
    mv "$folder/$name.1.new" "$folder/$name.1"
}

commands=
: >"$folder/pages"
"$snn" --help | sed -n '/^  snn /d; s/^  \([a-z]*\)  *\([^ ].*\)/\1 \2/p' > "$folder/commands"
while read -r command what; do
    "$snn" "$command" --help >"$folder/help" 2>&1 || continue # this build lacks it
    page "snn-$command" "$what" "$command" --help
    echo "$command" >>"$folder/pages"
done < "$folder/commands"
commands=$(cat "$folder/pages")
rm "$folder/commands" "$folder/pages" "$folder/help"
page snn "trains, evaluates and describes spiking neural networks" --help
