"""What a protocol file says about care around the infusion: the shipped tables, wrong ones, and files without them."""

# ruff: noqa: E501  (a wrong file is one line of the table)

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from monitoring.access import PERMITTED
from monitoring.clinical.protocol import (
    CheckItem,
    Level,
    News2Inputs,
    People,
    Protocol,
    RatingBound,
    SignatureStep,
)
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.protocol_file.people import SIGNERS
from monitoring.clinical.protocol_file.scores import NEWS2_CONSCIOUSNESS
from tests.clinical.test_protocol_file import FILE, TEXT, changed, problems_of

NEW_TABLES = ("before", "preparation", "leaving", "scale", "return_to_baseline", "people", "drug", "news2")
NEW_KEYS = (
    *("recheck_minutes", "rapid_minutes", "partial_in_row", "partial_level"),
    *("called", "informed", "effect_actions", "medicine_reasons", "missing_reasons"),
    *("seen_before_opening_minutes", "seen_before_opening_reasons", "baseline_reasons"),
)


def shipped() -> Protocol:
    return read_protocol(TEXT, FILE.name)


def without_key(text: str, key: str) -> str:
    """A file without one key of [schedule] or [words]."""
    text, count = re.subn(rf"^{key} = (?:\[\n(?:  .*\n)*\]|.*)\n", "", text, flags=re.MULTILINE)
    assert count == 1, f"{key} is not there once"
    return text


def without_new_tables() -> str:
    """The shipped file as a version was written before there were any of these tables."""
    text = TEXT[: TEXT.index("# Before the start.")]
    for key in NEW_KEYS:
        text = without_key(text, key)
    return text


def with_news2(text: str = TEXT) -> str:
    """The shipped file with NEWS2 switched on, as the file itself says how."""
    start = text.index("# [measure.consciousness]")
    on = "\n".join(line.removeprefix("# ").removeprefix("#") for line in text[start:].splitlines())
    text = text[:start] + on + "\n"
    text = text.replace('"sedation", "distress"]', '"sedation", "distress", "consciousness"]', 1)
    return text.replace('"respiration"]\noptional = ["temperature"]', '"respiration", "temperature"]\noptional = []', 1)


