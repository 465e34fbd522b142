"""The protocol file: the shipped one loads, and a table of deliberately wrong ones is refused, each in its own words."""

# ruff: noqa: E501  (a wrong file is one line of the table)

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.protocol import Level, Protocol
from monitoring.clinical.protocol_file import ProtocolError, read_protocol

FILE = Path(__file__).resolve().parents[2] / "data" / "protocols" / "ketamine-depression.toml"
TEXT = FILE.read_text(encoding="utf-8")

SYSTOLIC_CAUTION = '{ at_or_above = 160, level = "caution", source = "site default" }'
SYSTOLIC_CRITICAL = '{ at_or_above = 180, level = "critical", source = "trial outlier category" }'
SYSTOLIC_RISE = '{ rise_at_or_above = 40, level = "caution", source = "substantial rise, esketamine label" }'
SYSTOLIC_LOW = '{ at_or_below = 100, level = "caution", source = "NEWS2 2 points" }'
SPO2_SILENCE = '{ silent_minutes = 20, level = "caution", phase = ["infusing", "paused"], source = "site default" }'
DISSOCIATION_LIMIT = '{ at_or_above = 4, level = "caution", source = "site default" }'
SPO2_HEAD = 'label = "Oxygen saturation"\nshort = "SpO₂"'


def shipped() -> Protocol:
    return read_protocol(TEXT, FILE.name)


def changed(old: str, new: str) -> str:
    """The shipped file with the first `old` in it replaced."""
    assert old in TEXT, f"the shipped file has no {old!r}"
    return TEXT.replace(old, new, 1)


def problems_of(text: str) -> tuple[str, ...]:
    """What is said about a file; () when it is read."""
    try:
        read_protocol(text, "wrong.toml")
    except ProtocolError as error:
        return error.problems
    return ()


