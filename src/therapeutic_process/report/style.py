"""How a report looks: one sheet for screen and paper, light and dark, wide and narrow."""

from __future__ import annotations

from typing import Final

__all__ = ["BAD", "GOOD", "INK", "MUTED", "PALETTE", "PAPER", "QUIET", "style_sheet"]

INK: Final = "#1f2a30"
MUTED: Final = "#5c6a72"
QUIET: Final = "#d3d8d9"
PAPER: Final = "#fdfcf9"
GOOD: Final = "#2f7a4f"
BAD: Final = "#b3442f"
PALETTE: Final = ("#176b75", "#a8620e", "#70468c", "#2d5f9e", "#a13a63", "#5d7524", "#7a5a3c", "#2b93c4")
"""Colours for series, told apart in pairs also without colour vision; more series than colours start again."""

# The colours of figures in the dark: figures carry the light ones, and the sheet replaces them.
_DARK: Final = {
    INK: "#e8e4da", MUTED: "#a3adb2", QUIET: "#3b464b", PAPER: "#15191c", GOOD: "#76c596", BAD: "#ec8d77",
    PALETTE[0]: "#62bac4", PALETTE[1]: "#e3a558", PALETTE[2]: "#c09ad8", PALETTE[3]: "#86b1e6",
    PALETTE[4]: "#e58fb1", PALETTE[5]: "#b3cc75", PALETTE[6]: "#cdaa87", PALETTE[7]: "#7fd0f0",
}  # fmt: skip

_VARIABLES: Final = """
  --paper: {paper}; --card: {card}; --ink: {ink}; --muted: {muted}; --line: {line}; --accent: {accent};
  --good: {good}; --bad: {bad}; --wash: {wash}; --wash-good: {wash_good}; --wash-bad: {wash_bad};
"""
_LIGHT_PAGE: Final = _VARIABLES.format(
    paper=PAPER, card="#ffffff", ink=INK, muted=MUTED, line="#e2e0d8", accent=PALETTE[0], good=GOOD, bad=BAD,
    wash="#e9f1f1", wash_good="#e6f2ea", wash_bad="#f8e9e4",
)  # fmt: skip
_DARK_PAGE: Final = _VARIABLES.format(
    paper=_DARK[PAPER], card="#1b2125", ink=_DARK[INK], muted=_DARK[MUTED], line="#323b40", accent=_DARK[PALETTE[0]],
    good=_DARK[GOOD], bad=_DARK[BAD], wash="#1f2f33", wash_good="#1d3127", wash_bad="#392520",
)  # fmt: skip

_SHEET: Final = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
}
.page { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.5rem 3rem; }
h1, h2, h3 { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "DejaVu Serif", serif;
  font-weight: 600;
  line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 2.3rem; letter-spacing: -0.015em; margin: 0.2rem 0 0.6rem; }
h1 .long, .case h2 .long { display: block; font-size: 1.05rem;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  font-weight: 500; letter-spacing: 0; margin-top: 0.3rem; }
h2 { font-size: 1.45rem; margin: 3.2rem 0 0.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.8rem 0 0.4rem; }
p, ul, ol, dl { margin: 0.5rem 0; max-width: 44rem; }
li { margin: 0.2rem 0; }
.kicker { font-size: 0.8rem; letter-spacing: 0.08em; text-transform: uppercase; color: var(--accent);
  font-weight: 600;
  margin: 0; }
.lede { font-size: 1.1rem; color: var(--ink); }
.note, .muted, figcaption, caption { color: var(--muted); }
.note, figcaption { font-size: 0.875rem; }
.id { overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px; }

nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; padding: 0;
  margin: 1.2rem 0 0; font-size: 0.9rem;
  max-width: none; }