# What is replaced, by what, the place that is named, and the words that must be in the sentence.
WRONG: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    # schedule and words
    "re-checks out of order": ("recheck_minutes = [5, 15]", "recheck_minutes = [15, 5]", "[schedule] recheck_minutes item 2", ("5 after 15",)),
    "a re-check at once": ("recheck_minutes = [5, 15]", "recheck_minutes = [0, 15]", "[schedule] recheck_minutes item 1", ("0", "more than 0")),
    "a re-check after days": ("recheck_minutes = [5, 15]", "recheck_minutes = [5, 1500]", "[schedule] recheck_minutes item 2", ("1500 min", "1440")),
    "a re-check as words": ("recheck_minutes = [5, 15]", 'recheck_minutes = [5, "15"]', "[schedule] recheck_minutes item 2", ('"15"', "number")),
    "rapid sets slower than others": ("rapid_minutes = 1", "rapid_minutes = 11", "[schedule] rapid_minutes", ("11 min", "10 min")),
    "rapid sets backwards": ("rapid_minutes = 1", "rapid_minutes = -1", "[schedule] rapid_minutes", ("-1 min", "or 0")),
    "seen long before": ("opening_minutes = 240", "opening_minutes = 1441", "[schedule] seen_before_opening_minutes", ("1441 min", "1440")),
    "seen after the opening": ("opening_minutes = 240", "opening_minutes = -1", "[schedule] seen_before_opening_minutes", ("-1 min", "or 0")),
    "a reason twice": ('"screens were down",', '"screens were down", "screens were down",', "[words] seen_before_opening_reasons item 2", ("twice",)),
    "one incomplete set in a row": ("partial_in_row = 2", "partial_in_row = 1", "[schedule] partial_in_row", ("1", "2 or more")),
    "half an incomplete set": ("partial_in_row = 2", "partial_in_row = 1.5", "[schedule] partial_in_row", ("1.5", "whole number")),
    "unknown level of incomplete sets": ('partial_level = "caution"', 'partial_level = "quiet"', "[schedule] partial_level", ('"quiet"', "caution or critical")),
    "somebody to call twice": ('called = ["clinician",', 'called = ["clinician", "Clinician",', "[words] called item 2", ('"Clinician"', "twice")),
    "nobody to tell": ('informed = ["clinician", "prescriber", "nurse in charge", "escort", "pharmacy", "other"]', "informed = []", "[words] informed", ("at least one",)),
    "an empty reason for a medicine": ('medicine_reasons = ["blood pressure",', 'medicine_reasons = ["",', "[words] medicine_reasons item 1", ('""', "words")),
    # before
    "unknown key of an item": ('expects = "yes"', 'expect = "yes"', "[[before]] 1 expect", ('"expect"', '"expects"')),
    "unknown expected answer": ('expects = "yes"', 'expects = "true"', "[[before]] 1 expects", ('"true"', 'yes, no or ""')),
    "an answer as true": ('expects = "yes"', "expects = true", "[[before]] 1 expects", ("true", "yes, no")),
    "an item's key with capitals": ('key = "consent_on_file"', 'key = "Consent"', "[[before]] 1 key", ('"Consent"', "small letters")),
    "an item's key twice": ('key = "agrees_today"', 'key = "consent_on_file"', "[[before]] 2 key", ('"consent_on_file"', "[[before]]")),
    "an item's label twice": ('label = "Agrees to the infusion today"', 'label = "consent on file"', "[[before]] 2 label", ('"consent on file"', "twice")),
    "an item without a label": ('label = "Consent on file"\n', "", "[[before]] 1 label", ("label is missing",)),
    "an item with an empty label": ('label = "Consent on file"', 'label = " "', "[[before]] 1 label", ('" "', "expected words")),
    "a group in two pieces": ('label = "Somebody takes the patient home"\ngroup = "Agreed"', 'label = "Somebody takes the patient home"\ngroup = "Place"', "[[before]] 18 group", ('"Place"', '"Medicines today"')),
    "a needed note nobody describes": ('note = "name and phone number"\n', "", "[[before]] 3 note_needed", ("without note",)),
    "a note needed for an unknown answer": ('note_needed = ["yes"]', 'note_needed = ["yess"]', "[[before]] 3 note_needed item 1", ('"yess"', '"yes"')),
    "a note needed twice": ('note_needed = ["yes"]', 'note_needed = ["yes", "yes"]', "[[before]] 3 note_needed item 2", ('"yes"', "twice")),
    "a note needed for what is not offered": ('note_needed = ["yes"]', 'note_needed = ["not applicable"]', "[[before]] 3 note_needed item 1", ('"not applicable"', "may_not_apply")),
    "a note with spaces around": ('note = "name and phone number"', 'note = " name"', "[[before]] 3 note", ('" name"', "spaces")),
    "not applicable as a word": ("may_not_apply = true", 'may_not_apply = "yes"', "[[before]] 5 may_not_apply", ('"yes"', "true or false")),
    # preparation
    "an unknown weight": ('"ideal", "adjusted"]', '"ideal", "adjusted", "lean"]', "[preparation] weight_bases item 4", ('"lean"', "actual, ideal, adjusted")),
    "a weight twice": ('"ideal", "adjusted"]', '"ideal", "adjusted", "ideal"]', "[preparation] weight_bases item 4", ('"ideal"', "twice")),
    "a proposed weight that is not offered": ('weight_bases = ["actual", "ideal", "adjusted"]', 'weight_bases = ["ideal", "adjusted"]', "[preparation] weight_basis", ('"actual"', "ideal, adjusted")),
    "an ideal weight nobody defines": ("ideal_weight = { female_kg = 45.5, male_kg = 50.0, per_inch_kg = 2.3, over_inches = 60, source = \"Devine 1974\" }\n", "", "[preparation] ideal_weight", ("ideal_weight is missing", "ideal, adjusted")),
    "an ideal weight as a number": ("ideal_weight = {", "ideal_weight = 50 # {", "[preparation] ideal_weight", ("found 50", "table")),
    "an ideal weight without a source": (', source = "Devine 1974" }', " }", "[preparation] ideal_weight source", ("source is missing",)),
    "an ideal weight of nothing": ("female_kg = 45.5", "female_kg = 0", "[preparation] ideal_weight female_kg", ("0", "more than 0")),
    "an adjusted weight nobody defines": ("adjusted_fraction = 0.4", "# adjusted_fraction", "[preparation] adjusted_fraction", ("missing", "adjusted")),
    "a fraction beyond the whole": ("adjusted_fraction = 0.4", "adjusted_fraction = 40", "[preparation] adjusted_fraction", ("40", "up to 1")),
    "vials out of order": ("stock_mg_per_ml = [10.0, 50.0, 100.0]", "stock_mg_per_ml = [50.0, 10.0]", "[preparation] stock_mg_per_ml item 2", ("10 after 50",)),
    "a vial of nothing": ("stock_mg_per_ml = [10.0,", "stock_mg_per_ml = [0,", "[preparation] stock_mg_per_ml item 1", ("0", "more than 0")),
    "no vial at all": ("stock_mg_per_ml = [10.0, 50.0, 100.0]", "stock_mg_per_ml = []", "[preparation] stock_mg_per_ml", ("at least one",)),
    "bags that lack the proposed one": ("bag_volumes_ml = [50.0, 100.0]", "bag_volumes_ml = [50.0]", "[preparation] bag_volumes_ml", ("50 lack bag_volume_ml 100",)),
    "a bag that cannot be run in time": ("bag_volumes_ml = [50.0, 100.0]", "bag_volumes_ml = [50.0, 100.0, 500.0]", "[preparation] bag_volumes_ml item 3", ("500 mL", "750 mL/h", "5 to 400")),
    "unknown way of adding the stock": ('stock_volume = "replaces"', 'stock_volume = "extra"', "[preparation] stock_volume", ('"extra"', "replaces or adds")),
    "milligrams upside down": ("dose_mg_possible = [3.0, 150.0]", "dose_mg_possible = [150.0, 3.0]", "[preparation] dose_mg_possible", ("[150, 3]",)),
    "milligrams that no weight meets": ("dose_mg_possible = [3.0, 150.0]", "dose_mg_possible = [3.0, 4.0]", "[preparation] dose_mg_possible", ("3 to 4 mg", "15 to 125 mg")),
    "rounding to nothing": ("round_volume_ml = 0.01", "round_volume_ml = 0", "[preparation] round_volume_ml", ("0", "more than 0")),
    "rounding away the lowest dose": ("round_dose_mg = 0.1", "round_dose_mg = 10", "[preparation] round_dose_mg", ("10 mg", "up to 3 mg")),
    "no word on a second calculation": ("second_calculation = true\n", "", "[preparation] second_calculation", ("missing",)),
    "a preparation without a source": ('source = "rounding, bounds,', '# source = "rounding, bounds,', "[preparation] source", ("source is missing",)),
    # leaving
    "two ways of being met": ("stay_minutes = 60", 'stay_minutes = 60\nscale = "aldrete"', "[[leaving]] 1", ("stay_minutes, scale together", "exactly one")),
    "no way of being met": ("stay_minutes = 60\n", "", "[[leaving]] 1", ("nothing that says", "exactly one")),
    "a stay of nothing": ("stay_minutes = 60", "stay_minutes = 0", "[[leaving]] 1 stay_minutes", ("0 min",)),
    "a stay of weeks": ("stay_minutes = 60", "stay_minutes = 20000", "[[leaving]] 1 stay_minutes", ("20000 min", "1440")),
    "a criterion without a source": ('source = "Aldrete 1995"\n', "", "[[leaving]] 5 source", ("source is missing",)),
    "a pressure that does not count": ("pressure = true", "pressure = false", "[[leaving]] 2 pressure", ("false", "expected true")),
    "a criterion about an unknown scale": ('scale = "padss"', 'scale = "pads"', "[[leaving]] 6 scale", ('"pads"', '"padss"')),
    "a criterion about an unknown measure": ('measure = "sedation"', 'measure = "sedatoin"', "[[leaving]] 3 measure", ('"sedatoin"', '"sedation"')),
    "a criterion about no rating": ('measure = "sedation"', 'measure = "spo2"', "[[leaving]] 3 measure", ('"spo2"', "no rating")),
    "a measure without a bound": ("at_or_above = 5\n", "", "[[leaving]] 3", ("without a bound", "at_or_above or at_or_below")),
    "a bound that is no option": ("at_or_above = 5\n", "at_or_above = 4.5\n", "[[leaving]] 3 at_or_above", ("4.5", "5, 4, 3, 2, 1, 0")),
    "bounds that nothing meets": ("at_or_above = 5\n", "at_or_above = 5\nat_or_below = 3\n", "[[leaving]] 3", ("no option of sedation",)),
    "bounds that everything meets": ("at_or_above = 5\n", "at_or_above = 0\n", "[[leaving]] 3", ("every option of sedation",)),
    "a bound beside a stay": ("stay_minutes = 60", "stay_minutes = 60\nat_or_below = 1", "[[leaving]] 1 at_or_below", ("beside stay_minutes", "measure")),
    "a note beside a score": ('scale = "aldrete"', 'scale = "aldrete"\nnote = "who"', "[[leaving]] 5 note", ("beside scale", "expects")),
    "a criterion's key from the list before": ('key = "stay"', 'key = "escort"', "[[leaving]] 1 key", ('"escort"', "[[before]]")),
    "a needed note beside a criterion": ('note = "why it stays"', 'note_needed = ["no"]', "[[leaving]] 10 note_needed", ("without note",)),
    # recovery scores
    "a threshold beyond the highest score": ("threshold = 9", "threshold = 11", "[scale.aldrete] threshold", ("11", "0 to 10", "1 to 10")),
    "a threshold that everybody meets": ("threshold = 9", "threshold = 0", "[scale.aldrete] threshold", ("0", "1 to 10")),
    "a score without a variant": ('variant = "circulation in mmHg"\n', "", "[scale.aldrete] variant", ("variant is missing",)),
    "a score with an empty variant": ('variant = "circulation in mmHg"', 'variant = ""', "[scale.aldrete] variant", ('""', "expected words")),
    "the same score twice": ('label = "PADSS"\nvariant = "modified"', 'label = "Modified Aldrete"\nvariant = "circulation in mmHg"', "[scale.padss] variant", ("circulation in mmHg", "aldrete")),
    "points twice": ('{ value = 1, text = "Moves 2 extremities" }', '{ value = 2, text = "Moves 2 extremities" }', "[scale.aldrete] items row 1 options row 2 value", ("2 after 2", "highest first")),
    "points below nothing": ('{ value = 0, text = "Moves none" }', '{ value = -1, text = "Moves none" }', "[scale.aldrete] items row 1 options row 3 value", ("-1", "0 or more")),
    "points without words": ('{ value = 0, text = "Moves none" }', "{ value = 0 }", "[scale.aldrete] items row 1 options row 3 text", ("text is missing",)),
    "half a point": ('{ value = 1, text = "Moves 2 extremities" }', '{ value = 1.5, text = "Moves 2 extremities" }', "[scale.aldrete] items row 1 options row 2 value", ("1.5", "whole number")),
    "the same words for other points": ('text = "Moves none"', 'text = "Moves 2 extremities"', "[scale.aldrete] items row 1 options row 3 text", ("Moves 2 extremities", "twice")),
    "an item of a score twice": ('key = "respiration"', 'key = "activity"', "[scale.aldrete] items row 2 key", ('"activity"', "twice")),
    "an item's name with a space": ('key = "oxygen_saturation"', 'key = "oxygen saturation"', "[scale.aldrete] items row 5 key", ('"oxygen saturation"',)),
    "circulation without a unit": ('within = [20, 50]\nunit = "mmHg"\n', "within = [20, 50]\n", "[scale.aldrete] items row 3", ("measures, within alone", "together")),
    "circulation in an unknown unit": ('within = [20, 50]\nunit = "mmHg"', 'within = [20, 50]\nunit = "percent"', "[scale.aldrete] items row 3 unit", ('"percent"', "mmHg or %")),
    "circulation by an unknown measure": ('measures = ["systolic"]\nwithin = [20, 50]', 'measures = ["sistolic"]\nwithin = [20, 50]', "[scale.aldrete] items row 3 measures item 1", ('"sistolic"', '"systolic"')),
    "circulation by no pressure": ('measures = ["systolic"]\nwithin = [20, 50]', 'measures = ["spo2"]\nwithin = [20, 50]', "[scale.aldrete] items row 3 measures item 1", ('"spo2"', "mmHg")),
    "circulation with bands upside down": ("within = [20, 50]", "within = [50, 20]", "[scale.aldrete] items row 3 within item 2", ("20 after 50",)),
    "circulation with a band too few": ("within = [20, 50]", "within = [20]", "[scale.aldrete] items row 3 within", ("lists 1 for 3 options", "expected 2")),
    # back at baseline
    "a band of nothing": ("within = 20\n", "within = 0\n", "[return_to_baseline] within", ("0", "more than 0")),
    "a band in another unit": ('unit = "mmHg" # or', 'unit = "bar" # or', "[return_to_baseline] unit", ('"bar"', "mmHg or %")),
    "a band around an unknown measure": ('measures = ["systolic", "diastolic"]', 'measures = ["systolic", "diastolik"]', "[return_to_baseline] measures item 2", ('"diastolik"', '"diastolic"')),
    "a rating beyond its options": ('{ measure = "dissociation", at_or_below = 1 }', '{ measure = "dissociation", at_or_below = 4 }', "[return_to_baseline] ratings row 1 at_or_below", ("every option",)),
    "a rating that is a pressure": ('{ measure = "dissociation", at_or_below = 1 }', '{ measure = "systolic", at_or_below = 1 }', "[return_to_baseline] ratings row 1 measure", ('"systolic"', "no rating")),
    "a rating without a bound": ('{ measure = "dissociation", at_or_below = 1 }', '{ measure = "dissociation" }', "[return_to_baseline] ratings row 1 at_or_below", ("missing",)),
    # people and the drug
    "an unknown role": ('roles = ["clinician"]', 'roles = ["clincian"]', "[people] signatures row 2 roles item 1", ('"clincian"', '"clinician"')),
    "a role that does not record at the bedside": ('roles = ["clinician"]', 'roles = ["administrator"]', "[people] signatures row 2 roles item 1", ('"administrator"', "nurse, clinician")),
    "nobody to sign": ('roles = ["clinician"]', "roles = []", "[people] signatures row 2 roles", ("at least one",)),
    "the same meaning twice": ('meaning = "reviewed"', 'meaning = "Administered"', "[people] signatures row 2 meaning", ('"Administered"', "twice")),
    "a signature that is no table": ('{ meaning = "reviewed", roles = ["clinician"] }', '"reviewed"', "[people] signatures row 2", ('"reviewed"', "table")),
    "a witness as a word": ("waste_witness = true", 'waste_witness = "yes"', "[people] waste_witness", ('"yes"', "true or false")),
    "no word on the time-out": ("time_out = true #", "# time_out", "[people] time_out", ("time_out is missing",)),
    "a tolerance below nothing": ("tolerance_mg = 0.5", "tolerance_mg = -0.5", "[drug] tolerance_mg", ("-0.5", "0 or more")),
    "a method twice": ('methods = ["drug disposal container",', 'methods = ["other", "drug disposal container",', "[drug] methods item 4", ('"other"', "twice")),
    "a drug without a name": ('name = "Ketamine"', 'name = ""', "[drug] name", ('""', "expected words")),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_refused_with_file_table_and_word(case: str) -> None:
    old, new, place, words = WRONG[case]
    problems = problems_of(changed(old, new))
    assert len(problems) == 1, "\n".join(problems)
    said = [problem for problem in problems if problem.startswith(f"wrong.toml: {place}: ")]
    assert said, f"{place} is not named in {problems}"
    assert any(all(word in problem for word in words) for problem in said), said
    assert all("expected " in problem for problem in problems)