# What is replaced, by what, the place that is named, and the words that must be in the sentence.
WRONG: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    # keys
    "unknown key in a measure": ('label = "Heart rate"', 'lable = "Heart rate"', "[measure.heart_rate] lable", ("lable", "label")),
    "unknown table": ("[schedule]", "[scheduel]", "[scheduel]", ("scheduel", "schedule")),
    "unknown key in the schedule": ("window_minutes = 3", "window_minutes = 3\nwindow = 3", "[schedule] window", ('"window"',)),
    "unknown key in a limit": ("{ at_or_above = 160,", "{ at_least = 160,", "[measure.systolic] limits row 2 at_least", ("at_least",)),
    "unknown key in an option": ('word = "mild",', 'wrod = "mild",', "[measure.dissociation] options row 2 wrod", ("wrod", "word")),
    "unknown key in a medicine": ('route = "oral"', 'rout = "oral"', "[[medicine]] 1 rout", ("rout",)),
    "unknown list of words": ("stop_reasons = [", "halt_reasons = [", "[words] halt_reasons", ('"halt_reasons"', '"stop_reasons"')),
    "unit on a rating": ('short = "DISS"', 'short = "DISS"\nunit = "points"', "[measure.dissociation] unit", ("unit",)),
    "possible on a rating": ('short = "SED"', 'short = "SED"\npossible = [0, 5]', "[measure.sedation] possible", ("possible",)),
    # types and missing pieces
    "a number as words": ("every_minutes = 10", 'every_minutes = "10"', "[schedule] every_minutes", ('"10"', "whole number")),
    "a version as a number": ('version = "3"', "version = 3", "[protocol] version", ("found 3", "quotes")),
    "a limit as words": ("{ at_or_above = 160,", '{ at_or_above = "160",', "[measure.systolic] limits row 2 at_or_above", ('"160"',)),
    "a limit as true": ("{ at_or_above = 160,", "{ at_or_above = true,", "[measure.systolic] limits row 2 at_or_above", ("true",)),
    "limits not a list": ("limits = []", "limits = 3", "[measure.oxygen] limits", ("found 3", "list")),
    "a row that is no table": (SYSTOLIC_CAUTION, "160", "[measure.systolic] limits row 2", ("found 160", "table")),
    "possible with three bounds": ("possible = [0, 350]", "possible = [0, 50, 350]", "[measure.systolic] possible", ("lists 3", "expected 2")),
    "half a preset": ("presets = [5, 10, 15]", "presets = [5, 7.5, 10]", "[schedule] presets item 2", ("7.5", "whole number")),
    "an infinite bound": ("possible = [0, 350]", "possible = [0, inf]", "[measure.systolic] possible item 2", ("inf", "finite")),
    "a bound that is no number": ("plausible = [50, 260]", "plausible = [nan, 260]", "[measure.systolic] plausible item 1", ("nan",)),
    "a limit that is no number": ("{ at_or_above = 160,", "{ at_or_above = nan,", "[measure.systolic] limits row 2 at_or_above", ("nan", "finite")),
    "no title": ('title = "Intravenous ketamine for depression"\n', "", "[protocol] title", ("title is missing",)),
    "no unit": ('unit = "%"\n', "", "[measure.spo2] unit", ("unit is missing",)),
    "no level": (SYSTOLIC_CAUTION, '{ at_or_above = 160, source = "site default" }', "[measure.systolic] limits row 2 level", ("level",)),
    "no source of a limit": (SYSTOLIC_CAUTION, '{ at_or_above = 160, level = "caution" }', "[measure.systolic] limits row 2 source", ("source is missing",)),
    "an empty source": (SYSTOLIC_CAUTION, '{ at_or_above = 160, level = "caution", source = " " }', "[measure.systolic] limits row 2 source", ('" "', "expected words")),
    "no source of a measure": ('source = "0 is air; bounds: site default"\n', "", "[measure.oxygen] source", ("source is missing",)),
    "an empty list of words": ('quick_effects = ["drowsy", "dizzy or vertigo", "anxiety", "nausea"]', "quick_effects = []", "[words] quick_effects", ("at least one",)),
    # limits
    "two comparisons in a row": ("{ at_or_above = 160,", "{ at_or_above = 160, above = 165,", "[measure.systolic] limits row 2", ("at_or_above, above", "exactly one")),
    "no comparison in a row": ("{ at_or_above = 160, ", "{ ", "[measure.systolic] limits row 2", ("no comparison", "exactly one")),
    "unknown level": (SYSTOLIC_CAUTION, SYSTOLIC_CAUTION.replace("caution", "urgent"), "[measure.systolic] limits row 2 level", ('"urgent"', "caution or critical")),
    "unknown phase": ('phase = "planned"', 'phase = "infusion"', "[measure.systolic] limits row 1 phase", ('"infusion"', "infusing")),
    "a phase in which nothing is judged": ('phase = "planned"', 'phase = "closed"', "[measure.systolic] limits row 1 phase", ('"closed"', "recovery")),
    "a phase twice": ('["infusing", "paused"]', '["paused", "paused"]', "[measure.spo2] limits row 3 phase", ("paused, paused",)),
    "no phase at all": ('["infusing", "paused"]', "[]", "[measure.spo2] limits row 3 phase", ("[]", "infusing")),
    "unknown applies": ("{ at_or_below = 93,", '{ applies = "oxygen", at_or_below = 93,', "[measure.spo2] limits row 1 applies", ('"oxygen"', "air")),
    "applies on silence": ("{ silent_minutes = 20,", '{ applies = "air", silent_minutes = 20,', "[measure.spo2] limits row 3 applies", ("silent_minutes",)),
    "a limit outside possible": ("{ at_or_above = 180,", "{ at_or_above = 1800,", "[measure.systolic] limits row 3 at_or_above", ("1800", "0 to 350 mmHg")),
    "a limit that cannot be met": ("{ at_or_above = 180,", "{ above = 350,", "[measure.systolic] limits row 3 above", ("350", "never")),
    "a rise wider than possible": ("{ rise_at_or_above = 40,", "{ rise_at_or_above = 400,", "[measure.systolic] limits row 4 rise_at_or_above", ("400", "up to 350 mmHg")),
    "a rise of nothing": ("{ rise_at_or_above = 40,", "{ rise_at_or_above = 0,", "[measure.systolic] limits row 4 rise_at_or_above", ("rise_at_or_above 0", "more than 0")),
    "a fall of more than everything": (SYSTOLIC_RISE, '{ fall_percent_at_or_above = 120, level = "caution", source = "x" }', "[measure.systolic] limits row 4 fall_percent_at_or_above", ("120", "up to 100")),
    "a percentage of a temperature": ("{ at_or_above = 39.1,", "{ rise_percent_at_or_above = 10,", "[measure.temperature] limits row 2 rise_percent_at_or_above", ("°C",)),
    "a caution beyond its critical": ("{ at_or_above = 180,", "{ at_or_above = 155,", "[measure.systolic] limits row 2", ("caution at_or_above 160", "critical at_or_above 155")),
    "a caution at its critical": ("{ at_or_above = 160,", "{ at_or_above = 180,", "[measure.systolic] limits row 2", ("caution at_or_above 180", "critical at_or_above 180")),
    "a low caution beyond its critical": ("{ at_or_below = 100,", "{ at_or_below = 85,", "[measure.systolic] limits row 5", ("caution at_or_below 85", "critical at_or_below 90")),
    "a caution beyond its critical in one phase": (SYSTOLIC_CRITICAL, SYSTOLIC_CRITICAL.replace("180", "150").replace("level", 'phase = "recovery", level'), "[measure.systolic] limits row 2", ("160", "150")),
    "the same limit twice": (SYSTOLIC_CAUTION, f"{SYSTOLIC_CAUTION},\n  {SYSTOLIC_CAUTION}", "[measure.systolic] limits row 3", ("caution at_or_above 160", "row 2")),
    "two cautions of a kind": (SYSTOLIC_CAUTION, f"{SYSTOLIC_CAUTION},\n  {SYSTOLIC_CAUTION.replace('160', '170')}", "[measure.systolic] limits row 3", ("170", "160 of row 2")),
    "low above high": ("{ at_or_below = 100,", "{ at_or_below = 165,", "[measure.systolic] limits row 5", ("165", "140 of row 1")),
    "a limit with too many decimals": ("{ at_or_above = 160,", "{ at_or_above = 160.5,", "[measure.systolic] limits row 2 at_or_above", ("160.5", "whole numbers")),
    "silence within the schedule": ("{ silent_minutes = 20,", "{ silent_minutes = 15,", "[measure.spo2] limits row 3 silent_minutes", ("15", "more than 15 min")),
    "silence beyond counting": ("{ silent_minutes = 20,", "{ silent_minutes = " + "9" * 400 + ",", "[measure.spo2] limits row 3 silent_minutes", ("999", "a number")),
    "silence of nothing": ("{ silent_minutes = 20,", "{ silent_minutes = -20,", "[measure.spo2] limits row 3 silent_minutes", ("-20", "more than 0")),
    "silence of something nobody asks for": ("limits = []", f"limits = [{SPO2_SILENCE}]", "[measure.oxygen] limits row 1 silent_minutes", ("20", "nothing asks for")),
    # bounds and units
    "possible upside down": ("possible = [0, 350]", "possible = [350, 0]", "[measure.systolic] possible", ("350 is not below 0",)),
    "an axis outside possible": ("axis = [86, 100]", "axis = [86, 110]", "[measure.spo2] axis", ("86 to 110", "0 to 100")),
    "an axis upside down": ("axis = [86, 100]", "axis = [100, 86]", "[measure.spo2] axis", ("100 is not below 86",)),
    "plausible upside down": ("plausible = [50, 260]", "plausible = [260, 50]", "[measure.systolic] plausible", ("260 is not below 50",)),
    "plausible outside possible": ("plausible = [50, 260]", "plausible = [50, 360]", "[measure.systolic] plausible", ("50 to 360", "0 to 350")),
    "a bound with too many decimals": ("plausible = [30.0, 43.0]", "plausible = [30.25, 43.0]", "[measure.temperature] plausible", ("30.25", "1 after the point")),
    "too many decimals altogether": ('loinc = "8310-5"\ndecimals = 1', 'loinc = "8310-5"\ndecimals = 7', "[measure.temperature] decimals", ("7", "0 to 3")),
    "more than a hundred per cent": ("possible = [0, 100]", "possible = [0, 120]", "[measure.spo2] possible", ("0 to 120", "100 %")),
    "ucum of another unit": ('ucum = "mm[Hg]"', 'ucum = "kPa"', "[measure.systolic] ucum", ('"kPa"', '"mm[Hg]"')),
    "unit written differently": ('unit = "mmHg"', 'unit = "mmhg"', "[measure.systolic] unit", ('"mmhg"', "mmHg")),
    "ucum of a rating": ('short = "DISS"', 'short = "DISS"\nucum = "mm[Hg]"', "[measure.dissociation] ucum", ("mm[Hg]", "{score}")),
    "a wrong check digit": ('loinc = "8480-6"', 'loinc = "8480-5"', "[measure.systolic] loinc", ("8480-5", "8480-6")),
    "no LOINC code": ('loinc = "8480-6"', 'loinc = "systolic"', "[measure.systolic] loinc", ('"systolic"', "check digit")),
    "a code of another quantity": ('loinc = "8310-5"', 'loinc = "2708-6"', "[measure.temperature] loinc", ("2708-6", "Cel")),
    "a code twice": ('loinc = "8462-4"', 'loinc = "8480-6"', "[measure.diastolic] loinc", ("8480-6", "systolic")),
    "a label twice": ('label = "Diastolic pressure"', 'label = "systolic pressure"', "[measure.diastolic] label", ("systolic pressure",)),
    "a short name twice": ('short = "DIA"', 'short = "SYS"', "[measure.diastolic] short", ("SYS", "systolic")),
    "below an unknown measure": ('below = "systolic"', 'below = "sistolic"', "[measure.diastolic] below", ('"sistolic"', '"systolic"')),
    "below a measure of another unit": ('below = "systolic"', 'below = "heart_rate"', "[measure.diastolic] below", ("heart_rate", "mmHg")),
    "below itself": ('below = "systolic"', 'below = "diastolic"', "[measure.diastolic] below", ('"diastolic"', "itself")),
    "a name with capitals": ("[measure.oxygen]", "[measure.Oxygen]", "[measure.Oxygen]", ('"Oxygen"', "small letters")),
    # ratings
    "an option's number twice": ('{ value = 3, word = "marked"', '{ value = 2, word = "marked"', "[measure.dissociation] options row 4", ("value 2", "twice")),
    "an option's word twice": ('word = "moderate"', 'word = "mild"', "[measure.dissociation] options row 3", ('"mild"', "twice")),
    "an option between numbers": ("{ value = 1,", "{ value = 1.5,", "[measure.dissociation] options row 2 value", ("1.5", "whole number")),
    "a rating with a rise": (DISSOCIATION_LIMIT, DISSOCIATION_LIMIT.replace("at_or_above", "rise_at_or_above"), "[measure.dissociation] limits row 1", ("rise_at_or_above", "rating")),
    "a limit that is no option": (DISSOCIATION_LIMIT, DISSOCIATION_LIMIT.replace("4", "7"), "[measure.dissociation] limits row 1", ("at_or_above 7", "0, 1, 2, 3, 4")),
    # schedule
    "set names an unknown measure": ('set = ["systolic"', 'set = ["sistolic", "systolic"', "[schedule] set item 1", ('"sistolic"', '"systolic"')),
    "set names a rating": ('"respiration"]', '"respiration", "sedation"]', "[schedule] set item 6", ('"sedation"', "rating")),
    "set names a measure twice": ('set = ["systolic"', 'set = ["systolic", "systolic"', "[schedule] set item 2", ('"systolic"', "twice")),
    "set and optional name the same": ('optional = ["temperature"]', 'optional = ["temperature", "spo2"]', "[schedule] optional item 2", ('"spo2"', "set")),
    "observations name no rating": ('"sedation", "distress"]', '"sedation", "distress", "oxygen"]', "[schedule] observations item 4", ('"oxygen"', "options")),
    "a measure nobody can enter": ('optional = ["temperature"]', "optional = []", "[measure.temperature]", ("nowhere",)),
    "oxygen is an unknown measure": ('oxygen = "oxygen"', 'oxygen = "o2"', "[schedule] oxygen", ('"o2"',)),
    "oxygen is not in litres": ('oxygen = "oxygen"', 'oxygen = "spo2"', "[schedule] oxygen", ('"spo2"', "L/min")),
    "presets lack the interval": ("presets = [5, 10, 15]", "presets = [5, 15]", "[schedule] presets", ("5, 15", "10")),
    "presets out of order": ("presets = [5, 10, 15]", "presets = [10, 5, 15]", "[schedule] presets item 2", ("5 after 10",)),
    "an interval beyond counting": ("every_minutes = 10", "every_minutes = " + "9" * 400, "[schedule] every_minutes", ("999", "of this size")),
    "a limit beyond counting": ("{ at_or_above = 180,", "{ at_or_above = " + "9" * 400 + ",", "[measure.systolic] limits row 3 at_or_above", ("999", "a number")),
    "an interval of nothing": ("after_end_every_minutes = 15", "after_end_every_minutes = 0", "[schedule] after_end_every_minutes", ("0 min", "more than 0")),
    "a window of more than half": ("window_minutes = 3", "window_minutes = 8\n", "[schedule] window_minutes", ("8 min", "up to 5 min")),
    "overdue after more than half": ("overdue_minutes = 5", "overdue_minutes = 6", "[schedule] overdue_minutes", ("6 min", "up to 5 min")),
    "a window beyond overdue": ("overdue_minutes = 5", "overdue_minutes = 2", "[schedule] window_minutes", ("3 min", "up to 2 min")),
    "a repeat after the next set": ("repeat_minutes = 2", "repeat_minutes = 12", "[schedule] repeat_minutes", ("12 min", "up to 10 min")),
    "unknown level of a late set": ('overdue_level = "caution"', 'overdue_level = "high"', "[schedule] overdue_level", ('"high"', "caution or critical")),
    # dose
    "a dose outside its bounds": ("mg_per_kg = 0.5", "mg_per_kg = 5.0", "[dose] mg_per_kg", ("5", "0.1 to 1.5")),
    "dose bounds upside down": ("weight_kg_possible = [30.0, 250.0]", "weight_kg_possible = [250.0, 30.0]", "[dose] weight_kg_possible", ("[250, 30]",)),
    "a time of nothing": ("planned_minutes = 40", "planned_minutes = 0", "[dose] planned_minutes", ("0", "20 to 120")),
    "the planned rate outside its bounds": ("rate_ml_per_h_possible = [5.0, 400.0]", "rate_ml_per_h_possible = [5.0, 15.0]", "[dose] rate_ml_per_h_possible", ("5 to 15", "150 mL/h")),
    "a share in the place of a percentage": ("asked_beyond_percent = 10", "asked_beyond_percent = 0.1", "[dose] asked_beyond_percent", ("0.1", "10 for 10 %")),
    "a rise of less than a hundredth": (SYSTOLIC_RISE, '{ rise_percent_at_or_above = 0.2, level = "caution", source = "x" }', "[measure.systolic] limits row 4 rise_percent_at_or_above", ("0.2 is less than 1 %", "20 for 20 %")),
    "a fall of less than a hundredth": (SYSTOLIC_RISE, '{ fall_percent_at_or_above = 0.25, level = "caution", source = "x" }', "[measure.systolic] limits row 4 fall_percent_at_or_above", ("0.25", "25 for 25 %")),
    "a rise that nobody lives through": (SYSTOLIC_RISE, '{ rise_percent_at_or_above = 2000, level = "caution", source = "x" }', "[measure.systolic] limits row 4 rise_percent_at_or_above", ("2000", "up to 600")),
    "a saturation as a share": ('{ at_or_below = 93, level = "caution", source = "NEWS2 2 points" }', '{ at_or_below = 0.93, level = "caution", source = "x" }', "[measure.spo2] limits row 1 at_or_below", ("0.93 is less than 1 %", "93 for 93 %")),
    "a limit that flags every value": ('{ at_or_above = 100, level = "caution", source = "treatment', '{ at_or_above = 10, level = "caution", source = "treatment', "[measure.diastolic] limits row 2 at_or_above", ("10 flags every plausible value", "20 to 160 mmHg")),
    "back near the baseline by a share": ('within = 20\nunit = "mmHg" # or "%" of baseline', 'within = 0.2\nunit = "%"', "[return_to_baseline] within", ("0.2 is less than 1 %", "20 for 20 %")),
    "a score by shares": ('within = [20, 40]\nunit = "%"', 'within = [0.2, 0.4]\nunit = "%"', "[scale.padss] items row 1 within item 1", ("0.2 is less than 1 %", "20 for 20 %")),
    "a percentage beyond all": ("asked_beyond_percent = 10", "asked_beyond_percent = 100", "[dose] asked_beyond_percent", ("100", "1 to 99")),
    "a negative percentage": ("asked_beyond_percent = 10", "asked_beyond_percent = -10", "[dose] asked_beyond_percent", ("-10", "1 to 99")),
    "an empty bag": ("bag_volume_ml = 100.0", "bag_volume_ml = 0", "[dose] bag_volume_ml", ("0", "more than 0")),
    # words
    "a reason twice": ('"asleep", "refused"', '"asleep", "Asleep", "refused"', "[words] not_done_reasons item 2", ('"Asleep"', "twice")),
    "an empty reason": ('"asleep", "refused"', '"asleep", "", "refused"', "[words] not_done_reasons item 2", ('""', "words")),
    "a reason with spaces around": ('"asleep", "refused"', '" asleep", "refused"', "[words] not_done_reasons item 1", ('" asleep"', "spaces")),
    "a quick effect that is none": ('quick_effects = ["drowsy"', 'quick_effects = ["drowzy"', "[words] quick_effects item 1", ('"drowzy"', '"drowsy"')),
    "a medicine twice": ('name = "Hydralazine"\nunit = "mg"\nroute = "IV"', 'name = "clonidine"\nunit = "mg"\nroute = "oral"', "[[medicine]] 2", ('"clonidine"', "twice")),
    "a medicine's dose with its unit": ('name = "Labetalol"', 'name = "Labetalol"\ndose = "5 mg"', "[[medicine]] 3 dose", ('"5 mg"', "number above 0")),
    "a medicine without a unit": ('name = "Labetalol"\nunit = "mg"', 'name = "Labetalol"\nunit = ""', "[[medicine]] 3 unit", ('""',)),
    "a protocol's name with spaces": ('name = "ketamine-depression"', 'name = "Ketamine Depression"', "[protocol] name", ('"Ketamine Depression"',)),
}  # fmt: skip

