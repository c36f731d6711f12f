"""The design, held: imports point one way, every module says what it is for, every setting is documented."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from config.settings import ROOT, Settings

PRODUCT = sorted(path for folder in ("bot", "handlers", "config") for path in (ROOT / folder).rglob("*.py"))

# What a package may import besides itself and the foundations. A module not named here belongs to its package.
FOUNDATIONS = {"config", "bot.privacy", "bot.logs", "bot.lifeline"}
LAYERS = {
    "config": set(),
    "bot.matching": set(),
    "bot.store": set(),
    "bot.wechat_api": {"bot.store"},
    "bot.content": {"bot.matching", "bot.store"},
    "bot.dialogue": {"bot.content", "bot.matching", "bot.store"},
    "bot.gateway": {"bot.dialogue", "bot.content", "bot.store"},
    "handlers": {"bot.dialogue", "bot.content"},
    "bot.simulator": set(),
}
# Free of IO and of the web framework.
PURE = ["bot/matching", "bot/dialogue/messages.py", "bot/dialogue/router.py", "bot/dialogue/session.py", "bot/dialogue/text.py"]
IO_MODULES = {"flask", "redis", "sqlalchemy", "requests", "socket", "subprocess", "urllib"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def layer_of(name: str) -> str | None:
    return next((layer for layer in LAYERS if inside(name, layer)), None)


@pytest.mark.parametrize("path", PRODUCT, ids=module_name)
def test_imports_point_one_way(path: Path) -> None:
    layer = layer_of(module_name(path))
    if layer is None:
        return  # app, cli, worker, supervisor: they put the house together
    allowed = {layer} | LAYERS[layer] | FOUNDATIONS
    ours = {name for name in imports(path) if inside(name, "bot") or inside(name, "handlers") or inside(name, "config")}
    strange = {name for name in ours if name != "bot" and not any(inside(name, one) for one in allowed)}
    assert not strange, f"{module_name(path)} may not import {sorted(strange)}"


def test_only_the_composition_root_knows_the_handlers() -> None:
    knowing = {module_name(path) for path in PRODUCT if any(inside(name, "handlers") for name in imports(path))}
    assert {name for name in knowing if not inside(name, "handlers")} == {"bot.app"}


def test_the_simulator_is_reached_by_nothing_that_serves() -> None:
    knowing = {module_name(path) for path in PRODUCT if any(inside(name, "bot.simulator") for name in imports(path))}
    assert {name for name in knowing if not inside(name, "bot.simulator")} == set()


@pytest.mark.parametrize("place", PURE)
def test_the_core_does_no_io(place: str) -> None:
    paths = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
    assert paths
    for path in paths:
        roots = {name.partition(".")[0] for name in imports(path)}
        assert not roots & IO_MODULES, path


@pytest.mark.parametrize("path", PRODUCT, ids=module_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    if path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip():
        return
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    assert len(first) > 15, f"{module_name(path)} has no first line that says what it is for"


def test_no_import_hides_in_a_function() -> None:
    for path in PRODUCT:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                hidden = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                assert not hidden, f"{module_name(path)}.{function.name} imports inside"


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        row = f"| `{name.upper()}` |"
        assert row in documented, f"docs/settings.md lacks {name.upper()}"
        assert field.description in documented, f"docs/settings.md says something else of {name.upper()}"