@pytest.mark.parametrize("table", NEW_TABLES)
@pytest.mark.parametrize("value", ["1", '"words"', "[1, 2]", "1979-05-27", "{ x = 1 }", "[]"])
def test_a_table_of_another_kind_is_refused_in_words(table: str, value: str) -> None:
    text = f"{table} = {value}\n{without_new_tables()}"
    named = [problem for problem in problems_of(text) if re.search(rf"\[{table}[].]", problem)]
    lists = table in ("before", "leaving") and value == "[]"  # an empty list is a list
    assert named or lists
    assert all("expected " in problem for problem in named)


def test_where_a_second_person_is_asked_for_there_is_what_they_look_at() -> None:
    start, end = TEXT.index("[drug]"), TEXT.index("# NEWS2 is off.")
    (problem,) = problems_of(TEXT[:start] + TEXT[end:])
    assert problem.startswith("wrong.toml: [people] waste_witness: waste_witness without [drug], expected ")
    (problem,) = problems_of(without_new_tables() + TEXT[TEXT.index("[people]") : end])
    assert problem.startswith("wrong.toml: [people] leaving_second: leaving_second without [[leaving]], expected ")


def test_what_is_missing_takes_a_reason() -> None:
    (problem,) = problems_of(without_key(TEXT, "missing_reasons"))
    assert problem == (
        "wrong.toml: [words] missing_reasons: missing_reasons is missing, "
        "expected it because there is [[before]] and [[leaving]]"
    )