# Mistakes from which another one follows: what was renamed is also missing, what is named nowhere cannot be entered.
TWO = {
    "silence of nothing",
    "a score by shares",
    "unknown table",
    "unknown list of words",
    "unknown key in a measure",
    "unknown key in a medicine",
    "unknown key in an option",
    "unknown key in a limit",
    "oxygen is an unknown measure",
    "oxygen is not in litres",
}
THREE = {"a name with capitals", "a saturation as a share"}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_with_file_table_and_word(case: str) -> None:
    old, new, place, words = WRONG[case]
    problems = problems_of(changed(old, new))
    expected = 3 if case in THREE else 2 if case in TWO else 1
    assert len(problems) == expected, "\n".join(problems)
    said = [problem for problem in problems if problem.startswith(f"wrong.toml: {place}: ")]
    assert said, f"{place} is not named in {problems}"
    assert any(all(word in problem for word in words) for problem in said), said
    assert all("expected " in problem for problem in problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("empty",)),
        (" \n\t\n", ("empty",)),
        ("\ufeff" + TEXT, ("line 1", "byte order mark")),
        (changed("[schedule]", "[schedule"), ("line 17, column 10",)),
        (changed("every_minutes = 10", "every_minutes = "), ("line 18",)),
        (changed("every_minutes = 10", "every_minutes = 10\nevery_minutes = 5"), ("line 19", "overwrite")),
        (TEXT + "\n[measure.systolic]\nlabel = 'again'\n", ("systolic", "twice")),
        (TEXT + '\nlabel = "no end', ("at the end", "expected TOML")),
        ("a = " + "[" * 5000, ("nested too deeply",)),
        ("a = " + "9" * 5000, ("expected TOML",)),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_its_line(text: str, words: tuple[str, ...]) -> None:
    (problem,) = problems_of(text)
    assert problem.startswith("wrong.toml: ")
    for word in words:
        assert word in problem


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    text = TEXT
    for case in ("a reason twice", "unknown phase", "presets lack the interval", "a wrong check digit"):
        old, new, _, _ = WRONG[case]
        text = text.replace(old, new, 1)
    places = [problem.split(": ")[1] for problem in problems_of(text)]
    assert places == [
        "[schedule] presets",
        "[measure.systolic] loinc",
        "[measure.systolic] limits row 1 phase",
        "[words] not_done_reasons item 2",
    ]