nav li { margin: 0; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1px;
  margin: 1.5rem 0; max-width: none;
  background: var(--line); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.facts div { background: var(--card); padding: 0.7rem 0.9rem; }
.facts dt { font-size: 0.8rem; color: var(--muted); line-height: 1.3; }
.facts dd { margin: 0.1rem 0 0; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.facts dd small { display: block; font-size: 0.78rem; color: var(--muted); line-height: 1.35;
  margin-top: 0.15rem; }

.scroll { overflow-x: auto; margin: 1rem 0 1.4rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: 0.875rem; padding: 0 0 0.45rem; }
caption span { display: block; max-width: min(44rem, calc(100vw - 2.5rem)); }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.9rem 0.4rem 0;
  border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; font-size: 0.8rem; color: var(--muted); border-bottom: 1.5px solid var(--muted);
  vertical-align: bottom; }
thead .number { white-space: normal; }
tbody th { font-weight: 500; overflow-wrap: break-word; min-width: 7rem; }
th .muted { white-space: nowrap; font-size: 0.85rem; }
tbody tr:last-child > * { border-bottom-color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
.number .share { white-space: normal; }
.wide { min-width: 16rem; }
.name { min-width: 9rem; }
.bar { min-width: 9rem; width: 32%; }
.bar span { display: block; height: 0.7rem; margin-top: 0.35rem; border-radius: 0 2px 2px 0;
  background: var(--accent); width: var(--share);
  min-width: 1px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bar .client { background: #a8620e; }

.verdict { display: inline-block; justify-self: start; padding: 0.05rem 0.5rem; border-radius: 1rem;
  font-size: 0.82rem; white-space: nowrap;
  background: var(--wash); color: var(--ink); border: 1px solid transparent; }
.verdict.reliable_improvement { background: var(--wash-good); color: var(--good); }
.verdict.reliable_deterioration { background: var(--wash-bad); color: var(--bad); }
.verdict.cannot_say { background: none; border: 1px dashed var(--muted); color: var(--muted); }

figure { margin: 1.2rem 0 1.6rem; }
figure svg { display: block; max-width: 100%; height: auto; overflow: visible; }
figure svg text { font-family: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
figcaption { margin-top: 0.5rem; max-width: 44rem; }
.sideways { display: none; }

.views { display: grid; grid-template-columns: 1fr 1fr 1fr; margin: 1.4rem 0; border-radius: 6px;
  overflow: hidden;
  border: 1px solid var(--line); }
.views > div { padding: 1rem 1.1rem; background: var(--card); }
.views > div:nth-child(2) { background: var(--wash); }
.views h3 { margin: 0 0 0.4rem; font-size: 1rem; }
.views p { margin: 0.2rem 0; font-size: 0.92rem; }
.views strong { font-size: 1.5rem; font-weight: 500; font-variant-numeric: tabular-nums; display: block;
  line-height: 1.2; }

details { margin: 0.8rem 0; }
summary { cursor: pointer; color: var(--accent); font-size: 0.92rem; }
.talk { list-style: none; padding: 0; margin: 0.8rem 0; }
.talk li { display: grid; grid-template-columns: 7rem 1fr; gap: 0.2rem 1rem; padding: 0.35rem 0;
  border-bottom: 1px solid var(--line);
  font-size: 0.92rem; }
.talk .who { color: var(--muted); overflow-wrap: anywhere; }
.case { border-top: 3px solid var(--ink); margin-top: 4rem; padding-top: 1rem; }
.case h2 { border: 0; margin-top: 0.4rem; font-size: 1.8rem; padding: 0; }
footer { margin-top: 4rem; padding-top: 1.2rem; border-top: 1px solid var(--line); font-size: 0.875rem;
  color: var(--muted); }

@media (max-width: 40rem) {
  body { font-size: 15px; }
  .page { padding: 1.4rem 1rem 2rem; }
  h1 { font-size: 1.75rem; }
  h2 { font-size: 1.3rem; margin-top: 2.4rem; }
  .facts { grid-template-columns: 1fr 1fr; }
  .views { grid-template-columns: 1fr; }
  .views > div + div { border-top: 1px solid var(--line); }
  .talk li { grid-template-columns: 1fr; }
  .sideways { display: block; font-style: italic; }
  .wide-figure svg { max-width: none; width: 44rem; }
  th, td { padding-right: 0.6rem; }
  tbody th { min-width: 5.5rem; }
  .bar { min-width: 4.5rem; }
  .wide { min-width: 8.5rem; }
  .stacks, .stacks caption, .stacks tbody, .stacks tr, .stacks th, .stacks td { display: block; width: auto;
  min-width: 0; text-align: left; }
  .stacks thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stacks tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  .stacks tr > * { border: 0; padding: 0.12rem 0; white-space: normal; }
  .stacks tbody th { font-weight: 600; }
  .stacks th .muted { font-weight: 400; }
  .stacks td { display: grid; grid-template-columns: 8rem 1fr; column-gap: 0.6rem; }
  .stacks td::before { content: attr(data-label); color: var(--muted); font-size: 0.82rem; grid-row: span 9; }
  .stacks td.bar span { margin-top: 0.4rem; }
}
@media print {
  body { font-size: 10.5pt; background: none; }
  .page { max-width: none; padding: 0; }
  nav { display: none; }
  h2, h3, caption { break-after: avoid; }
  tr, figure, .facts, .views { break-inside: avoid; }
  .scroll { overflow: visible; }
  .case { break-before: page; }
  a { color: inherit; text-decoration: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""


def style_sheet() -> str:
    """Return the style sheet of a report; it loads nothing.

    >>> "url(" in style_sheet() or "@import" in style_sheet()
    False
    """
    dark = f":root {{ color-scheme: dark; {_DARK_PAGE} }}\n{_recoloured()}"
    return (
        f":root {{ color-scheme: light; {_LIGHT_PAGE} }}\n{_SHEET}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    )


def _recoloured() -> str:
    """Return rules that give figures their dark colours."""
    rules = [
        f"figure svg [{part}='{light}'] {{ {part}: {dark}; }}"
        for light, dark in _DARK.items()
        for part in ("fill", "stroke")
    ]
    return "\n".join([*rules, f".bar .client {{ background: {_DARK[PALETTE[1]]}; }}"])
