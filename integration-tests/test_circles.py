"""The check that no two modules import each other."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "check_circles.py"


def check(root: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, "--root", root, *packages]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write(root: Path, **files: str) -> None:
    """Write a package `shop` of modules; the file of `goods_price` is goods/price.py, of `package` shop/__init__.py."""
    folder = root / "packages" / "kit-shop" / "src" / "shop"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    for name, text in files.items():
        path = folder / "__init__.py" if name == "package" else folder / f"{name.replace('_', '/')}.py"
        if path.parent != folder:
            path.parent.mkdir(exist_ok=True)
            (path.parent / "__init__.py").touch()
        path.write_text(text)


def test_a_tree_without_a_circle_passes(tmp_path: Path) -> None:
    write(tmp_path, package="from shop import cart, goods", cart="import shop.goods", goods="import json")
    checked = check(tmp_path)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_two_modules_that_import_each_other_are_printed_with_their_lines(tmp_path: Path) -> None:
    write(
        tmp_path, cart="import json\nfrom shop import goods", goods="from shop.cart import add", till="import shop.cart"
    )
    checked = check(tmp_path)
    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        "2 modules import each other in a circle:",
        "  shop.cart imports shop.goods (line 2)",
        "  shop.goods imports shop.cart (line 1)",
    ]


def test_a_circle_around_a_corner_and_through_a_folder_is_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        cart="from shop.tills.fast import pay",
        tills_fast="from shop import goods",
        goods="def add():\n    from shop import cart\n",
    )
    checked = check(tmp_path)
    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        "3 modules import each other in a circle:",
        "  shop.cart imports shop.tills.fast (line 1)",
        "  shop.tills.fast imports shop.goods (line 1)",
        "  shop.goods imports shop.cart (line 2)",
    ]


def test_a_module_that_imports_from_its_own_package_is_found(tmp_path: Path) -> None:
    write(tmp_path, package="from shop.cart import add", cart="from shop import VAT")
    checked = check(tmp_path)
    assert checked.returncode == 1
    assert "  shop.cart imports shop (line 1)" in checked.stdout


def test_folders_that_use_each_other_without_a_circle_of_files_pass(tmp_path: Path) -> None:
    write(
        tmp_path,
        tills_fast="import shop.goods.price",
        tills_tax="",
        goods_price="import shop.tills.tax",
    )
    assert check(tmp_path).returncode == 0


def test_an_import_for_the_type_checker_is_no_circle(tmp_path: Path) -> None:
    write(
        tmp_path,
        cart="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.goods import Good",
        goods="import shop.cart",
    )
    assert check(tmp_path).returncode == 0


def test_only_the_packages_that_are_named_are_checked(tmp_path: Path) -> None:
    write(tmp_path, cart="import shop.goods", goods="import shop.cart")
    other = tmp_path / "packages" / "kit-post" / "src" / "post" / "__init__.py"
    other.parent.mkdir(parents=True)
    other.write_text("")
    assert check(tmp_path, "post").returncode == 0
    assert check(tmp_path, "shop").returncode == 1


def test_a_misspelt_package_is_an_error(tmp_path: Path) -> None:
    write(tmp_path)
    checked = check(tmp_path, "shopp")
    assert checked.returncode == 2
    assert "no package shopp" in checked.stderr


def test_no_module_of_the_workspace_is_in_a_circle() -> None:
    checked = check(SCRIPT.parents[1])
    assert (checked.returncode, checked.stdout) == (0, "")