@pytest.mark.parametrize("table", ["protocol", "schedule", "dose", "words"])
def test_a_missing_table_is_named(table: str) -> None:
    start = TEXT.index(f"[{table}]")
    end = re.compile(r"^\[", re.MULTILINE).search(TEXT, start + 1)
    assert end
    problems = problems_of(TEXT[:start] + TEXT[end.start() :])
    assert f"wrong.toml: [{table}]: {table} is missing, expected a table [{table}]" in problems


def test_a_file_without_measures_is_refused() -> None:
    start, end = TEXT.index("[measure.systolic]"), TEXT.index("[words]")
    problems = problems_of(TEXT[:start] + TEXT[end:])
    assert any("[measure]: no measure is defined" in problem for problem in problems)


@pytest.mark.parametrize("table", ["protocol", "schedule", "dose", "words", "measure", "medicine"])
@pytest.mark.parametrize("value", ["1", '"words"', "[1, 2]", "1979-05-27", "{ x = 1 }"])
def test_a_table_of_another_kind_is_refused_in_words(table: str, value: str) -> None:
    named = [problem for problem in problems_of(f"{table} = {value}\n") if re.search(rf"\[{table}[].]", problem)]
    assert named
    assert all("expected " in problem for problem in named)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused_in_words_and_never_breaks(data: st.DataObject) -> None:
    lines = TEXT.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        replacement = st.sampled_from(
            [
                '"x"',
                "-1",
                "1e400",
                "nan",
                "[]",
                "{}",
                "true",
                "[[1]]",
                '[""]',
                "99999999999",
                "9" * 400,
                "0x" + "f" * 400,
            ]
        )
        if "=" in lines[number] and data.draw(st.booleans()):
            lines[number] = f"{lines[number].split('=')[0]}= {data.draw(replacement)}"
        else:
            del lines[number]
    for problem in problems_of("\n".join(lines)):
        assert problem.startswith("wrong.toml: ")
        assert "expected " in problem