def test_a_pressure_before_leaving_needs_its_band() -> None:
    start, end = TEXT.index("[return_to_baseline]"), TEXT.index("# Circulation is in print")
    (problem,) = problems_of(TEXT[:start] + TEXT[end:])
    assert problem.startswith("wrong.toml: [[leaving]] 2 pressure: pressure without a band, expected ")


def test_pressures_that_no_set_asks_for_cannot_be_judged() -> None:
    text = changed('set = ["systolic", "diastolic",', 'set = ["systolic",')
    text = text.replace('optional = ["temperature"]', 'optional = ["temperature", "diastolic"]', 1)
    (problem,) = problems_of(text)
    assert problem.startswith('wrong.toml: [return_to_baseline] measures item 2: "diastolic" is in no set, expected ')


# Small changes that look wrong and are right.
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("recheck_minutes = [5, 15]", "recheck_minutes = []"),
        ("rapid_minutes = 1", "rapid_minutes = 0"),
        ("seen_before_opening_minutes = 240", "seen_before_opening_minutes = 0"),
        ("partial_in_row = 2", "partial_in_row = 0"),
        ('within = [20, 50]\nunit = "mmHg"', 'within = [20, 50]\nunit = "%"'),
        ('measures = ["systolic"]\nwithin = [20, 50]', 'measures = ["systolic", "diastolic"]\nwithin = [20, 50]'),
        ('unit = "mmHg" # or', 'unit = "%" # or'),
        ('ratings = [{ measure = "dissociation", at_or_below = 1 }]\n', ""),
        ('expects = "yes"\nsource = "PADSS, ambulation"', 'expects = ""\nsource = "PADSS, ambulation"'),
        ("waste_witness = true", "waste_witness = false"),
        ('stock_volume = "replaces"', 'stock_volume = "adds"'),
        ("threshold = 9", "threshold = 10"),
        ("at_or_above = 5\n", "at_or_above = 3\nat_or_below = 4\n"),
    ],
)
def test_a_file_may_say(old: str, new: str) -> None:
    assert problems_of(changed(old, new)) == ()


