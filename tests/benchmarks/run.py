"""Measure what the library promises, and print a ratio a line beside its target.

Usage: python tests/benchmarks/run.py [--quick] [--size MEGABYTES]

Both sides of a ratio are measured in turn, in one process or in one series of processes, and medians of processor time
are compared: the ratio travels between machines, the seconds do not. Exit status 0 whatever comes
out; read the figures.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, create_model

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRAS = ("polars", "numpy", "scipy", "altair", "typer", "rich", "hypothesis", "pandas", "duckdb")
WORDS = (
    "when",
    "I",
    "think",
    "about",
    "work",
    "and",
    "notice",
    "that",
    "it",
    "gets",
    "worse",
    "over",
    "the",
    "week",
)


def big_case(sessions: int = 20, interactions: int = 200, *, case_id: str = "k1") -> str:
    """Return the document of a case with text, offsets and a code on every interaction."""
    labels = ("Other", "R", "Q"), ("C", "N", "S")

    def interaction(index: int) -> dict[str, Any]:
        text = " ".join(WORDS[(index * 7 + k) % len(WORDS)] for k in range(6 + index % 12))
        code = {"coding_pass": "p1", "system": "automisc", "code": labels[index % 2][index % 3]}
        return {
            "index": index, "kind": "speech", "speaker": "t1" if index % 2 == 0 else "c1", "text": text,
            "start_s": index * 9.5, "end_s": index * 9.5 + 7.25, "codes": [code],
        }  # fmt: skip

    tree = {
        "kind": "case", "schema_version": "1.0", "id": case_id,
        "participants": [{"id": "c1", "role": "client"}, {"id": "t1", "role": "therapist"}],
        "sessions": [
            {"id": f"s{n}", "number": n, "status": "held", "attended": ["c1", "t1"], "duration_s": 3600.0,
             "interactions": [interaction(i) for i in range(interactions)]}
            for n in range(1, sessions + 1)
        ],
        "coding_passes": [{"id": "p1", "system": "automisc", "coder": {"kind": "software"}, "extent": "all",
                           "sessions": [f"s{n}" for n in range(1, sessions + 1)]}],
    }  # fmt: skip
    return json.dumps(tree)


def plain_type(annotation: Any, made: dict[type, type[BaseModel]]) -> Any:
    """Return the type with all marks and bounds taken off: records become plain models, texts plain ``str``."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return plain_type(args[0], made)
    if origin is tuple:
        return tuple[plain_type(args[0], made), ...]  # type: ignore[misc]
    if origin in (Union, UnionType):
        return Union[tuple(plain_type(a, made) for a in args)]  # noqa: UP007  made at run time
    if origin is Literal:
        return str
    if isinstance(annotation, type) and issubclass(annotation, date):
        return str
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return plain_model(annotation, made)
    return annotation if annotation in (str, int, float, bool, NoneType) else str


def plain_model(record: type[BaseModel], made: dict[type, type[BaseModel]]) -> type[BaseModel]:
    """Return a model with the same fields as a record class, and no rules, bounds or settings."""
    if record not in made:
        fields: dict[str, Any] = {
            name: (plain_type(f.annotation, made), ... if f.is_required() else f.default)
            for name, f in record.model_fields.items()
        }
        made[record] = create_model(record.__name__, **fields)
    return made[record]


def processor_seconds() -> float:
    """Return the time that processors worked for this process and its children: waiting for them does not count."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def in_turn(commands: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each, all measured in every round, after one round to warm up."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for n in range(rounds + 1):
        for name, do in commands.items():
            gc.collect()
            began = processor_seconds()
            do()
            if n:
                took[name].append(processor_seconds() - began)
    return {name: statistics.median(times) for name, times in took.items()}


def line(what: str, figure: str, target: str = "") -> None:
    print(f"{what:<66} {figure:>10}{'  ' + target if target else ''}", flush=True)


def parsing_times(rounds: int) -> dict[str, float]:
    """Return the median seconds of reading and writing a case, and of reading the same fields into plain models."""
    from therapeutic_process.exchange import dump_case, load_case, load_case_lenient
    from therapeutic_process.records import Case

    text = dump_case(load_case(big_case())).encode()
    plain = plain_model(Case, {})
    case = load_case(text)
    parsed: Any = plain.model_validate_json(text)
    assert sum(len(s.interactions) for s in parsed.sessions) == 4_000
    return in_turn(
        {
            "plain": lambda: plain.model_validate_json(text),
            "strict": lambda: load_case(text),
            "lenient": lambda: load_case_lenient(text),
            "json": lambda: json.loads(text),
            "writing": lambda: dump_case(case),
        },
        rounds,
    )


def parsing(processes: int, rounds: int) -> None:
    """Compare parsing in several processes: where things lie in memory moves the ratio of one by some percent."""
    command = [sys.executable, __file__, "--times", str(rounds)]
    runs: list[dict[str, float]] = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(processes)
    ]
    about = f"20 sessions x 200 interactions, {len(big_case()) / 1e6:.2f} MB"
    for what, one, other, target in (
        (f"parsing / plain pydantic models ({about})", "strict", "plain", "target 1.30"),
        ("  lenient parsing / plain pydantic models", "lenient", "plain", ""),
        ("  parsing / json.loads", "strict", "json", ""),
    ):
        ratios = sorted(r[one] / r[other] for r in runs)
        spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {processes} processes"
        line(what, f"{statistics.median(ratios):.2f}", f"{target + ', ' if target else ''}{spread}")
    for name in runs[0]:
        line(f"  {name}, median of {rounds}", f"{statistics.median(r[name] for r in runs) * 1e3:.1f} ms")


READ = """
import resource, sys, time
from therapeutic_process.exchange import read_cases
path, n = sys.argv[1], int(sys.argv[2])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
marks, began = [], time.perf_counter()
for i, case in enumerate(read_cases(path), start=1):
    if i * 10 // n > len(marks):
        marks.append(peak())
