"""The public interface is what the snapshot says. Run this file with ``--update`` to write it anew."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import attrs
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

SNAPSHOT = Path(__file__).parent / "api_snapshot.txt"
PACKAGE = "therapeutic_process"
ROOMS = (
    "errors", "base", "instruments", "records", "tables", "session_process", "change_process",
    "process_outcome", "simulate", "exchange", "report", "testing", "cli",
)  # fmt: skip


def public_modules() -> Iterator[ModuleType]:
    """Yield the front door and every room that is there."""
    root = import_module(PACKAGE)
    yield root
    for room in ROOMS:
        folder = Path(str(root.__file__)).parent
        if (folder / room / "__init__.py").is_file() or (folder / f"{room}.py").is_file():
            yield import_module(f"{PACKAGE}.{room}")


def _text(annotation: object) -> str:
    if annotation is inspect.Parameter.empty:
        return "?"
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    shown = [
        p.replace(default=_Elided()) if _is_object(p.default) else p for p in signature.parameters.values()
    ]
    signature = signature.replace(parameters=shown)
    # Annotations of modules with postponed evaluation are texts; they stand here as they were written.
    return str(signature).replace("'", "") if _postponed(function) else str(signature)


class _Elided:
    def __repr__(self) -> str:
        return "…"


def _is_object(default: object) -> bool:
    """Return whether a default is more than a plain value: its text would change with what it holds."""
    plain = (str, int, float, type(None), tuple)
    return default is not inspect.Parameter.empty and not isinstance(default, plain)


def _postponed(function: Any) -> bool:
    return any(isinstance(a, str) for a in getattr(function, "__annotations__", {}).values())


def _default(value: object) -> str:
    return "" if value is attrs.NOTHING else " = …"


def _fields(cls: type) -> Iterator[str]:
    if issubclass(cls, BaseModel):
        for name, field in cls.model_fields.items():
            declared = next(a for k in cls.__mro__ if name in (a := inspect.get_annotations(k)))
            yield f"{name}: {_text(declared[name])}{'' if field.is_required() else ' = …'}"
    elif attrs.has(cls):
        yield from (f"{a.name}: {_text(a.type)}{_default(a.default)}" for a in attrs.fields(cls))
    elif "__init__" in cls.__dict__:
        yield f"__init__{_signature(vars(cls)['__init__'])}"


def _members(cls: type) -> Iterator[str]:
    hidden = {f.name for f in attrs.fields(cls)} if attrs.has(cls) else set(getattr(cls, "model_fields", ()))
    for name, member in cls.__dict__.items():
        if name.startswith("_") or name in hidden or name in {"model_config", "broken_rules"}:
            continue
        if isinstance(member, property):
            gives = inspect.get_annotations(member.fget).get("return", "?") if member.fget else "?"
            yield f"{name} -> {_text(gives)}"
        elif isinstance(member, (classmethod, staticmethod)):
            yield f"{type(member).__name__} {name}{_signature(member.__func__)}"
        elif inspect.isfunction(member):
            yield f"{name}{_signature(member)}"


def _describe(name: str, thing: Any) -> Iterator[str]:
    if inspect.isclass(thing):
        bases = ", ".join(b.__name__ for b in thing.__bases__ if b is not object)
        yield f"class {name}({bases})" if bases else f"class {name}"
        yield from (f"  {line}" for line in (*_fields(thing), *_members(thing)))
    elif inspect.isfunction(thing):
        yield f"def {name}{_signature(thing)}"
    elif get_origin(thing) is not None:
        words = ", ".join(map(repr, get_args(thing))) if get_origin(thing) is Literal else "a type"
        yield f"{name} = {words}"
    elif isinstance(thing, ModuleType):
        yield f"module {name}"
    else:
        yield f"{name}: {type(thing).__name__}"


def snapshot() -> str:
    """Return the public interface as text: every room, every name in it, every signature."""
    lines: list[str] = []
    seen: dict[int, str] = {}
    rooms = list(public_modules())
    for module in (*rooms[1:], rooms[0]):
        lines += ["", module.__name__]
        for name in sorted(module.__all__):
            thing = getattr(module, name)
            if id(thing) in seen and (inspect.isclass(thing) or inspect.isfunction(thing)):
                lines.append(f"  {name}: see {seen[id(thing)]}")
                continue
            seen[id(thing)] = f"{module.__name__}.{name}"
            lines += [f"  {line}" for line in _describe(name, thing)]
    return "\n".join(lines).strip() + "\n"


def test_the_public_interface_is_what_the_snapshot_says() -> None:
    made, kept = snapshot(), SNAPSHOT.read_text(encoding="utf-8")
    changed = set(made.splitlines()) ^ set(kept.splitlines())
    assert made == kept, f"look at the difference, then run this file with --update: {sorted(changed)[:20]}"


def test_every_room_lists_what_it_makes_public() -> None:
    for module in public_modules():
        assert len(module.__all__) == len(set(module.__all__)), module.__name__
        missing = [name for name in module.__all__ if not hasattr(module, name)]
        assert not missing, module.__name__


if __name__ == "__main__":
    if "--update" in sys.argv:
        SNAPSHOT.write_text(snapshot(), encoding="utf-8")
    else:
        print(snapshot(), end="")