def test_a_version_from_before_these_tables_is_read_as_it_was() -> None:
    text = without_new_tables()
    assert not set(tomllib.loads(text)) & set(NEW_TABLES)
    old, new = read_protocol(text, "old.toml"), shipped()
    assert (old.before, old.leaving, dict(old.scales), old.people) == ((), (), {}, People())
    assert (old.preparation, old.return_to_baseline, old.drug, old.news2) == (None, None, None, None)
    assert (old.called, old.informed, old.effect_actions, old.medicine_reasons, old.missing_reasons) == ((),) * 5
    schedule = old.schedule
    assert (schedule.recheck_minutes, schedule.rapid_minutes, schedule.partial_in_row) == ((), 0, 0)
    assert (schedule.seen_before_opening_minutes, old.seen_before_opening_reasons, old.baseline_reasons) == (0, (), ())
    for name in ("every_minutes", "presets", "set", "observations", "window_minutes", "overdue_level", "source"):
        assert getattr(schedule, name) == getattr(new.schedule, name)
    same = {field.name for field in fields(Protocol)} - {"hash", "text", "schedule", *NEW_TABLES, *NEW_KEYS, "scales"}
    assert {name for name in same if getattr(old, name) != getattr(new, name)} == set()


def test_the_shipped_lists() -> None:
    protocol = shipped()
    items = {item.key: item for item in protocol.before}
    assert items["escort"] == CheckItem(
        "escort",
        "Somebody takes the patient home",
        "Agreed",
        "yes",
        False,
        "name and phone number",
        ("yes",),
    )
    for asked in ("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois", "opioids"):
        assert (items[asked].expects, items[asked].note_needed) == ("no", ("yes",))
    assert items["antihypertensives"].expects == ""
    leaving = {criterion.key: criterion for criterion in protocol.leaving}
    assert leaving["stay"].stay_minutes == 60
    assert (leaving["awake"].measure, leaving["awake"].at_or_above) == ("sedation", 5)
    assert (leaving["dissociation_gone"].measure, leaving["dissociation_gone"].at_or_below) == ("dissociation", 1)
    assert leaving["pressure_back"].pressure
    assert {criterion.scale for criterion in protocol.leaving if criterion.scale} == set(protocol.scales)
    answered = [criterion for criterion in protocol.leaving if criterion.answer]
    assert len(answered) <= 8, "each is a tap between the nurse and the end of her day"
    assert all(criterion.answer and criterion.answer.key == criterion.key for criterion in answered)


