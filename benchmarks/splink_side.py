"""The same records through Splink, in its own environment: `python splink_side.py records.csv pairs.csv plain|phonetic|latin`.

Set up as its documentation advises: blocking rules on each strong field, u by random sampling, m by expectation–maximisation over two
blocking rules, term-frequency adjustment on names and telephones. "phonetic" adds the name's pinyin as a column, which gives Splink the
knowledge of Chinese that it lacks. Prints its own times as JSON.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

import pyarrow as pa
import pyarrow.csv as csv
import splink.comparison_level_library as level
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def settings(kind: str) -> SettingsCreator:
    by_sound = [level.ExactMatchLevel("sound", term_frequency_adjustments=True)] if kind == "phonetic" else []
    name = compare.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            level.NullLevel("name"),
            level.ExactMatchLevel("name", term_frequency_adjustments=True),
            *by_sound,
            level.JaroWinklerLevel("name", 0.92),
            level.JaroWinklerLevel("name", 0.8),
            level.ElseLevel(),
        ],
    )
    home = compare.CustomComparison(
        output_column_name="home",
        comparison_levels=[
            level.NullLevel("area"),
            level.CustomLevel("household_l = household_r"),
            level.CustomLevel("area_l = area_r"),
            level.CustomLevel("left(area_l, 6) = left(area_r, 6)"),
            level.ElseLevel(),
        ],
    )
    born = compare.CustomComparison(
        output_column_name="born",
        comparison_levels=[
            level.NullLevel("year"),
            level.ExactMatchLevel("born"),
            level.DamerauLevenshteinLevel("born", 1),
            level.CustomLevel(
                "year_l = year_r and substr(born_l, 5, 2) = substr(born_r, 7, 2) and substr(born_l, 7, 2) = substr(born_r, 5, 2)"
            ),
            level.CustomLevel("year_l = year_r and (born_l is null or born_r is null)"),
            level.ElseLevel(),
        ],
    )
    others = [compare.ExactMatch("sex"), compare.ExactMatch("phone").configure(term_frequency_adjustments=True)]
    keys = ["name", "born", "phone", "document", "household"] + (["sound"] if kind == "phonetic" else [])
    if kind == "latin":
        keys = ["name", "born", "phone", "area"]
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[name, born, home, *others, *([compare.ExactMatch("document")] if kind != "latin" else [])],
        blocking_rules_to_generate_predictions=[block_on(key) for key in keys],
        retain_matching_columns=False,
    )


def main(source: str, result: str, kind: str) -> None:
    text = csv.ConvertOptions(strings_can_be_null=True, column_types=dict.fromkeys(
        ("name", "sound", "sex", "born", "year", "phone", "document", "area", "household"), pa.string()
    ))  # fmt: skip
    table = csv.read_csv(source, convert_options=text)
    started = perf_counter()
    database = DuckDBAPI()
    linker = Linker(database.register(table), settings(kind))
    certain = ["document"] if kind != "latin" else []
    linker.training.estimate_probability_two_random_records_match(
        [*map(block_on, certain), block_on("name", "born"), block_on("born", "phone")], recall=0.8
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    # Not by telephone: from those pairs it would learn families.
    for rule in (block_on("name", "born"), *map(block_on, certain), block_on("born"), block_on("name")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained = perf_counter()
    found = linker.inference.predict(threshold_match_probability=0.01)
    predicted = perf_counter()
    linker.clustering.cluster_pairwise_predictions_at_threshold(found, 0.99)
    grouped = perf_counter()
    csv.write_csv(found.as_pyarrow_table().select(["unique_id_l", "unique_id_r", "match_probability"]), result)
    times = {"estimate": trained - started, "pairs": predicted - trained, "clusters": grouped - predicted}
    print(json.dumps(times))


if __name__ == "__main__":
    main(*sys.argv[1:4])
