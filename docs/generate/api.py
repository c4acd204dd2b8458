"""A reference of the public names of each package, out of their docstrings."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from .readmes import import_name

KERNEL = "ninja_boost_core"
UMBRELLA = "ninja_boost"


def modules(module: str) -> list[str]:
    """The modules whose names the reference shows.

    A package's public names are those of its top; features also build on the modules of core.
    """
    if module != KERNEL:
        return [module]
    path = import_module(module).__path__
    inner = [f"{module}.{each.name}" for each in iter_modules(path) if each.name[0] != "_"]
    return [module, *(each for each in inner if hasattr(import_module(each), "__all__"))]


def names() -> dict[str, list[str]]:
    """The public names of each module of the kernel, each where it is first offered."""
    seen: set[int] = set()
    found: dict[str, list[str]] = {}
    for module in modules(KERNEL):
        loaded = import_module(module)
        mine = [name for name in loaded.__all__ if id(getattr(loaded, name)) not in seen]
        seen.update(id(getattr(loaded, name)) for name in mine)
        found[module] = mine
    return found


def page(directory: Path) -> str:
    module = import_name(directory)
    lines = [f"# {directory.name}", "", f"See also [its page](../../packages/{directory.name}.md)."]
    if module == UMBRELLA:
        lines += ["", "Every name of it is documented with the package that it comes from."]
        return "\n".join([*lines, ""])
    offered = names() if module == KERNEL else {module: list(import_module(module).__all__)}
    for each, members in offered.items():
        if not members:
            continue
        lines += ["", f"## {each}", "", "```{eval-rst}", f".. automodule:: {each}"]
        lines += [f"   :members: {', '.join(members)}", "```"]
    return "\n".join([*lines, ""])
