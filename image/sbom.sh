#!/bin/sh
# Writes what is installed in an environment as a CycloneDX bill of materials: sbom.sh PYTHON PREFIX FILE.
# The tool that does it has an environment of its own, which goes away: it must not list itself.
set -eu
python=$1
prefix=$2
file=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/tool"
"$work/tool/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/sbom.txt
"$work/tool/bin/cyclonedx-py" environment --pyproject pyproject.toml --mc-type application \
  --output-reproducible --output-format JSON --output-file "$file" "$prefix/bin/python"