# Two small changes that look wrong and are right.
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SYSTOLIC_CRITICAL, SYSTOLIC_CRITICAL.replace("at_or_above = 180", "above = 160")),  # 160 itself is a caution
        (SYSTOLIC_RISE, SYSTOLIC_RISE.replace("rise_at_or_above = 40", "rise_percent_at_or_above = 20")),
        (SYSTOLIC_RISE, SYSTOLIC_RISE.replace("rise_at_or_above", "step_at_or_above")),
        (SYSTOLIC_RISE, SYSTOLIC_RISE.replace("rise_at_or_above", "fall_at_or_above")),
        (SYSTOLIC_CAUTION, SYSTOLIC_CAUTION.replace("}", ', instruction = "Repeat by hand" }')),
        ("{ at_or_below = 93,", '{ applies = "air", at_or_below = 93,'),
        ("limits = []", ""),
        ('loinc = "8310-5"\n', ""),
        ("presets = [5, 10, 15]", "presets = [10]"),
        ('name = "Labetalol"', 'name = "Labetalol"\ndose = "5"'),
    ],
)
def test_a_file_may_say(old: str, new: str) -> None:
    assert problems_of(changed(old, new)) == ()


def test_the_shipped_protocol_is_what_the_reference_says() -> None:
    protocol = shipped()
    assert protocol.label == "ketamine-depression 3"
    assert list(protocol.measures) == [
        "systolic",
        "diastolic",
        "heart_rate",
        "spo2",
        "respiration",
        "temperature",
        "oxygen",
        "dissociation",
        "sedation",
        "distress",
    ]
    assert [m.label for m in protocol.measures.values()] == [
        "Systolic pressure",
        "Diastolic pressure",
        "Heart rate",
        "Oxygen saturation",
        "Respiration",
        "Temperature",
        "Oxygen given",
        "Dissociation",
        "Sedation",
        "Distress",
    ]
    assert protocol.schedule.set == ("systolic", "diastolic", "heart_rate", "spo2", "respiration")
    assert protocol.schedule.presets == (5, 10, 15)
    assert protocol.schedule.interval("infusing") == 10
    assert protocol.schedule.interval("recovery") == 15
    assert [option.value for option in protocol.measures["sedation"].options] == [5, 4, 3, 2, 1, 0]
    assert protocol.measures["sedation"].possible == (0, 5)
    assert protocol.measures["distress"].options[2].word == "needs support"
    assert protocol.measures["diastolic"].below == "systolic"