print(i, time.perf_counter() - began, *marks)
"""


def streaming(megabytes: int) -> None:
    """Read a large file in a process of its own and watch the most memory it ever held."""
    documents = [big_case(2, 60, case_id=f"k{k}") + "\n" for k in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cases.jsonl")
        n = 0
        with file.open("w", encoding="utf-8") as stream:
            while n < 10 or stream.tell() < megabytes * 1_000_000:
                stream.write(documents[n % 10])
                n += 1
        size = file.stat().st_size / 1e6
        out = subprocess.run(
            [sys.executable, "-c", READ, str(file), str(n)], check=True, capture_output=True, text=True
        )
    read, seconds, *marks = map(float, out.stdout.split())
    assert read == n
    line(
        f"streaming {size:.0f} MB, {n} cases: growth of peak memory after 10 %",
        f"{marks[-1] - marks[0]:.1f} MB",
        "target flat",
    )
    line("  peak memory after 10 % / at the end", f"{marks[0]:.0f} / {marks[-1]:.0f} MB")
    line("  speed", f"{size / seconds:.0f} MB/s")


IMPORTS = {
    "pydantic": "from pydantic import BaseModel",
    "package": "import therapeutic_process",
    "Case": "from therapeutic_process import Case",
    "read_cases": "from therapeutic_process import read_cases",
    "nothing": "pass",
}


def imports(rounds: int) -> None:
    """Compare starting Python with the package and starting it with pydantic."""
    took = in_turn(
        {
            name: lambda code=code: subprocess.run([sys.executable, "-c", code], check=True)  # type: ignore[misc]
            for name, code in IMPORTS.items()
        },
        rounds,
    )
    for name in ("package", "Case", "read_cases"):
        target = "target 2.30" if name == "package" else ""
        line(f"{IMPORTS[name]} / {IMPORTS['pydantic']}", f"{took[name] / took['pydantic']:.2f}", target)
    for name in took:
        line(f"  {IMPORTS[name]}, median of {rounds}", f"{took[name] * 1e3:.0f} ms")
    for name in ("package", "Case", "read_cases"):
        code = f"import sys; {IMPORTS[name]}; print(*({{m.partition('.')[0] for m in sys.modules}} & {set(EXTRAS)}))"
        out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        line(f"extras that {IMPORTS[name]} loads", out.stdout.strip() or "none", "target none")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--quick", action="store_true", help="few repetitions and a small file: under 30 seconds"
    )
    parser.add_argument("--size", type=int, metavar="MB", help="size of the streamed file (default 1000)")
    parser.add_argument(
        "--times", type=int, help=argparse.SUPPRESS
    )  # what the processes of parsing() are asked
    asked = parser.parse_args()
    if asked.times:
        print(json.dumps(parsing_times(asked.times)))
        return
    version = sys.version.split()[0]
    line(f"Python {version}, {os.cpu_count()} processors", "")
    parsing(*(3, 7) if asked.quick else (7, 31))
    imports(5 if asked.quick else 21)
    streaming(asked.size or (20 if asked.quick else 1_000))
    for script, sizes in (
        ("jsonl_tables.py", ["--interactions", "40000", "--clients", "5000"] if asked.quick else []),
        ("fhir_speed.py", ["--observations", "500"] if asked.quick else []),
    ):
        subprocess.run([sys.executable, str(Path(__file__).with_name(script)), *sizes], check=True)
    if importlib.util.find_spec("polars") is None:
        line("the screen and the joint model", "-", "need the extra analysis")
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from benchmarks import screen_speed

    screen_speed.compare(5 if asked.quick else 15)
    if not asked.quick:
        screen_speed.default(9)
        screen_speed.large(100_000)


if __name__ == "__main__":
    main()