# REFERENCE 4.6: (scale, item, points, words that must stand there)
@pytest.mark.parametrize(
    ("scale", "item", "points"),
    [
        ("aldrete", "activity", {2: "4 extremities", 1: "2 extremities", 0: "none"}),
        ("aldrete", "respiration", {2: "coughs freely", 1: "shallow or limited", 0: "Apnoeic"}),
        ("aldrete", "circulation", {2: "20 mmHg", 1: "20 to 50 mmHg", 0: "more than 50 mmHg"}),
        ("aldrete", "consciousness", {2: "Fully awake", 1: "Arousable on calling", 0: "Not responding"}),
        ("aldrete", "oxygen_saturation", {2: "Above 92 % on room air", 1: "above 90 %", 0: "Below 90 %"}),
        ("padss", "vital_signs", {2: "Within 20 %", 1: "20 to 40 %", 0: "More than 40 %"}),
        ("padss", "ambulation", {2: "Steady, no dizziness", 1: "assistance", 0: "None, or dizzy"}),
        ("padss", "nausea_vomiting", {2: "Minimal", 1: "Moderate", 0: "Severe"}),
        ("padss", "pain", {2: "Minimal", 1: "Moderate", 0: "Severe"}),
        ("padss", "bleeding", {2: "Minimal", 1: "Moderate", 0: "Severe"}),
    ],
)
def test_each_item_of_the_shipped_scores(scale: str, item: str, points: dict[int, str]) -> None:
    (found,) = [one for one in shipped().scales[scale].items if one.key == item]
    assert [option.value for option in found.options] == [2, 1, 0]
    for option in found.options:
        assert points[option.value] in option.text