# REFERENCE 2.2, one row a limit. (measure, comparison, value, level); phase is planned where it is only a check before.
@pytest.mark.parametrize(
    ("measure", "key", "value", "level"),
    [
        ("systolic", "above", 140, Level.CAUTION),
        ("systolic", "at_or_above", 160, Level.CAUTION),
        ("systolic", "at_or_above", 180, Level.CRITICAL),
        ("systolic", "rise_at_or_above", 40, Level.CAUTION),
        ("systolic", "at_or_below", 100, Level.CAUTION),
        ("systolic", "at_or_below", 90, Level.CRITICAL),
        ("diastolic", "above", 90, Level.CAUTION),
        ("diastolic", "at_or_above", 100, Level.CAUTION),
        ("diastolic", "at_or_above", 110, Level.CRITICAL),
        ("diastolic", "rise_at_or_above", 25, Level.CAUTION),
        ("heart_rate", "above", 100, Level.CAUTION),
        ("heart_rate", "at_or_above", 111, Level.CAUTION),
        ("heart_rate", "at_or_above", 131, Level.CRITICAL),
        ("heart_rate", "at_or_below", 50, Level.CAUTION),
        ("heart_rate", "at_or_below", 40, Level.CRITICAL),
        ("spo2", "at_or_below", 93, Level.CAUTION),
        ("spo2", "at_or_below", 91, Level.CRITICAL),
        ("spo2", "silent_minutes", 20, Level.CAUTION),
        ("respiration", "at_or_above", 21, Level.CAUTION),
        ("respiration", "at_or_above", 25, Level.CRITICAL),
        ("respiration", "at_or_below", 11, Level.CAUTION),
        ("respiration", "at_or_below", 8, Level.CRITICAL),
        ("temperature", "at_or_above", 38.1, Level.CAUTION),
        ("temperature", "at_or_above", 39.1, Level.CRITICAL),
        ("temperature", "at_or_below", 36.0, Level.CAUTION),
        ("temperature", "at_or_below", 35.0, Level.CRITICAL),
        ("dissociation", "at_or_above", 4, Level.CAUTION),
        ("sedation", "at_or_below", 4, Level.CAUTION),
        ("sedation", "at_or_below", 2, Level.CRITICAL),
        ("distress", "at_or_above", 1, Level.CAUTION),
        ("distress", "at_or_above", 2, Level.CRITICAL),
    ],
)
def test_each_shipped_limit(measure: str, key: str, value: float, level: Level) -> None:
    limits = [limit for limit in shipped().measures[measure].limits if (limit.key, limit.value) == (key, value)]
    assert [limit.level for limit in limits] == [level]
    assert limits[0].phase == (
        ("planned",) if key == "above" else ("infusing", "paused") if key == "silent_minutes" else ()
    )


