"""A real Chromium, without a screen, that tells of every error and of every request."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

# Each of them is one that Chromium would do by itself.
_FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start it; skip the test where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=[*_FLAGS])
        try:
            yield started
        finally:
            started.close()


class Visit:
    """A page with all that went wrong on it, and the hosts it asked."""

    def __init__(self, browser: Any, width: int = 1100, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", self._line)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _line(self, line: Any) -> None:
        if line.type in ("error", "warning"):
            self.errors.append(line.text)

    def _dialog(self, dialog: Any) -> None:
        self.errors.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def open(self, address: str, title: str) -> Any:
        """Go to a page of the site and wait until it is drawn."""
        self.page.goto(address)
        self.page.locator("h1", has_text=title).wait_for(timeout=10_000)
        return self.page
