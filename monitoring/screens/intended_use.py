"""What this software is for, in the one wording that screens and README share."""

INTENDED_USE = (
    "This software records and displays observations entered by clinicians during a ketamine session, and marks values "
    "outside ranges set by the site. It is not a patient monitor or an alarm system, does not acquire signals from "
    "devices, does not control pumps, does not diagnose, predict, or recommend treatment, and must not be relied on to "
    "detect deterioration. Continuous observation by trained staff with certified monitoring equipment is required. It "
    "has not been cleared, approved, or certified by any regulator."
)
