"""The site in a real browser: it works, from a disk and from a server, and does no harm."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.registry.scale import build as build_many
from gitmodel.git.repository import Repository
from gitmodel.packaging import Declared, Package, VersionIdentity, package_version, serve
from gitmodel.registry.registry import Registry
from gitmodel.site.build import build_site
from gitmodel.site.serving import Shown, make_server
from gitmodel.spec.model import ServingSpec
from tests.cli.conftest import tag
from tests.conftest import make_repository
from tests.packaging.conftest import SPEC, artifact, loans
from tests.packaging.test_running import free_port, running, wait_until_ready
from tests.site.test_parts import tiny
from tests.site.world import HOSTILE, grow, poison
from tests.system.browser import Visit, chromium

__all__ = ["artifact", "tiny"]
pytestmark = pytest.mark.system
AXE = Path(__file__).parents[1] / "node/node_modules/axe-core/axe.min.js"
PAGES = {
    "#/": "Models",
    "#/versions": "Versions",
    "#/model/credit-risk": "credit-risk",
    "#/version/credit-risk/2": "credit-risk v2",
    "#/compare/credit-risk/1/credit-risk/3": "Compare",
    "#/model/evil": "evil",
    "#/version/evil/2": "evil v2",
    "#/compare/credit-risk/3/evil/1": "Compare",
}


def quiet(_line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = make_repository(tmp_path_factory.mktemp("shown") / "loans")
    grow(made)
    poison(made)
    return made


@pytest.fixture(scope="module")
def site(repo: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build_site(repo, folder, quiet)
    return folder


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    """Return a visit at which nothing may go wrong."""
    made = Visit(browser)
    yield made
    made.context.close()
    assert made.errors == []
    assert made.hosts <= {""}, "files have no host"


def address(site: Path, page: str = "") -> str:
    return f"{(site / 'index.html').as_uri()}{page}"


def rows(page: Any, label: str = "models") -> list[list[str]]:
    return [
        [cell.strip() for cell in row.locator("th,td").all_inner_texts()]
        for row in page.get_by_role("region", name=label, exact=True).locator("tbody tr").all()
    ]


def test_from_the_list_to_a_version_and_its_comparison(visit: Visit, site: Path) -> None:
    page = visit.open(address(site), "Models")
    assert [row[0].split("\n")[0] for row in rows(page)] == ["credit-risk", "evil", "spam"]
    assert "trouble" in rows(page)[0][4]
    assert "production v2" in rows(page)[0][3]
    page.get_by_role("link", name="credit-risk").first.click()
    page.locator("h1", has_text="credit-risk").wait_for()
    assert page.title() == "credit-risk · loans"
    page.get_by_role("region", name="versions").get_by_role("link", name="v3").click()
    page.locator("h1", has_text="credit-risk v3").wait_for()
    assert "+0.03 better" in page.get_by_role("region", name="Metrics").inner_text()
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.get_by_role("link", name="compare with it").click()
    page.locator("h1", has_text="Compare").wait_for()
    assert page.url.endswith("#/compare/credit-risk/2/credit-risk/3")
    changed = page.get_by_role("region", name="Parameters").inner_text().split("\n")
    assert any(line.split("\t") == ["max_depth", "5", "8", "changed"] for line in changed), changed
    page.get_by_label("Before: version").select_option("1")
    page.wait_for_url("**/compare/credit-risk/1/credit-risk/3")
    page.get_by_text("max_depth").wait_for()
    page.go_back()
    page.go_back()
    page.locator("h1", has_text="credit-risk v3").wait_for()


def test_models_are_searched_sorted_and_filtered_and_the_address_keeps_it(visit: Visit, site: Path) -> None:
    page = visit.open(address(site), "Models")
    page.get_by_label("Search").fill("MAIL")
    assert [row[0] for row in rows(page)] == ["spam"]
    assert page.get_by_role("status").inner_text() == "1 of 3 models"
    page.get_by_label("Search").fill("")
    page.get_by_label("Health").select_option("trouble")
    assert {row[0].split("\n")[0] for row in rows(page)} == {"credit-risk", "evil"}
    page.get_by_role("button", name="Model", exact=True).click()
    head = page.get_by_role("columnheader", name="Model", exact=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert [row[0].split("\n")[0] for row in rows(page)] == ["evil", "credit-risk"]
    page.reload()
    page.locator("h1", has_text="Models").wait_for()
    assert [row[0].split("\n")[0] for row in rows(page)] == ["evil", "credit-risk"]
    assert page.get_by_label("Health").input_value() == "trouble"


def test_the_timeline_by_mouse_and_by_keyboard(visit: Visit, site: Path) -> None:
    page = visit.open(address(site, "#/model/credit-risk"), "credit-risk")
    chart = page.get_by_role("group", name="Timeline")
    assert chart.locator("circle.dot").count() == 3 + 12
    assert chart.locator("rect.incident").count() == 2
    assert chart.locator("rect.stay").count() == 2
    chart.focus()
    page.keyboard.press("Home")
    readout = page.locator(".readout")
    assert "recall of v1 when it was trained: 0.61" in readout.inner_text()
    page.keyboard.press("End")
    assert "Incident in production, v2: recall >= 0.6 over 7d, still open" in readout.inner_text()
    chart.locator("circle.dot").first.hover()
    assert "live in production: 0.66 (0.61 to 0.71)" in readout.inner_text()
    page.get_by_label("Metric").select_option("log_loss")
    assert page.get_by_role("group", name="Timeline").locator("circle.dot").count() == 3


def test_the_lineage_of_a_version(visit: Visit, site: Path) -> None:
    page = visit.open(address(site, "#/version/credit-risk/2"), "credit-risk v2")
    page.get_by_text("The same as a list").click()
    told = page.locator("section[data-part=Lineage] li").all_inner_texts()
    folder = "models/credit-risk"
    assert f"{folder}/data/train.parquet → train" in told
    assert f"train → {folder}/model.skops" in told
    assert f"{folder}/model.skops → credit-risk v2" in told
    assert "credit-risk v2 → production" in told
    assert "production → recall >= 0.6 over 7d" in told


def test_hostile_texts_are_shown_and_do_nothing(visit: Visit, site: Path) -> None:
    for place in (
        "#/",
        "#/model/evil",
        "#/version/evil/1",
        "#/compare/evil/1/evil/2",
        "#/versions?metric=__proto__",
    ):
        page = visit.open(address(site, place), PAGES.get(place, ""))
        page.locator("main :not(option)", has_text="alert(1)").first.wait_for()
        assert page.locator("main script, main [onerror], main img[src=x], a[href^=javascript]").count() == 0
        assert HOSTILE.split("\u2028")[0] in page.locator("main").inner_text()
    assert page.evaluate("({}).x === undefined && Object.prototype.hasOwnProperty('x') === false")


@pytest.mark.parametrize(
    "place",
    [
        "#/model/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "#/version/credit-risk/99",
        "#/nowhere",
        "#/constructor",
        "#/compare/credit-risk/99",
        "#/%E0%A4%A",
    ],
)
def test_a_page_that_is_not_there_says_so(visit: Visit, site: Path, place: str) -> None:
    visit.page.goto(address(site, place))
    visit.page.get_by_text("There is no").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 360])
def test_for_everybody(browser: Any, site: Path, scheme: str, width: int) -> None:
    """Check each page by axe, bright and dark, and that a phone need not be moved sideways."""
    if not AXE.is_file():
        pytest.skip("axe is not installed: make tests/node/node_modules/.stamp")
    made = Visit(browser, width, scheme)
    for place, title in PAGES.items():
        page = made.open(address(site, place), title)
        page.evaluate("document.querySelectorAll('details').forEach(function (each) { each.open = true; })")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run(document, {preload: false, resultTypes: ['violations']})")[
            "violations"
        ]
        told = [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]
        assert told == [], place
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        page.reload()
    made.context.close()
    assert made.errors == []


def test_plots_notebooks_and_cards(browser: Any, tiny: Repository, tmp_path: Path) -> None:
    """See them drawn, and that what others wrote does nothing in its frame."""
    build_site(tiny, tmp_path / "site", quiet)
    made = Visit(browser)
    page = made.open(address(tmp_path / "site", "#/version/tiny/2"), "tiny v2")
    for picture in page.locator("figure img").all():
        picture.scroll_into_view_if_needed()
        page.wait_for_function(
            "(image) => image.complete && image.naturalWidth > 0", arg=picture.element_handle()
        )
    assert page.locator("figcaption").all_inner_texts() == ["<b>ROC</b>", "good.svg"]
    for title, words in (("Model card of tiny:2", "What it is"), ("Notebook report.ipynb", "Seen")):
        frame = page.locator(f'iframe[title="{title}"]')
        assert frame.get_attribute("sandbox") == ""
        frame.scroll_into_view_if_needed()
        frame.content_frame.get_by_text(words).first.wait_for()
        assert frame.content_frame.locator("script, [onerror]").count() == 0
    page.goto(address(tmp_path / "site", "#/compare/tiny/1/tiny/2"))
    page.get_by_text("v1: none").first.wait_for()
    made.context.close()
    assert made.errors == []
    assert made.hosts <= {""}


def test_bright_and_dark_by_choice(visit: Visit, site: Path) -> None:
    page = visit.open(address(site), "Models")
    paper = "getComputedStyle(document.body).backgroundColor"
    bright = page.evaluate(paper)
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(paper) != bright
    page.reload()
    page.locator("h1", has_text="Models").wait_for()
    assert page.evaluate(paper) != bright
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(paper) == bright


def test_by_keyboard_alone(visit: Visit, site: Path) -> None:
    page = visit.open(address(site), "Models")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    page.keyboard.type("spam")
    assert page.get_by_role("status").inner_text() == "1 of 3 models"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "spam":
            break
    page.keyboard.press("Enter")
    page.locator("h1", has_text="spam").wait_for()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("many")
    build_many(place / "many.git", 1000, 10)
    build_site(Repository.open(place / "many.git"), place / "site", quiet)
    return place / "site"


def test_ten_thousand_versions(visit: Visit, many: Path) -> None:
    """A search of all of them is drawn within a time that a person does not notice; the bound is generous."""
    page = visit.open(address(many, "#/versions"), "Versions")
    assert page.get_by_role("status").inner_text() == "10000 versions"
    assert page.locator("tbody tr").count() == 50
    seconds = page.evaluate(
        """() => {
            const field = document.querySelector('input[type=search]');
            const times = ['model-7', 'model-77 day', 'v10 model-777', ''].map((text) => {
                const begun = performance.now();
                field.value = text;
                field.dispatchEvent(new Event('input'));
                document.body.getBoundingClientRect();
                return performance.now() - begun;
            });
            return Math.max(...times) / 1000;
        }"""
    )
    assert seconds < 0.5
    page.get_by_label("Search").fill("v10 model-777")
    page.get_by_text("1 of 10000 versions").wait_for()
    page.get_by_label("Search").fill("")
    page.get_by_label("Environment").select_option("production")
    page.get_by_text("1000 of 10000 versions").wait_for()
    page.get_by_role("button", name="roc_auc").click() if page.get_by_role(
        "button", name="roc_auc"
    ).count() else None
    page.get_by_role("button", name="Last").click()
    page.get_by_text("page 20 of 20").wait_for()
    page.locator("tbody a").nth(1).click()
    page.get_by_role("region", name="Metrics").wait_for()


def test_what_git_gets_is_shown_where_it_is_watched(repo: Repository, browser: Any, tmp_path: Path) -> None:
    shown = Shown(repo, tmp_path / "site", quiet)
    shown.build()
    made = Visit(browser)
    with make_server(shown, "127.0.0.1", 0, watch=True) as server:
        threads = [
            threading.Thread(target=each, daemon=True) for each in (server.serve_forever, shown.follow)
        ]
        for thread in threads:
            thread.start()
        host = f"127.0.0.1:{server.server_address[1]}"
        page = made.open(f"http://{host}/#/model/spam", "spam")
        assert page.get_by_role("region", name="versions").locator("tbody tr").count() == 0
        time.sleep(1.5)  # it has seen the first stamp
        tag(repo, "spam@v1", "First of its kind", "2026-11-20T00:00:00+0000")
        page.get_by_text("First of its kind").first.wait_for(timeout=30_000)
        made.context.close()  # it goes on asking
        shown.end()
        server.shutdown()
    repo.git("tag", "-d", "spam@v1")
    assert made.errors == []
    assert made.hosts == {host}


@pytest.fixture(scope="module")
def served(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Package, int]:
    """Return a repository whose second version has a package that lets pages from a disk ask, and a port."""
    port = free_port()
    repo = make_repository(tmp_path_factory.mktemp("served") / "loans")
    grow(repo, f"http://127.0.0.1:{port}")
    version = Registry(repo).version("credit-risk:2")
    package = package_version(
        replace(SPEC, serving=ServingSpec(("null",))),
        VersionIdentity("credit-risk", "2", version.model_id, version.commit, version.tag),
        repo.state / "packages",
        artifact=lambda: artifact,
        rows=loans,
        declared=Declared(),
    )
    return repo, package, port


def test_a_running_service_is_tried(
    browser: Any, served: tuple[Repository, Package, int], tmp_path: Path
) -> None:
    repo, package, port = served
    build_site(repo, tmp_path / "site", quiet)
    service = serve(package, port=port)
    made = Visit(browser)
    page = made.open(address(tmp_path / "site", "#/version/credit-risk/2"), "credit-risk v2")
    assert page.get_by_label("Address of the service").input_value() == f"http://127.0.0.1:{port}"
    answer = page.locator("output")
    with running(service.argv, service.environment, service.folder, tmp_path / "log") as process:
        wait_until_ready(process, port)
        smoke = package.smoke[0]
        page.get_by_role("button", name="Predict").click()
        answer.get_by_text("prediction").wait_for()
        assert page.evaluate("JSON.parse(document.querySelector('output').textContent)") == smoke["output"]
        page.get_by_label("term").fill("")
        page.get_by_role("button", name="Predict").click()
        answer.get_by_text("The service refused it (400)").wait_for()
        assert made.hosts == {"", f"127.0.0.1:{port}"}
        _signature_of_the_service(made.page, tmp_path / "site", smoke)
        _from_another_origin(repo, browser, tmp_path / "site")
    page.get_by_role("button", name="Predict").click()
    answer.get_by_text("nothing answers at").wait_for()
    made.context.close()


def _signature_of_the_service(page: Any, site: Path, smoke: dict[str, Any]) -> None:
    """Where no package is at hand, the service itself says what it takes."""
    page.goto(address(site, "#/version/credit-risk/3"))
    page.locator("h1", has_text="credit-risk v3").wait_for()
    assert page.get_by_label("term").count() == 0
    page.get_by_role("button", name="Ask the service").click()
    page.get_by_label("term").wait_for()
    page.get_by_role("button", name="Predict").click()
    page.locator("output").get_by_text("prediction").wait_for()
    assert page.evaluate("JSON.parse(document.querySelector('output').textContent)") == smoke["output"]


def _from_another_origin(repo: Repository, browser: Any, folder: Path) -> None:
    """See that a page which the service does not know is told what to do."""
    made = Visit(browser)
    with make_server(Shown(repo, folder, quiet), "127.0.0.1", 0, watch=False) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        page = made.open(f"{origin}/#/version/credit-risk/2", "credit-risk v2")
        page.get_by_role("button", name="Predict").click()
        page.locator("output").get_by_text(f'allow_origins: ["{origin}"]').wait_for()
        server.shutdown()
    made.context.close()
