"""Draw the pictures of docs/site.md: ``python -m tests.system.site_pictures``.

The registry is that of the tests, with figures made up.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel.site.build import build_site
from tests.conftest import _SEALED, make_repository
from tests.site.world import grow
from tests.system.browser import Visit, chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


@dataclass(frozen=True)
class Picture:
    """A file, what it shows, and on which screen."""

    file: str
    place: str
    title: str
    width: int
    height: int
    scheme: str = "light"


_PICTURES = (
    Picture("site-model.png", "#/model/credit-risk", "credit-risk", 900, 960),
    Picture("site-version.png", "#/version/credit-risk/2", "credit-risk v2", 900, 1000, "dark"),
    Picture("site-phone.png", "#/compare/credit-risk/1/credit-risk/3", "Compare", 360, 720),
)


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        os.environ.update({**_SEALED, "HOME": name})
        repo = make_repository(Path(name) / "loans")
        grow(repo)
        build_site(repo, Path(name) / "site", print)
        for picture in _PICTURES:
            _draw(browser, Path(name) / "site" / "index.html", picture)


def _draw(browser: Any, page: Path, picture: Picture) -> None:
    made = Visit(browser, picture.width, picture.scheme)
    opened = made.open(f"{page.as_uri()}{picture.place}", picture.title)
    opened.set_viewport_size({"width": picture.width, "height": picture.height})
    opened.screenshot(path=str(IMAGES / picture.file))
    made.context.close()
    assert made.errors == []


if __name__ == "__main__":
    main()