def test_the_shipped_protocol_holds_no_other_limit_and_no_instruction_and_no_dose_of_a_medicine() -> None:
    protocol = shipped()
    limits = [limit for measure in protocol.measures.values() for limit in measure.limits]
    assert len(limits) == 31
    assert all(limit.source and not limit.instruction and not limit.applies for limit in limits)
    assert not [limit for limit in limits if "percent" in limit.key]
    assert all(measure.source for measure in protocol.measures.values())
    assert not [medicine for medicine in protocol.medicines if medicine.dose]
    names = [medicine.name for medicine in protocol.medicines]
    assert names == sorted(names), "an order by the alphabet ranks nothing"


def test_a_low_saturation_is_flagged_on_oxygen_too() -> None:
    assert not [limit for limit in shipped().measures["spo2"].limits if limit.applies]


def test_the_shipped_words_promise_nothing() -> None:
    protocol = shipped()
    words = " ".join(
        [
            *(
                text
                for measure in protocol.measures.values()
                for text in (measure.label, measure.short, measure.source)
            ),
            *(text for m in protocol.measures.values() for option in m.options for text in (option.word, option.text)),
            *protocol.not_done_reasons,
            *protocol.effects,
            *protocol.pause_reasons,
            *protocol.stop_reasons,
            *protocol.cancel_reasons,
            *protocol.correction_reasons,
            *protocol.acknowledgements,
        ]
    )
    assert not re.search(r"\b(safe|safer|stable|ok|ready|alarm|alert system|recommend\w*)\b", words, re.IGNORECASE)


def test_the_hash_names_this_very_text() -> None:
    protocol = shipped()
    assert protocol.hash == hashlib.sha256(TEXT.encode()).hexdigest()
    assert protocol.text == TEXT
    assert read_protocol(TEXT + "\n# one more line\n", FILE.name).hash != protocol.hash


def test_a_version_that_infusions_ran_under_is_read_again_whatever_it_meant() -> None:
    text = changed(SYSTOLIC_RISE, '{ rise_percent_at_or_above = 0.2, level = "caution", source = "x" }')
    assert len(problems_of(text)) == 1
    kept = read_protocol(text, "kept.toml", kept=True)
    assert kept.measures["systolic"].limits[3].value == 0.2
    with pytest.raises(ProtocolError):  # what can be read in no way is not
        read_protocol(text.replace("decimals = 0", "decimals = -1", 1), "kept.toml", kept=True)


def test_a_version_from_before_the_question_about_doses_asks_about_every_difference() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("asked_beyond_percent"))
    assert shipped().dose.asked_beyond_percent == 10
    assert read_protocol(changed(f"{line}\n", ""), "earlier.toml").dose.asked_beyond_percent == 0
