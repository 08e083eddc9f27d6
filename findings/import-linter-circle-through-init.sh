#!/usr/bin/env bash
# import-linter: the contract `acyclic_siblings` and a package whose __init__.py and module import each other.
#
# Expected: a circle between shop/__init__.py and shop/cart.py breaks the contract that forbids circles.
# Seen:     the contract is kept: it compares the children of a package with each other, and an __init__.py is no child.
#           Two sub-packages that use each other in different files, without a circle of files, break it.
# Matters:  the circles that hurt at import time run through __init__.py most often. A check over the graph of grimp,
#           which import-linter brings, finds them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet import-linter==2.17 grimp==3.20
mkdir -p "$folder/shop" "$folder/mart/goods" "$folder/mart/till"
echo 'from shop.cart import add; VAT = 20' > "$folder/shop/__init__.py"
echo 'def add():
    from shop import VAT
    return VAT' > "$folder/shop/cart.py"
touch "$folder/mart/__init__.py" "$folder/mart/goods/__init__.py" "$folder/mart/till/__init__.py"
echo 'import mart.till.coins' > "$folder/mart/goods/price.py"
touch "$folder/mart/till/coins.py" "$folder/mart/goods/names.py"
echo 'import mart.goods.names' > "$folder/mart/till/receipt.py"
cd "$folder"
for package in shop mart; do
  cat > ".importlinter-$package" <<INI
[importlinter]
root_package = $package

[importlinter:contract:1]
name = no circles
type = acyclic_siblings
ancestors = $package
INI
done
"$folder/venv/bin/pip" list 2>/dev/null | grep -E 'import-linter|grimp'
verdict() { PYTHONPATH=. "$folder/venv/bin/lint-imports" --no-cache --config ".importlinter-$1" | grep -oE 'no circles (KEPT|BROKEN)' || true; }
shop=$(verdict shop) mart=$(verdict mart)
echo "a circle between __init__.py and a module: $shop"
echo "two folders without a circle of files:     $mart"
[ "$shop" = "no circles KEPT" ] && [ "$mart" = "no circles BROKEN" ] || { echo "the behaviour has changed"; exit 1; }
