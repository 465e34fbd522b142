"""What a person does here: one function per button.

Each takes the running clinic and who acts (`None`: nobody is signed in), and answers with an `Outcome`: what came of
it, or why not, in sentences that say what was found and what is expected. Nothing is raised for what a person can put
right, and nothing typed is lost: the screens keep it until the outcome is good.
"""

from monitoring.recording.attesting import attest
from monitoring.recording.dosing import work_out_dose
from monitoring.recording.entries import save_entry
from monitoring.recording.house import (
    add_staff,
    approve_ranges,
    end_wall,
    enrol_wall,
    remove_staff,
    return_staff,
    run_demonstration_at,
    set_pin,
    set_up_clinic,
)
from monitoring.recording.importing import (
    Imported,
    PastEntry,
    PastInfusion,
    Problem,
    SourceFile,
    import_infusions,
    past_problems,
)
from monitoring.recording.infusions import (
    IDENTIFIERS,
    SEXES,
    Suggestion,
    correct_patient,
    correction_questions,
    free_chairs,
    last_infusion,
    namesake_questions,
    next_of_series,
    open_infusion,
    register_patient,
)
from monitoring.recording.moving import copy_to_right_infusion
from monitoring.recording.outcome import Outcome, Why
from monitoring.recording.series import add_score, begin_series, describe_series, tell_of_score, withdraw_score

__all__ = [
    "IDENTIFIERS",
    "SEXES",
    "Imported",
    "Outcome",
    "PastEntry",
    "PastInfusion",
    "Problem",
    "SourceFile",
    "Suggestion",
    "Why",
    "add_score",
    "add_staff",
    "approve_ranges",
    "attest",
    "begin_series",
    "copy_to_right_infusion",
    "correct_patient",
    "correction_questions",
    "describe_series",
    "end_wall",
    "enrol_wall",
    "free_chairs",
    "import_infusions",
    "last_infusion",
    "namesake_questions",
    "next_of_series",
    "open_infusion",
    "past_problems",
    "register_patient",
    "remove_staff",
    "return_staff",
    "run_demonstration_at",
    "save_entry",
    "set_pin",
    "set_up_clinic",
    "tell_of_score",
    "withdraw_score",
    "work_out_dose",
]
