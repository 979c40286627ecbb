"""Draws documents from a JSON Schema: whatever the schema allows, and nothing that it forbids."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

_TEXTS = ("a", "x1", "Grüße", "c1", "s1", "phq9", "automisc", "\u2028", "0")
_DAY, _TIME = "2024-02-29", "2024-03-01T10:00:00+01:00"


class Drawer:
    """Draws documents that keep a schema.

    Args:
        schema: The schema; of its keywords those that the schemas of this library use.
        random: Where chance comes from.
        share: Share of the optional fields that are drawn.
    """

    def __init__(self, schema: dict[str, Any], random: Random, share: float = 0.3) -> None:
        self.schema, self.random, self.share = schema, random, share

    def document(self) -> Any:
        """Draw a document."""
        return self.value(self.schema, 0)

    def value(self, node: dict[str, Any], depth: int) -> Any:
        """Draw a value that a part of the schema allows."""
        if "$ref" in node:
            return self.value(self.schema["$defs"][node["$ref"].rpartition("/")[2]], depth)
        if "const" in node:
            return node["const"]
        if "enum" in node:
            return self.random.choice(node["enum"])
        if "pattern" in node:  # the only pattern is that of times
            return self.random.choice((_DAY, _TIME))
        options = node.get("anyOf") or node.get("oneOf")
        if options:
            return self.value(self.random.choice(options), depth)
        return getattr(self, f"_{node['type']}")(node, depth)

    def _null(self, *_: Any) -> None:
        return None

    def _boolean(self, *_: Any) -> bool:
        return self.random.random() < 0.5

    def _object(self, node: dict[str, Any], depth: int) -> dict[str, Any]:
        required = set(node.get("required", ()))
        share = self.share if depth < 4 else 0.1
        return {
            name: self.value(inner, depth + 1)
            for name, inner in node.get("properties", {}).items()
            if name in required or self.random.random() < share
        }

    def _array(self, node: dict[str, Any], depth: int) -> list[Any]:
        if "prefixItems" in node:
            return [self.value(inner, depth + 1) for inner in node["prefixItems"]]
        least = node.get("minItems", 0)
        return [self.value(node["items"], depth + 1) for _ in range(least + self.random.choice((0, 1, 2)))]

    def _integer(self, node: dict[str, Any], _: int) -> int:
        low, high = self._bounds(node)
        return self.random.randint(math.ceil(low), math.floor(high))

    def _number(self, node: dict[str, Any], _: int) -> float:
        low, high = self._bounds(node)
        drawn = self.random.choice((low, high, self.random.uniform(low, high), 1.0, 2.5))
        return drawn if low <= drawn <= high else low

    def _bounds(self, node: dict[str, Any]) -> tuple[float, float]:
        step = 1 if node["type"] == "integer" else 0.01
        low = node.get("minimum", node["exclusiveMinimum"] + step if "exclusiveMinimum" in node else None)
        high = node.get("maximum", node["exclusiveMaximum"] - step if "exclusiveMaximum" in node else None)
        if low is None:
            low = -3.0 if high is None else high - 3
        return low, low + 5 if high is None else high

    def _string(self, node: dict[str, Any], _: int) -> str:
        text = self.random.choice(_TEXTS)
        return text[: node.get("maxLength", 10)] if len(text) >= node.get("minLength", 0) else "text"
