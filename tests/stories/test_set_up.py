"""A fresh installation in a browser: the clinic is set up by keyboard, as at a desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.server import Server
from tests.stories.ward import staff_of

pytestmark = pytest.mark.browser


def test_a_clinic_is_set_up_from_field_to_field_by_the_tab_key(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    with Server(file) as server, chromium.new_context() as context:
        page = context.new_page()
        page.goto(server.url)
        for field, words in {
            "Name of the clinic": "Clinic at the Lake",
            "First administrator": "Petra Novak",
            "PIN of the administrator, six digits": "223606",
            "First clinician": "Dr Ines Weiss",
            "PIN of the clinician, six digits": "739154",
        }.items():
            page.get_by_role("textbox", name=field).fill(words)
            page.keyboard.press("Tab")
        page.get_by_role("button", name="Set up this clinic").click()
        expect(page.get_by_role("button", name="Petra Novak")).to_be_visible()
        assert sorted(staff_of(file)) == ["Dr Ines Weiss", "Petra Novak"]
