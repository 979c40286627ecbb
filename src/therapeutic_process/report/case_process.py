"""The part of a case view that describes its sessions: talk, codes, and what follows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from therapeutic_process.report.agreement_parts import DoubleCoded, agreement_parts
from therapeutic_process.report.collaboration_parts import collaboration_parts
from therapeutic_process.report.figures.heatmap import MAX_CODES, given_totals, transition_spec
from therapeutic_process.report.html import Column, Html, join, table, tag
from therapeutic_process.report.rating_parts import rating_parts
from therapeutic_process.report.residual_parts import residual_parts
from therapeutic_process.report.therapy_parts import therapy_parts
from therapeutic_process.report.view import View, bar, drawing, note, notes
from therapeutic_process.report.words import count, listed, percent, plain, when
from therapeutic_process.session_process import (
    CodeCount,
    CodeProfile,
    Transitions,
    code_profile,
    talk_share,
    transitions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from therapeutic_process.records import CodingPass, Session

__all__ = ["process_section", "session_table", "transition_notes", "transition_table"]

_MAX_PASSES = 3
_MAX_SPEAKERS = 3


def process_section(view: View) -> Html:
    """Return what happened in the sessions, described without a theory.

    Args:
        view: The case and how to show it.
    """
    rated = [*rating_parts(view), *collaboration_parts(view)]
    if not any(s.interactions for s in view.case.held_sessions):
        held = count(len(view.case.held_sessions), "held session")
        told = note(f"No interaction is recorded in {held}.")
        return view.section("process", "In the sessions", told, rated)
    parts = [
        *_talk(view),
        *_codes(view),
        *_transitions(view),
        *_agreement(view),
        *therapy_parts(view),
        *rated,
    ]
    return view.section("process", "In the sessions", parts)


def session_table(view: View) -> Html:
    """Return the sessions as a table.

    Args:
        view: The case and how to show it.
    """
    columns: list[Column | str] = [
        "session",
        "status",
        "start",
        "modality",
        Column("attended", "number"),
        Column("interactions", "number"),
        "id",
    ]
    return table("Sessions in order", columns, (_session_row(s) for s in view.case.sessions))


def _session_row(session: Session) -> list[str | Html]:
    attended = "–" if session.attended is None else str(len(session.attended))
    return [
        str(session.number),
        plain(session.status),
        when(session.started_at),
        plain(session.modality or "–"),
        attended,
        f"{len(session.interactions):,}",
        tag("span", session.id, class_="id muted"),
    ]


def _talk(view: View) -> Iterator[Html | None]:
    share = talk_share(view.case)
    yield view.subheading("Who talks how much")
    if not share.rows:
        yield note("No speech is recorded.")
        return
    columns: list[Column | str] = [
        "speaker",
        Column("turns", "number"),
        Column("of turns", "number"),
        Column("share of turns", "bar"),
        Column("of words", "number"),
        Column("of time", "number"),
    ]
    rows = [
        [
            view.names.person(r.speaker),
            f"{r.turns:,}",
            percent(r.share_of_turns),
            bar(r.share_of_turns, role=r.role),
            percent(r.share_of_words),
            percent(r.share_of_seconds),
        ]
        for r in share.rows
    ]
    yield table(f"Speech in the held sessions, {count(share.n_turns, 'turn')}", columns, rows)
    yield notes(_not_known(share.reasons))


def _not_known(reasons: tuple[str, ...]) -> list[str]:
    words = {"text": "Share of words: cannot say", "start_s": "Share of time: cannot say"}
    return [
        f"{next((w for k, w in words.items() if f'needs {k}' in r), 'Cannot say')}: {r}." for r in reasons
    ]


def _codes(view: View) -> Iterator[Html | None]:
    yield view.subheading("Codes")
    profile = code_profile(view.case)
    if not view.case.coding_passes:
        yield note("No coding pass is recorded: nothing is known of what a coder would have found.")
        return
    yield note(_coverage(profile))
    for one in view.case.coding_passes:
        yield _pass_table(view, one, profile)


def _coverage(profile: CodeProfile) -> str:
    told = (
        f"{profile.n_covered:,} of {count(profile.n_interactions, 'interaction')} were looked at by at least one pass, "
        f"{profile.n_coded:,} were given a code"
    )
    unknown = (
        f"; of {profile.n_unknown:,} it is not known whether a pass looked at them"
        if profile.n_unknown
        else ""
    )
    return f"{told}{unknown}. Where no pass looked, the absence of a code says nothing."


def _pass_table(view: View, one: CodingPass, profile: CodeProfile) -> Html:
    """Return the codes of a pass: a row per speaker and code, or a column per speaker where there are many."""
    rows = [r for r in profile.rows if r.coding_pass == one.id]
    caption = _pass_in_words(view, one)
    if not rows:
        return note(f"{caption}: no code was given to an interaction.")
    speakers = list(dict.fromkeys(r.speaker for r in rows))
    if len(speakers) > _MAX_SPEAKERS:
        return _by_speaker(view, f"{caption}: codes given, a column per speaker", rows, speakers)
    columns: list[Column | str] = [
        "code",
        "speaker",
        Column("given", "number"),
        Column("of speaker's codes", "number"),
        Column("share", "bar"),
    ]
    told = (
        [
            view.names.code(r.system, r.code),
            view.names.person(r.speaker),
            f"{r.count:,}",
            percent(r.share),
            bar(r.share, role=r.role),
        ]
        for r in rows
    )
    return table(caption, columns, told)


def _by_speaker(view: View, caption: str, rows: list[CodeCount], speakers: list[str | None]) -> Html:
    counts = {(r.code, r.speaker): r.count for r in rows}
    codes = view.names.in_order(rows[0].system, tuple(dict.fromkeys(r.code for r in rows)))
    columns: list[Column | str] = [
        "code",
        *(Column(view.names.person(s), "number") for s in speakers),
        Column("all", "number"),
    ]
    told = [[counts.get((code, s), 0) for s in speakers] for code in codes]
    named = (
        [view.names.code(rows[0].system, code), *(f"{n:,}" for n in several), f"{sum(several):,}"]
        for code, several in zip(codes, told, strict=True)
    )
    return table(caption, columns, named, stacks=False)


def _pass_in_words(view: View, one: CodingPass) -> str:
    extent = {"all": "whole sessions", "minutes": "some minutes", "sample": "a sample"}[one.extent]
    blind = {True: ", blind to outcome", False: ", not blind to outcome", None: ""}[one.blind_to_outcome]
    coder = view.names.reporter(one.coder)
    return f"{view.names.system(one.system)}, coded by {coder} ({extent}{blind})"


def _transitions(view: View) -> Iterator[Html | None]:
    yield view.subheading("What follows what")
    drawn = 0
    for number, one in enumerate(view.case.coding_passes, start=1):
        found = transitions(view.case, coding_pass=one.id)
        name = _pass_in_words(view, one)
        if not found.n_transitions:
            yield note(f"{name}: cannot say: needs two interactions in a row with one code each, found none.")
        elif drawn < _MAX_PASSES:
            drawn += 1
            yield _heat_map(view, one, number, found, name)
    if not view.case.coding_passes:
        yield note("Cannot say: needs a coding pass, found none.")
    elif drawn == _MAX_PASSES and len(view.case.coding_passes) > drawn:
        yield note(f"Drawn for the first {drawn} of {len(view.case.coding_passes)} passes.")


def _heat_map(view: View, one: CodingPass, number: int, found: Transitions, name: str) -> Html:
    order = view.names.in_order(one.system, found.codes)
    label = f"Heat map of {count(found.n_transitions, 'transition')} between {count(len(found.codes), 'code')}. {name}."
    caption = join(
        f"{name}. Of all that followed a code (row), the share of each next code (column), in per cent, "
        "empty where it never followed; ",
        f"{count(found.n_transitions, 'transition')} from one interaction to the next, "
        f"within {count(found.n_sessions, 'session')}.",
        notes(transition_notes(found)),
    )
    drawn = drawing(
        transition_spec(found, order), name=f"{view.prefix}-flow-{number}", label=label, caption=caption
    )
    residuals = residual_parts(found, order, name=f"{view.prefix}-residual-{number}", what=name)
    return join(drawn, transition_table(found, order), residuals)


def _agreement(view: View) -> Iterator[Html | None]:
    by_system: dict[str, list[CodingPass]] = {}
    for one in view.case.coding_passes:
        by_system.setdefault(one.system, []).append(one)
    told: list[Html | None] = []
    for system, passes in by_system.items():
        found = DoubleCoded(by_session=True)
        found.add(view.case, passes)
        told += agreement_parts(found, system, view.names)
    if told:
        yield view.subheading("How far coders agree")
        yield join(told)


def transition_table(found: Transitions, order: tuple[str, ...]) -> Html:
    """Return the counts behind a heat map as a table to unfold; rows come first, columns follow.

    Args:
        found: Transitions of one case or pooled.
        order: The codes in the order wanted.
    """
    counts = {(r.given, r.target): r.count for r in found.rows}
    totals = given_totals(found)
    columns: list[Column | str] = ["first", *(Column(code, "number") for code in (*order, "all"))]
    rows = ([a, *(f"{counts.get((a, b), 0):,}" for b in order), f"{totals[a]:,}"] for a in order)
    inner = table(
        "How often the code of the column followed the code of the row", columns, rows, stacks=False
    )
    return tag("details", tag("summary", "Transitions as a table of counts"), inner)


def transition_notes(found: Transitions) -> list[str]:
    """Return what the transitions leave out, in sentences.

    Args:
        found: Transitions of one case or pooled.
    """
    broken = [
        f"{count(n, 'interaction')} {words}"
        for n, words in ((found.n_uncoded, "without a code"), (found.n_multiple, "with several codes"))
        if n
    ]
    told = [f"{listed(broken)} broke the chain and were not bridged."] if broken else []
    if len(found.codes) > MAX_CODES:
        told.append(f"The {MAX_CODES} most frequent of {len(found.codes)} codes are drawn.")
    return told
