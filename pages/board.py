"""The board: every chair at a glance, live."""

from monitoring import access
from monitoring.screens.identity import actor
from monitoring.screens.live_screens import board_screen

who = actor()
if who is not None:
    board_screen(
        may_open=access.may(who.staff.role, "open_infusion"),
        may_enrol=access.may(who.staff.role, "enrol_wall"),
        may_manage=access.may(who.staff.role, "manage_staff"),
    )
