"""Tap your name, type six digits."""

from monitoring.screens.live_screens import sign_in_screen

sign_in_screen()
