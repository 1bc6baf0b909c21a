"""Figures of the studio: how long a scripted user takes from the command and from the page to an exported clip, how
quickly the page is there and draws, and what axe-core finds. About two minutes; needs Chromium and Node.js.
"""

import statistics
import tempfile
import time
import zipfile
from pathlib import Path

from tests.figures.report import Report
from tests.studio.browsing import Browser, browsing, missing, studio

FIRST_LONG_S, MINUTE_S = 300.0, 60.0
PLAYED_S = 6.0
CHANGES = 12
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Everything of this page."""
    if reason := missing():
        report.holds("studio: a browser to measure with", reason, "there is one", False)
        return
    began = time.perf_counter()
    with browsing() as browser, studio() as (_, address):
        report.show(
            "studio: command to the page's address",
            f"{time.perf_counter() - began:.1f} s, of which the engine loads on",
        )
        exported(browser, address, report, began)
        pictures(browser, report)
        found = findings(browser)
        report.at_most("studio: serious findings of axe-core, light, dark and live", found, 0, "")
        latency(browser, report)


def exported(browser: Browser, address: str, report: Report, began: float) -> None:
    """A new user's way: open, say, feel, generate, download."""
    browser.do("open", url=address, width=1440, height=900)
    opened = time.perf_counter()
    browser.until("'ready' in document.documentElement.dataset", timeout=60_000)
    report.show("studio: first paint of the page", f"{browser.eval(PAINT):.0f} ms after the request")
    report.show("studio: page is dressed", f"{browser.eval('performance.now()') / 1000:.1f} s after the request")
    browser.do("fill", on="#text", value="a person walks forward and waves")
    browser.do("focus", on="#wheel [aria-label=joy]")
    browser.press("End")
    browser.until("document.getElementById('server-pill').dataset.state === 'ready'", timeout=int(1000 * FIRST_LONG_S))
    browser.click("#generate")
    browser.until("studio.desk.chosen && studio.desk.figures.size === 1", timeout=120_000)
    report.show(
        "studio: generate to the figure on the stage",
        f"{browser.eval('studio.desk.chosen.header.made.stage_ms.total'):.0f} ms made by the engine",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.zip"
        browser.do("download", on="#download", to=str(path))
        with zipfile.ZipFile(path) as archive:
            whole = archive.testzip() is None and len(archive.namelist()) == 2
    now = time.perf_counter()
    report.holds("studio: an exported clip with its sidecar", "whole" if whole else "broken", "whole", whole)
    report.show("studio: page load to an exported clip", f"{now - opened:.1f} s")
    report.at_most("studio: command to an exported clip", now - began, MINUTE_S, "s")


def pictures(browser: Browser, report: Report) -> None:
    """Frames a second while a clip plays, by a processor that reckons the graphics too."""
    browser.eval("document.activeElement.blur()")
    if not browser.eval("studio.playing"):
        browser.click("#play")
    before = browser.eval("studio.stage.frames")
    time.sleep(PLAYED_S)
    drawn = browser.eval("studio.stage.frames") - before
    quality = browser.eval("studio.stage.quality")
    report.show(
        "studio: frames a second at 1440 x 900 without a GPU",
        f"{drawn / PLAYED_S:.0f}, quality {quality} of 0 (best) to 5",
    )
    browser.click("#play")


def findings(browser: Browser) -> int:
    """Serious and critical findings of axe-core in both schemes and both modes."""
    count = 0
    for scheme in ("light", "dark"):
        browser.do("media", colorScheme=scheme)
        for mode in ("#mode-clip", "#mode-live"):
            browser.click(mode)
            count += sum(found["impact"] in ("serious", "critical") for found in browser.do("axe"))
    return count


def latency(browser: Browser, report: Report) -> None:
    """From a change of feeling in live mode to the first picture that shows it."""
    browser.click("#mode-live")
    browser.click("#live-start")
    browser.until("studio.live.frames?.length > 2", timeout=60_000)
    for number in range(CHANGES):
        browser.do("focus", on=f"#wheel [aria-label={('anger', 'sadness')[number % 2]}]")
        browser.press("Delete" if number > 1 and number % 4 < 2 else "End")
        time.sleep(0.7)
    found = browser.eval("studio.live.meter.found")
    if found:
        told = f"p50 {statistics.median(found):.0f} ms, most {max(found):.0f} ms, of {len(found)} changes"
        report.show("studio: change of feeling to the picture, live, without a GPU", told)
