#!/bin/sh
# Installs the receiver into a new environment: install.sh PYTHON PREFIX, from the project's folder.
# Every package is checked against its hash, the build backend's too; nothing that only builds stays in PREFIX.
set -eu
python=$1
prefix=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/build"
pip() { "$work/build/bin/python" -m pip --disable-pip-version-check --no-cache-dir --quiet "$@"; }
pip install --require-hashes -r requirements/build.txt
# In a copy: setuptools leaves files beside its sources, and would take up old ones that lie there.
mkdir "$work/src"
cp -R pyproject.toml README.md LICENSE receiver "$work/src"
pip wheel --no-deps --no-build-isolation --wheel-dir "$work" "$work/src"

"$python" -m venv --without-pip "$prefix"
into="--python $prefix/bin/python install --no-compile"
pip $into --require-hashes --only-binary :all: -r requirements/runtime.txt
pip $into --no-deps --no-index "$work"/*.whl
# Compiled here, because nothing can be written later; 50 MB of what the receiver never imports are left out.
"$prefix/bin/python" -m compileall -q -x 'kubernetes/(aio|client/(api|models))/' "$prefix/lib"
