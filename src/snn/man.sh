#!/bin/sh
# man.sh SNN FOLDER - writes snn.1 and a manual page for each command into FOLDER.
set -eu
snn=$1 folder=$2
mkdir -p "$folder"

# page NAME ARGUMENTS...: what the tool says of itself
page() {
    name=$1
    shift
    "$snn" help --man "$@" >"$folder/$name.1.new"
    mv "$folder/$name.1.new" "$folder/$name.1"
}

"$snn" completion words -- '' | while IFS='	' read -r command _; do
    case $command in
    -*) ;;
    *) page "snn-$command" "$command" ;;
    esac
done
page snn
