"""Measure sudden gains over a Parquet file through DuckDB against a hand-written query, and print a ratio a line.

Usage: python tests/benchmarks/change_parquet.py [--rows 1e7] [--rounds 5] [--memory 1GB] [--folder FOLDER]

The file is made by DuckDB in the folder (a temporary one unless told) and removed at the end. The query answers the
same: every column of the events, the criteria on every interval, and in statements of their own the checks of keys
and of infinite scores. Both sides run in turn, each on a fresh connection under the memory limit; medians of
wall-clock and of processor time are compared.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.change_speed import line
from therapeutic_process.change_process import SuddenRule, sudden_gains

if TYPE_CHECKING:
    from collections.abc import Callable

CUTOFF = 6.0

MAKE = """
copy (
  with client as (select c, 4 + (hash(c, 1) % 25)::integer as n, 12 + hash(c, 2) % 14 as base,
          case when hash(c, 3) % 10 < 3 then 6 + hash(c, 4) % 6 else 0 end as fall, 3 + hash(c, 5) % 9 as turn
      from range({clients}) t(c)),
  session as (select *, unnest(range(1, n + 1)) as s from client),
  noisy as (select *, (hash(c, s, 6) % 1000 + hash(c, s, 7) % 1000 + hash(c, s, 8) % 1000 - 1498.5) / 250 as e
      from session)
  select c::bigint as client_id, s::bigint as session, case when hash(c, s, 9) % 20 = 0 then null
      else round(greatest(0, least(27, base::double - 0.35 * s - case when s >= turn then fall else 0 end + e)))
      end::double as score
  from noisy
) to '{file}' (format parquet)
"""

CHECKS = (
    "select count(*), count(*) - count(client_id), count(*) - count(session), count_if(isinf(score)) from {scores}",
    "select count(*) from (select client_id, session from {scores} group by all having count(*) > 1)",
)

EVENTS = """
with scores as (select client_id, session, case when isnan(score) then null else score end as score from {scores}),
around as (
  select client_id, session, score as x0, lag(score, 2) over o as a, lag(score) over o as b,
    lead(score) over o as x1, lead(score, 2) over o as c, lead(score, 3) over o as d,
    lead(session) over o as order_next, row_number() over o as place,
    first_value(score ignore nulls) over whole as first_score,
    last_value(score ignore nulls) over whole as last_score,
    max(score) over (partition by client_id order by session
        rows between 2 following and unbounded following) as worst
  from scores window o as (partition by client_id order by session),
    whole as (partition by client_id order by session rows between unbounded preceding and unbounded following)
), candidates as (
  select *, x0 - x1 as change,
    (a is not null)::int + (b is not null)::int + 1 as n0, 1 + (c is not null)::int + (d is not null)::int as n1,
    coalesce(a, 0) + coalesce(b, 0) + x0 as s0, x1 + coalesce(c, 0) + coalesce(d, 0) as s1,
    coalesce(a * a, 0) + coalesce(b * b, 0) + x0 * x0 as q0,
    x1 * x1 + coalesce(c * c, 0) + coalesce(d * d, 0) as q1
  from around where x0 - x1 >= {cutoff} and x0 - x1 >= 0.25 * x0 and x0 >= 0
)
select client_id, session, order_next, place, count(*) over (partition by client_id) as n_of_client,
  a as score_n_minus_2, b as score_n_minus_1, x0 as score, x1 as score_next, c as score_n_plus_2,
  d as score_n_plus_3, first_score, last_score, change, first_score - last_score as whole_change,
  case when first_score <> last_score then change / (first_score - last_score) end as share_of_whole_change,
  x1 + change / 2 as reversal_value,
  case when worst > x1 + change / 2 then 'reversed' when worst is not null then 'held' end as reversal
from candidates
where n0 >= 2 and n1 >= 2 and s0 / n0 - s1 / n1 > case n0 + n1 - 2 when 2 then {t2} when 3 then {t3} else {t4} end
  * sqrt((q0 - s0 * s0 / n0 + q1 - s1 * s1 / n1) / (n0 + n1 - 2))