def test_the_shipped_scores_name_their_variant_and_threshold() -> None:
    scales = shipped().scales
    assert [(scale.variant, scale.threshold, scale.highest) for scale in scales.values()] == [
        ("circulation in mmHg", 9, 10),
        ("modified", 9, 10),
    ]
    assert all("dissociation" in scale.note for scale in scales.values())
    aldrete = scales["aldrete"].items[2]
    assert (aldrete.measures, aldrete.within, aldrete.unit) == (("systolic",), (20, 50), "mmHg")
    padss = scales["padss"].items[0]
    assert (padss.measures, padss.within, padss.unit) == (("systolic",), (20, 40), "%")


def test_the_shipped_people_preparation_and_drug() -> None:
    protocol = shipped()
    steps = (SignatureStep("administered", ("nurse", "clinician")), SignatureStep("reviewed", ("clinician",)))
    assert protocol.people == People(True, True, True, steps)
    preparation = protocol.preparation
    assert preparation is not None
    assert preparation.weight_bases == ("actual", "ideal", "adjusted")
    assert (preparation.round_dose_mg, preparation.round_volume_ml, preparation.round_rate_ml_per_h) == (0.1, 0.01, 0.1)
    assert preparation.second_calculation
    ideal = preparation.ideal_weight
    assert ideal is not None
    assert (ideal.female_kg, ideal.male_kg, ideal.per_inch_kg, ideal.over_inches) == (45.5, 50, 2.3, 60)
    assert protocol.drug is not None
    assert (protocol.drug.name, protocol.drug.tolerance_mg) == ("Ketamine", 0.5)
    assert protocol.return_to_baseline is not None
    assert protocol.return_to_baseline.ratings == (RatingBound("dissociation", 1),)
    schedule = protocol.schedule
    assert (schedule.recheck_minutes, schedule.rapid_minutes) == ((5, 15), 1)
    assert (schedule.partial_in_row, schedule.partial_level) == (2, Level.CAUTION)
    assert schedule.seen_before_opening_minutes == 240


