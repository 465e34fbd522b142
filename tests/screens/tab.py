"""One browser tab without a browser: what Streamlit would show, found by the words that a person reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

from monitoring import access
from monitoring.clinic import RunningClinic, running
from tests.small_clinic import SECRET, actor

TOP: Final = Path(__file__).resolve().parents[2]
FRAME: Final = TOP / "monitoring" / "screens" / "frame.py"
PATIENCE_SECONDS: Final = 60
_SHOWN: Final = ("title", "header", "subheader", "text", "caption", "markdown", "info", "warning", "error", "success")


class Doorman:
    """Hands out tabs, each with the cookie of its own device."""

    def __init__(self) -> None:
        self._cookie: str | None = None

    def cookie(self) -> str | None:
        """The cookie of the tab that is being drawn."""
        return self._cookie

    def __call__(self, name: str = "", page: str = "") -> Tab:
        """A tab in which this person has signed in ("" for nobody), on this page ("" for the front page)."""
        device = actor(running(), name).sign_in.device if name else ""
        tab = Tab(self, device)
        return tab.open(page) if page else tab

    def wall(self) -> Tab:
        """A tab on an enrolled wall screen."""
        clinic = running()
        device = clinic.store.add_device("wall", "Wall screen", by=clinic.store.staff()[0].id)
        clinic.store.begin_sign_in(device, None, clinic.clock.now() + clinic.sign_in_lasts)
        return Tab(self, device)

    def let_in(self, cookie: str) -> None:
        """Draw for the device with this cookie from now on; "" for none."""
        self._cookie = cookie or None


class Tab:
    """A tab on the front page."""

    def __init__(self, doorman: Doorman, device: str) -> None:
        self._doorman = doorman
        self.device = device
        self.cookie = access.make_cookie(device, SECRET) if device else ""
        self.at = AppTest.from_file(str(FRAME), default_timeout=PATIENCE_SECONDS)
        self.run()

    @property
    def clinic(self) -> RunningClinic:
        """The clinic behind it."""
        return running()

    def run(self, **told: object) -> Tab:
        """Draw the page again, as any change does. An exception on the page fails the test.

        `told`: what the browser's part with this key tells, as a field does that a person has chosen in.
        """
        self._doorman.let_in(self.cookie)
        states = self.at._tree.get_widget_states()
        for key, value in told.items():
            states.widgets.add(id=self.parts[key], json_value=json.dumps({"told": value}))
        self.at._run(states)
        assert [shown.value for shown in self.at.exception] == []
        return self

    def open(self, page: str, /, **query: str) -> Tab:
        """Go to the page of this file name. Raises ValueError when it is not there for this person."""
        self.at.switch_page(f"../../pages/{page}.py")
        for name, value in query.items():
            self.at.query_params[name] = value
        return self.run()

    @property
    def pages(self) -> list[str]:
        """The titles of the pages that are there for this person, without addresses of the same page."""
        return list(dict.fromkeys(page["page_name"] for page in self.at._registered_pages.values()))

    @property
    def words(self) -> list[str]:
        """Every text shown, as a person reads it, without fields and buttons; what the frame says first."""
        found = [element.proto.body for element in self.at.main.get("html")]
        return found + [read(shown.value) for kind in _SHOWN for shown in self.at.main.get(kind)]

    @property
    def refusals(self) -> list[str]:
        """The sentences that say why something was not done, as a person reads them."""
        return [read(shown.value) for shown in self.at.error]

    @property
    def confirmations(self) -> list[str]:
        """The words that say that something was done."""
        return [read(shown.value) for shown in self.at.success]

    @property
    def screen(self) -> str:
        """The name of the live screen that is mounted, "" when there is none."""
        names = [element.proto.component_name for element in self.at.main.get("bidi_component")]
        return next((name for name in names if name.endswith("_screen")), "")

    @property
    def parts(self) -> dict[str, str]:
        """What the browser draws inside the page: key to id."""
        ids = [element.proto.id for element in self.at.main.get("bidi_component")]
        return {id.split("-", maxsplit=2)[-1]: id for id in ids}

    def part(self, key: str) -> Any:
        """What the browser's part with this key was given."""
        (found,) = [one for one in self.at.main.get("bidi_component") if one.proto.id == self.parts[key]]
        return json.loads(found.proto.json)

    def field(self, key: str) -> Any:
        """The field or button with this key."""
        for element in self._fields():
            if element.key == key:
                return element
        raise LookupError(f"no field {key!r} among {[element.key for element in self._fields()]}")

    def has(self, key: str) -> bool:
        """Whether there is a field or button with this key."""
        return any(element.key == key for element in self._fields())

    def buttons(self, label: str) -> list[Any]:
        """The buttons that are read as `label`."""
        return [button for button in self.at.button if read(button.label) == label]

    def _fields(self) -> list[Any]:
        kinds = (
            "text_input",
            "text_area",
            "date_input",
            "time_input",
            "selectbox",
            "multiselect",
            "toggle",
            "checkbox",
            "button",
        )
        return [one for kind in (*kinds, "button_group") for one in self.at.get(kind)]

    def fill(self, **values: object) -> Tab:
        """Type into, or choose in, the fields with these keys; a field that comes with another is waited for.

        Numbers are typed in digits. What is filled into a form is sent with the press of its button.
        """
        fields = []
        for key, value in values.items():
            if not self.has(key):
                self.run()
            if key in self.parts:
                self.run(**{key: value})
                continue
            field = self.field(key)
            number = field.type == "text_input" and isinstance(value, int | float)
            fields.append(field.set_value(f"{value:.10g}" if number else value))
        return self if all(field.form_id for field in fields) else self.run()

    @property
    def links(self) -> dict[str, tuple[str, dict[str, str]]]:
        """What the links to other pages say, the last of each: the page they lead to, and what they ask of it."""
        found = [element.proto for element in self.at.main.get("page_link")]
        return {read(one.label): (one.page, dict(parse_qsl(one.query_string))) for one in found}

    def follow(self, label: str) -> Tab:
        """Follow the link that is read as `label`."""
        page, asked = self.links[label]
        self.at.query_params.clear()
        return self.open(page, **asked)

    def press(self, label: str) -> Tab:
        """Press the button that is read as `label`; there must be one, and it must be enabled."""
        (button,) = self.buttons(label)
        assert not button.disabled, label
        button.click()
        return self.run()


def read(markdown: str) -> str:
    """What a person reads of a text in which marks are escaped."""
    return markdown.replace("\\", "")
