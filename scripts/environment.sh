# Sourced by the scripts beside it: makes the virtual environment .venv and installs into it.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
python=$venv/bin/python

say() {
    printf '==> %s\n' "$*" >&2
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

may_install() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null
}

apt_install() {
    say "installing by apt-get: $*"
    # A third-party source that is out of reach must not stop what Debian's own can give.
    apt-get -o DPkg::Lock::Timeout=300 update -q >&2 || say "apt-get update ended with an error; going on"
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends "$@" >&2
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

base_python() {
    if ! find_python >/dev/null && may_install; then
        apt_install python3 python3-venv || true
    fi
    find_python || fail "no Python 3.11 or newer found; install one or name it: PYTHON=/path/to/python $0"
}

make_venv() {
    local base
    base=$(base_python)
    # Debian's python3 comes without ensurepip, which python3-venv adds.
    if ! "$base" -c 'import ensurepip, venv' 2>/dev/null && may_install; then
        apt_install python3-venv || true
    fi
    "$base" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$base cannot make virtual environments; install python3-venv (as root: apt-get install python3-venv)"
    say "creating .venv with $("$base" --version)"
    "$base" -m venv --clear "$venv"
}

pip_install() {
    "$python" -m pip install --quiet --disable-pip-version-check "$@" >&2
}

wanted() {
    # The folder counts because an editable install points to it.
    { printf '%s\n' "$root" && cat "$root"/pyproject.toml "$root"/constraints*.txt; } | sha256sum
}

installed() {
    local kind
    for kind in "$@"; do
        [ "$(cat "$venv/.installed-$kind" 2>/dev/null)" = "$(wanted)" ] && return
    done
    return 1
}

# ensure_environment run|dev: a second call costs a checksum.
ensure_environment() {
    local kind=$1 constraints=(-r "$root/constraints.txt" -r "$root/constraints-build.txt")
    "$python" -c '' 2>/dev/null || make_venv
    if [ "$kind" = dev ]; then
        installed dev && return
        constraints=(-r "$root/constraints-dev.txt")
    else
        installed run dev && return
    fi
    say "installing the pinned packages into .venv"
    rm -f "$venv"/.installed-*
    # The pins are complete. Resolving would let a new release of a package that is wanted with an extra (coverage[toml])
    # in beside its pin, which pip then refuses.
    pip_install --require-hashes --no-deps "${constraints[@]}"
    pip_install --no-deps --no-build-isolation --editable "$root"
    wanted >"$venv/.installed-$kind"
}
