# Sourced by a runner as its first act: starts it again through run.sh, unless it runs there already.
unset CDPATH
alone_repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ "${ALONE:-}" != "$alone_repo" ] || [ "$PATH" != "$alone_repo/build/alone/bin" ]; then
    [ -z "${AUTOBACKUP:-}" ] || AUTOBACKUP=$(realpath -s "$AUTOBACKUP")
    exec "$alone_repo/tests/alone/run.sh" ${ALONE_OPTIONS:+"${ALONE_OPTIONS[@]}"} "$(realpath -s "$0")" "$@"
fi
