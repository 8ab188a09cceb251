#!/bin/sh
# Makes .venv with the exact versions of requirements.txt and the program itself in it.
# `make setup` runs it when one of the files it depends on is newer than its stamp.
set -eu

cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 2
}

is_python_311() {
    [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "3.11" ]
}

find_python() {
    for candidate in python3.11 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 && is_python_311 "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    # uv knows more places than PATH, and can bring a Python of its own.
    if command -v uv >/dev/null 2>&1; then
        uv python find 3.11 2>/dev/null && return 0
        uv python install --quiet 3.11 2>/dev/null && uv python find 3.11 2>/dev/null && return 0
    fi
    return 1
}

# --target, because many systems forbid pip to install anywhere else.
bring_uv() {
    if command -v uv >/dev/null 2>&1; then
        command -v uv
        return 0
    fi
    if [ ! -x .uv/bin/uv ]; then
        echo "Bringing uv with pip" >&2
        "$1" -m pip install --quiet --target .uv uv >&2 || return 1
    fi
    echo .uv/bin/uv
}

# Plain torch for Linux comes with gigabytes of CUDA libraries; the build for CPUs is elsewhere.
choose_torch() {
    if [ -z "${UV_FIND_LINKS:-}" ] && [ -n "${PIP_FIND_LINKS:-}" ]; then
        # pip separates places by spaces, uv by commas
        UV_FIND_LINKS=$(echo "$PIP_FIND_LINKS" | tr -s ' ' ',')
        export UV_FIND_LINKS
    fi
    for place in $(echo "${UV_FIND_LINKS:-}" | tr ',' ' '); do
        for wheel in "${place#file://}"/torch-*.whl; do
            [ -e "$wheel" ] && return 0
        done
    done
    UV_TORCH_BACKEND=${UV_TORCH_BACKEND:-cpu}
    export UV_TORCH_BACKEND
}

python=$(find_python) || fail "Rapport needs Python 3.11, and there is none in PATH (python3.11, python3 and python were tried). Install it, for example with \`uv python install 3.11\` or your system's packages, and run make again."
uv=$(bring_uv "$python") || fail "uv, which installs the packages, is missing and pip could not bring it. Install it (https://docs.astral.sh/uv/) and run make again."
choose_torch

if [ -e .venv ] && ! { [ -x .venv/bin/python ] && is_python_311 .venv/bin/python; }; then
    fail "The folder .venv holds something else than a Python 3.11 environment. Remove it and run make again."
fi
[ -e .venv ] || "$uv" venv --quiet --python "$python" .venv

VIRTUAL_ENV=$PWD/.venv
export VIRTUAL_ENV
"$uv" pip sync requirements.txt
"$uv" pip install --quiet --no-deps --editable .
echo "The environment is ready in .venv"
