"""Makes eon.csv beside it, with EoN 2.0 (Miller and Ting 2019, J Open Source Softw 4:1731) in an environment that has it and networkx.

`python -m tests.reference.make_eon_table` from the root of the repository. Mean and standard deviation over runs of how many were ever
infected by a day, and at the end: Reed's and Frost's model in generations, and the SIR model in continuous time.
"""

import csv
import random
from pathlib import Path

import numpy as np

from tests.support.edges import CHANCE, GAMMA, PEOPLE, SEEDS, TAU, edges

TABLE = Path(__file__).with_name("eon.csv")
RUNS = 4_000
DAYS = {"reed-frost": (1, 2, 3, 4, 5, 6, 8, 10, 1_000), "sir": (2, 4, 6, 8, 10, 12, 16, 20, 30, 1_000)}


def main() -> None:
    import EoN  # type: ignore[import-not-found]
    import networkx as nx  # type: ignore[import-untyped]

    network = nx.Graph(edges().tolist())
    network.add_nodes_from(range(PEOPLE))
    random.seed(1)
    np.random.seed(1)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["model", "day", "mean", "sd", "runs"])
        for model, days in DAYS.items():
            ever = np.empty((RUNS, len(days)))
            for run in range(RUNS):
                first = random.sample(range(PEOPLE), SEEDS)
                if model == "sir":
                    times, susceptible, *_rest = EoN.fast_SIR(network, TAU, GAMMA, initial_infecteds=first)
                else:
                    times, susceptible, *_rest = EoN.basic_discrete_SIR(network, CHANCE, initial_infecteds=first)
                at = np.searchsorted(times, days, side="right") - 1
                ever[run] = PEOPLE - np.asarray(susceptible)[at]
            for place, day in enumerate(days):
                table.writerow([model, day, f"{ever[:, place].mean():.3f}", f"{ever[:, place].std(ddof=1):.3f}", RUNS])


if __name__ == "__main__":
    main()
