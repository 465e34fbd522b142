"""The board as it hangs on a wall: chairs and initials, nothing to tap."""

from monitoring.screens.live_screens import board_screen

board_screen(wall=True)
