"""Links from the README and the changelog lead somewhere, and figures need no network."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)|<img src=\"([^\"]+)\"")


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_relative_links_lead_to_files(name: str) -> None:
    found = [a or b for a, b in LINK.findall((ROOT / name).read_text(encoding="utf-8"))]
    relative = [link for link in found if "://" not in link]
    assert relative
    assert not [link for link in relative if not (ROOT / link).is_file()]


@pytest.mark.parametrize("figure", sorted((ROOT / "docs" / "_static").glob("*.svg")), ids=lambda p: p.name)
def test_a_figure_is_whole_has_a_description_and_needs_nothing_from_outside(figure: Path) -> None:
    tree = ET.parse(figure).getroot()
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert {"title", "desc"} <= tags
    assert not tags & {"image", "script", "use", "foreignObject"}