"""

# every column is asked for, so that neither side is spared any
DIGEST = """count(*), sum(session), sum(order_next), sum(place), sum(n_of_client), sum(score_n_minus_2),
  sum(score_n_minus_1), sum(score), sum(score_next), sum(score_n_plus_2), sum(score_n_plus_3), sum(first_score),
  sum(last_score), sum(change), sum(whole_change), sum(share_of_whole_change), sum(reversal_value),
  count_if(reversal = 'reversed'), count(reversal)"""


def connection(memory: str, folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a fresh connection under the limit, which spills into the folder."""
    con = duckdb.connect()
    for name, value in {"memory_limit": memory, "temp_directory": str(folder / "spilled")}.items():
        con.execute(f"set {name} = '{value}'")
    con.execute("set preserve_insertion_order = false")
    return con


def by_hand(con: duckdb.DuckDBPyConnection, file: Path, *, check: bool) -> list[Any]:
    """Run the hand-written statements."""
    scores = f"read_parquet('{file}')"
    for statement in CHECKS if check else ():
        found = con.execute(statement.format(scores=scores)).fetchall()[0]
        assert not any(found[-3:] if len(found) > 1 else found)
    rule = SuddenRule(cutoff=CUTOFF)
    values = {f"t{df}": repr(rule.critical_value(df)) for df in (2, 3, 4)}
    events = EVENTS.format(scores=scores, cutoff=CUTOFF, **values)
    return list(con.execute(f"select {DIGEST} from ({events})").fetchall()[0])


def by_library(con: duckdb.DuckDBPyConnection, file: Path, *, check: bool) -> list[Any]:
    """Run the library."""
    events: Any = sudden_gains(con.read_parquet(str(file)), cutoff=CUTOFF, check=check).events
    return list(events.aggregate(DIGEST).fetchall()[0])


def timed(do: Callable[[], list[Any]]) -> tuple[float, float, list[Any]]:
    """Return wall-clock seconds, processor seconds of all threads, and the result."""
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    result = do()
    now = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter() - began, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime, result


def compare(file: Path, *, check: bool, rounds: int, memory: str) -> None:
    """Run both sides in turn, make sure that they agree, and print the ratios."""
    took: dict[str, list[tuple[float, float]]] = {"hand": [], "library": []}
    found: dict[str, list[Any]] = {}
    for _ in range(rounds):
        for name, side in (("hand", by_hand), ("library", by_library)):
            with connection(memory, file.parent) as con:
                wall, cpu, found[name] = timed(lambda side=side, con=con: side(con, file, check=check))  # type: ignore[misc]
            took[name].append((wall, cpu))
    assert all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(*found.values(), strict=True)), found
    (hand, hand_cpu), (own, own_cpu) = (
        [statistics.median(column) for column in zip(*took[name], strict=True)] for name in took
    )
    what = "events, keys and scores checked" if check else "events alone"
    times = f"{own:.2f} s, by hand {hand:.2f} s; processor time {own_cpu / hand_cpu:.2f}"
    line(f"sudden gains through DuckDB, {what}", f"{own / hand:.2f}", f"target 1.2; {times}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=float, default=1e7, help="rows of scores, about (default 1e7)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds of which the median is taken (default 5)"
    )
    parser.add_argument("--memory", default="1GB", help="memory limit of DuckDB (default 1GB)")
    parser.add_argument("--folder", type=Path, help="where the file is made and DuckDB may spill")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        file = Path(folder) / "scores.parquet"
        with connection(asked.memory, file.parent) as con:
            con.execute(MAKE.format(clients=max(1, int(asked.rows) // 16), file=file))
            ((n,),) = con.execute(f"select count(*) from read_parquet('{file}')").fetchall()
        line(f"DuckDB {duckdb.__version__}, {n:,} rows in {file.stat().st_size / 1e6:,.0f} MB of Parquet", "")
        for check in (False, True):
            compare(file, check=check, rounds=asked.rounds, memory=asked.memory)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line("peak memory of the process", f"{peak:,.0f} MB")


if __name__ == "__main__":
    main()
