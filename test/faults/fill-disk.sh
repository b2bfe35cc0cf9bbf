#!/bin/sh
# Runs a command on a separate disk that fills up while it runs, then again with --resume once there is space.
#   fill-disk.sh MEGABYTES OUTPUT PATHS RESULT COMMAND...
# The command reads a list of paths on standard input and writes OUTPUT in its working folder. The folder RESULT
# receives code and stderr of the first run, resumed.code and resumed.stderr of the second, and files/, a copy of the
# disk at the end.
# Run it where tmpfs can be mounted: unshare -Urm fill-disk.sh ...
set -u
megabytes=$1 output=$2 paths=$3 result=$4
shift 4
disk=$result/disk
mkdir "$disk"
mount -t tmpfs -o "size=${megabytes}m" tmpfs "$disk" || exit 77
mkfifo "$result/list"
cd "$disk" || exit 1
trap '' PIPE

"$@" < "$result/list" 2> "$result/stderr" &
run=$!
exec 3> "$result/list"
half=$(($(wc -l < "$paths") / 2))
head -n "$half" "$paths" >&3
checkpoints() { { wc -l < "$disk/$output.partial/journal.jsonl"; } 2> /dev/null || echo 0; }
while [ "$(checkpoints)" -lt 4 ] && kill -0 $run 2> /dev/null; do sleep 0.05; done # header, first, two with rows
cat /dev/zero > "$disk/ballast" 2> /dev/null
tail -n "+$((half + 1))" "$paths" >&3
exec 3>&-
wait $run
echo $? > "$result/code"

rm "$disk/ballast"
"$@" --resume < "$paths" 2> "$result/resumed.stderr"
echo $? > "$result/resumed.code"
cp -R "$disk" "$result/files"