def test_who_signs_is_who_records() -> None:
    assert frozenset(SIGNERS) == PERMITTED["record"]


def test_news2_is_off_and_the_file_says_how_to_switch_it_on() -> None:
    assert shipped().news2 is None
    protocol = read_protocol(with_news2(), "on.toml")
    assert protocol.news2 == News2Inputs(
        "respiration", "spo2", "oxygen", "systolic", "heart_rate", "consciousness", "temperature"
    )
    assert tuple(option.word for option in protocol.measures["consciousness"].options) == NEWS2_CONSCIOUSNESS
    assert "temperature" in protocol.schedule.set


def test_the_words_of_consciousness_are_those_that_have_points() -> None:
    table = Path(FILE).parents[1] / "scales" / "news2.toml"
    points = tomllib.loads(table.read_text(encoding="utf-8"))["consciousness"]["points"]
    assert tuple(points) == NEWS2_CONSCIOUSNESS


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ('pulse = "heart_rate"', 'pulse = "heart"', "[news2] pulse", ('"heart"',)),
        ('pulse = "heart_rate"', 'pulse = "respiration"', "[news2] pulse", ('"respiration"', "seven different")),
        ('systolic = "systolic"', 'systolic = "dissociation"', "[news2] systolic", ("points", "mmHg")),
        ('spo2 = "spo2"', 'spo2 = "heart_rate"', "[news2] spo2", ('"heart_rate"', "in %")),
        ('pulse = "heart_rate"\n', "", "[news2] pulse", ("pulse is missing",)),
        (
            'consciousness = "consciousness"',
            'consciousness = "temperature"',
            "[news2] consciousness",
            ('"temperature"', "no rating"),
        ),
        (
            'consciousness = "consciousness"',
            'consciousness = "sedation"',
            "[news2] consciousness",
            ("loud voice", "alert, new confusion, voice, pain, unresponsive"),
        ),
    ],
)
def test_wrong_inputs_of_news2_are_refused(old: str, new: str, place: str, words: tuple[str, ...]) -> None:
    text = with_news2()
    start = text.index("[news2]")
    assert old in text[start:]
    problems = problems_of(text[:start] + text[start:].replace(old, new, 1))
    said = [problem for problem in problems if problem.startswith(f"wrong.toml: {place}: ")]
    assert any(all(word in problem for word in (*words, "expected ")) for problem in said), problems
