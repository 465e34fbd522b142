"""Who is in front of this screen: the cookie names the device, the database says who is signed in on it, each time."""

from __future__ import annotations

import streamlit as st

from monitoring.access import COOKIE, Actor, read_cookie
from monitoring.clinic import RunningClinic, running
from monitoring.records.shapes import SignIn


def device_cookie() -> str | None:
    """The device's cookie as the browser sent it when the page connected."""
    return st.context.cookies.get(COOKIE)


def signed_in(clinic: RunningClinic) -> SignIn | None:
    """Who is signed in on this device now; None for an unknown device and for nobody."""
    value = device_cookie()
    device = read_cookie(value, clinic.secret) if value else None
    return clinic.signed_in(device) if device else None


def actor() -> Actor | None:
    """Who acts on this screen, read anew at each call; None when nobody is signed in."""
    sign_in = signed_in(running())
    return Actor(sign_in.staff, sign_in) if sign_in and sign_in.staff else None
