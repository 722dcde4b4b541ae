"""`python -m benchmarks.load`: runs all scenarios; writes benchmarks/load.json and the tables of docs/scale.md."""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks.load import report
from benchmarks.load.result import Result, result_of
from benchmarks.load.scenarios import BURSTS, Table, tables
from benchmarks.load.simulation import Scenario, simulate


def main() -> None:
    """Simulate all scenarios, by default with one process per core."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--largest", type=int, default=BURSTS[-1], help="uploads of the largest burst")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    parsed = arguments.parse_args()
    began = time.perf_counter()
    made = tables(largest=parsed.largest, seed=parsed.seed)
    results = _run(made, parsed.jobs)
    report.write(report.document(parsed.seed, results))
    rows = [row for rows in results.values() for row in rows]
    uploads = sum(row.uploads for row in rows)
    print(f"load: {len(rows)} runs of {uploads:,} uploads in {time.perf_counter() - began:.0f} s; {report.PAGE.name}")


def _run(made: list[Table], jobs: int) -> dict[str, list[Result]]:
    """Run all scenarios, the longest first, and return the results by table in their original order."""
    numbered = [(table.key, number, each) for table in made for number, each in enumerate(table.scenarios)]
    numbered.sort(key=lambda item: item[2].arrivals.burst, reverse=True)
    with ProcessPoolExecutor(jobs) as pool:
        results = list(pool.map(_simulated, [scenario for _, _, scenario in numbered]))
    by_place = {(key, number): result for (key, number, _), result in zip(numbered, results, strict=True)}
    return {table.key: [by_place[table.key, number] for number in range(len(table.scenarios))] for table in made}


def _simulated(scenario: Scenario) -> Result:
    began = time.perf_counter()
    result = result_of(scenario, simulate(scenario))
    seconds = time.perf_counter() - began
    print(f"load: {result.account}, {result.arrivals}, {result.design}: {seconds:.1f} s", flush=True)
    return result


if __name__ == "__main__":
    main()
