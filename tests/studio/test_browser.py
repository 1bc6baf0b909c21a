"""The page in a headless browser, in front of a server without a model that can be killed."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[studio]'")

from tests.service.programs import serving
from tests.studio.browsing import Browser, browsing, missing, studio

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")
DOC = "studio.store.doc"
STRENGTHS = f"{DOC}.keys[{DOC}.key].strengths"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as made:
        yield made


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A studio and its server for all tests that do not kill it."""
    with serving() as server, studio("--server", server.address) as (_, found):
        yield found


@pytest.fixture(scope="module")
def opened(browser: Browser, address: str) -> Browser:
    """The page, opened once: dressing it takes seconds where graphics are reckoned by the processor."""
    browser.open(address)
    return browser


@pytest.fixture
def page(opened: Browser) -> Iterator[Browser]:
    """The page as if it were opened anew; whatever it complains of fails the test."""
    opened.eval("import('/page/store.js').then(({ blank }) => { studio.live.stop(); studio.store.set(blank()); })")
    opened.until("studio.desk.figures.size === 0")
    yield opened
    told = opened.do("faults")
    # Chromium notes refused requests by itself; tests ask for some.
    assert [fault for fault in told["faults"] if "status of 400" not in fault] == [] and told["elsewhere"] == []


def middle(browser: Browser, on: str, x: float = 0.5, y: float = 0.5) -> list[float]:
    """A point of an element."""
    box = browser.do("box", on=on)
    return [box["x"] + x * box["width"], box["y"] + y * box["height"]]


def scrub(browser: Browser, seconds: float) -> None:
    """Move the play head."""
    slider = "document.getElementById('scrub')"
    browser.eval(f"{slider}.value = {seconds}, {slider}.dispatchEvent(new Event('input'))")


def grave(browser: Browser) -> list[dict[str, Any]]:
    """What axe-core finds serious or critical."""
    return [found for found in browser.do("axe") if found["impact"] in ("serious", "critical")]


def test_generate_play_scrub_and_compare(page: Browser) -> None:
    page.do("fill", on="#text", value="a person walks in a circle")
    page.do("select", on="#takes-n", value="2")
    page.click("#generate")
    page.made(2)
    first, second = page.eval(f"{DOC}.takes.map((name) => studio.desk.get(name).header.request.beats[0].text)")
    assert first == second == "a person walks in a circle"
    page.until("studio.playing && studio.seconds > 0.1")
    page.click("#play")
    assert not page.eval("studio.playing")
    scrub(page, 2)
    page.until("document.getElementById('clock').textContent === '2.00'")
    page.click("#ahead")
    page.until("document.getElementById('frame-no').textContent.startsWith('frame 61 ')")
    pelvis = "studio.desk.figures.get(studio.store.doc.chosen).ground.z"
    assert page.eval(pelvis) == pytest.approx(61 / 30, abs=1e-3), "the fake walks a metre a second"

    assert page.eval("[...studio.desk.figures.values()].map((figure) => figure.strength).sort()") == [0.38, 1]
    page.click("#beside")
    page.until("[...studio.desk.figures.values()].every((figure) => figure.strength === 1)")
    places = page.eval("[...studio.desk.figures.values()].map((figure) => figure.position.x).sort((a, b) => a - b)")
    assert places[1] - places[0] > 1
    page.click(".take:not([data-chosen]) input[type=radio]")
    page.until("studio.desk.figures.size === 1")


def test_the_wheel_and_the_pad_by_keyboard(page: Browser) -> None:
    page.do("focus", on="#wheel [aria-label=joy]")
    page.press("End", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowUp")
    page.until(f"{STRENGTHS}.trust === 0.1")
    assert page.eval(STRENGTHS) == {"joy": 0.95, "trust": 0.1}
    told = "document.querySelector('#wheel [aria-label=joy]').getAttribute('aria-valuetext')"
    page.until(f"{told} === '95 percent, ecstasy, 90 percent of the mixture'")
    page.press("Delete")
    page.until(f"!('trust' in {STRENGTHS})")
    page.do("focus", on="#pad svg")
    page.press("Home", *["ArrowLeft"] * 8, *["ArrowDown"] * 5)
    page.until(f"{STRENGTHS}.sadness > 0.3 && !{STRENGTHS}.joy")
    assert (
        page.eval("document.querySelector('#pad svg').getAttribute('aria-valuetext')") == "valence -0.40, arousal -0.25"
    )
    page.do("focus", on="#stage")
    page.press("Control+z")
    page.until(f"{STRENGTHS}.joy === 0.95")


def test_the_wheel_by_pointer(page: Browser) -> None:
    joy, fear = middle(page, "#wheel [aria-label=joy] .base"), middle(page, "#wheel [aria-label=fear] .base")
    page.do("drag", points=[joy, [joy[0], joy[1] - 8]])
    page.until(f"Object.keys({STRENGTHS}).join() === 'joy'")
    page.click("#mix")
    page.do("drag", points=[fear, [fear[0] + 6, fear[1]]])
    page.until(f"Object.keys({STRENGTHS}).sort().join() === 'fear,joy'")
    page.click("#neutral")
    page.until(f"Object.keys({STRENGTHS}).length === 0")
    page.until("document.getElementById('felt').textContent === 'neutral'")


def test_a_fault_stands_at_its_field(page: Browser) -> None:
    page.do("fill", on="#text", value=" ")
    page.click("#generate")
    page.until("document.getElementById('text').getAttribute('aria-invalid') === 'true'")
    assert "what the character does" in page.eval("document.getElementById('problem').textContent")
    page.do("fill", on="#text", value="a person walks")
    page.until("!document.getElementById('text').hasAttribute('aria-invalid')")
    page.eval("studio.store.set({ seed: '9'.repeat(25) })")
    page.click("#generate")
    page.until("document.getElementById('seed').getAttribute('aria-invalid') === 'true'")


def test_beats_feelings_and_a_path_are_composed(page: Browser) -> None:
    page.click("#beat-add")
    page.until(f"{DOC}.beats.length === 2 && {DOC}.beat === 1")
    page.do("fill", on="#text", value="a person waves")
    page.do("focus", on=".edge[aria-label='Length of beat 2']")
    page.press("ArrowRight", "ArrowRight")
    page.until(f"{DOC}.beats[1].seconds === 2.2")
    x, y = middle(page, "#track-keys", 0.6)
    event = f"new MouseEvent('dblclick', {{ clientX: {x}, clientY: {y} }})"
    page.eval(f"document.querySelector('#track-keys').dispatchEvent({event})")
    page.until(f"{DOC}.keys.length === 2 && {DOC}.key === 1")
    page.do("focus", on="#wheel [aria-label=anger]")
    page.press("End")
    page.click("#path-tool")
    page.do("drag", points=[middle(page, "#stage", *at) for at in ((0.5, 0.62), (0.3, 0.7), (0.35, 0.85))])
    page.until(f"{DOC}.path.length > 1")
    page.click("#generate")
    page.made(1)
    request = page.eval(f"studio.desk.get({DOC}.chosen).header.request")
    assert [beat["text"] for beat in request["beats"]] == ["a person walks forward", "a person waves"]
    assert len(request["track"]) == 2 and request["track"][1]["affect"]["weights"]["anger"] > 0.4
    assert request["path"] == page.eval(f"{DOC}.path")
    page.click("#path-tool")
    page.click("#path-clear")
    page.until(f"{DOC}.path.length === 0")

    scrub(page, 1.5)
    page.click("#key-set")
    page.until(f"{DOC}.poses.length === 1 && !document.getElementById('key-panel').hidden")
    page.do("focus", on="#track-poses .key")
    page.press("ArrowRight", "ArrowRight")
    page.until(f"{DOC}.poses[0].seconds === 1.7")
    scrub(page, 0.5)
    page.click("#keep-add")
    page.until(f"{DOC}.keep.length === 1 && {DOC}.make === 'redo'")
    page.click("#generate")
    page.made(2)
    request = page.eval(f"studio.desk.get({DOC}.chosen).header.request")
    assert request["keep"] == [[0, 1]] and request["keyframes"][0]["seconds"] == 1.7 and request["fps"] == 30
    kept, source = page.eval(f"{DOC}.takes.map((name) => Array.from(studio.desk.get(name).root.subarray(0, 75)))")
    assert kept == source, "a second that was kept"


def test_live(page: Browser) -> None:
    page.click("#mode-live")
    page.click("#live-start")
    page.until("studio.live.running && studio.live.frames.length > 1")
    page.do("focus", on="#wheel [aria-label=sadness]")
    page.press("End")
    page.until("studio.live.meter.found.length >= 1")
    page.do("fill", on="#text", value="a person runs")
    page.press("Enter")
    page.until("studio.live.meter.found.length >= 2 && studio.live.meter.waiting.length === 0")
    assert page.eval("document.getElementById('meter-p50').textContent").endswith("ms")
    page.click("#path-tool")
    page.do("drag", points=[middle(page, "#stage", *at) for at in ((0.5, 0.62), (0.3, 0.7), (0.35, 0.85))])
    page.until(f"{DOC}.path.length > 1 && studio.live.meter.waiting.length === 0")
    assert page.eval("studio.live.running")
    assert grave(page) == []
    page.click("#live-stop")
    page.until("!studio.live.running")


def test_a_path_by_time(page: Browser) -> None:
    page.eval("studio.store.set({ path: [[0, 0], [0, 1], [0, 2]] })")
    page.until("!document.getElementById('way-row').hidden")
    page.do("focus", on="#by-time")
    page.press("Space")
    page.until("document.querySelectorAll('#track-way .key').length === 3")
    assert page.eval("[...document.querySelectorAll('.due')].map((label) => label.textContent).sort()") == [
        "0 s", "2 s", "4 s",
    ], "at an even pace over the clip"  # fmt: skip
    page.do("focus", on="#path-points .point:nth-child(2) .when")
    page.press("1", "Tab")
    page.until(f"{DOC}.times[1] === 1")
    page.do("focus", on="#track-way .key:nth-child(2)")
    page.press("ArrowRight", "ArrowRight")
    page.until(f"{DOC}.times[1] === 1.2")
    page.until("document.getElementById('way-note').textContent === '0.4 to 0.8 m/s'")
    page.click("#generate")
    page.made(1)
    request = page.eval(f"studio.desk.get({DOC}.chosen).header.request")
    assert "path" not in request and [place["seconds"] for place in request["route"]] == [0, 1.2, 4]
    page.eval("studio.store.set({ loop: true })")
    page.click("#generate")
    page.until("'bad' in document.getElementById('way-row').dataset")
    assert "loop" in page.eval("document.getElementById('problem').textContent")


def test_a_hand_is_pinned_where_it_is(page: Browser) -> None:
    page.click("#generate")
    page.made(1)
    scrub(page, 2)
    page.until("studio.seconds === 2")
    page.do("select", on="#pin-limb", value="right_wrist")
    page.click("#pin-set")
    page.until("document.querySelectorAll('.pin-row').length === 1")
    bone = f"studio.desk.figures.get({DOC}.chosen).bones[21]"
    wrist = page.eval(f"{bone}.getWorldPosition(studio.stage.aim.clone()).toArray()")
    assert page.eval(f"{DOC}.pins[0].at") == pytest.approx(wrist, abs=2e-3), "as it is played"
    page.do("focus", on=".pin-row [aria-label='Up from the ground, metres']")
    page.press("Control+a", "1", ".", "4", "Tab", "ArrowUp")
    page.do("focus", on="#track-pins .pin")
    page.press("ArrowLeft", "Shift+ArrowRight")
    page.until(f"{DOC}.pins[0].seconds === 1.9 && {DOC}.pins[0].hold === 0.6")
    x, y, z = page.eval(f"{DOC}.pins[0].at")
    assert y == 1.4
    before = page.eval(f"studio.stage.onScreen({DOC}.pins[0].at)")
    page.do("drag", points=[before, [before[0] + 30, before[1] - 30]])
    page.until(f"{DOC}.pins[0].at[1] > 1.45")
    assert grave(page) == []
    page.do("select", on=".pin-row [aria-label='Where it is pinned']", value="body")
    page.click("#generate")
    page.made(2)
    (goal,) = page.eval(f"studio.desk.get({DOC}.chosen).header.request.goals")
    assert (goal["effector"], goal["seconds"], goal["hold"]) == ("right_wrist", 1.9, 0.6) and not goal["place"]
    page.click(".pin-row .away")
    page.until(f"{DOC}.pins.length === 0 && document.getElementById('track-pins').hidden")


def test_a_live_character_is_recorded(page: Browser, tmp_path: Path) -> None:
    page.click("#mode-live")
    page.click("#record")
    page.until("studio.live.recorder && studio.live.recorder.frames.length > 5")
    assert "of at most 90 s" in page.eval("document.getElementById('record-note').textContent")
    page.do("focus", on="#wheel [aria-label=sadness]")
    page.press("End")
    page.until("studio.live.meter.found.length >= 1")
    page.until("studio.live.recorder.frames.length > 45")
    page.click("#record")
    page.until(f"{DOC}.takes.length === 1 && studio.live.recorder === null")
    assert page.eval("studio.live.running"), "it lives on"
    page.click("#mode-clip")
    page.until("studio.desk.chosen && studio.desk.figures.size === 1")
    assert page.eval("document.querySelector('.take .thumb').getAttribute('aria-label')").startswith("Pose at ")
    frames, told = page.eval("[studio.desk.chosen.frames, studio.desk.chosen.header.recording.told]")
    assert [one["seconds"] > 0 for one in told] == [False, True] and told[1]["affect"]["weights"]["sadness"] > 0.4
    assert page.eval("Array.from(studio.desk.chosen.root.subarray(0, 3))")[::2] == pytest.approx([0, 0], abs=1e-6)
    page.do("download", on="#download", to=str(tmp_path / "clip.zip"))
    with zipfile.ZipFile(tmp_path / "clip.zip") as archive:
        tags = json.loads(archive.read("clip.glb.emotion.json"))
    assert tags["clip"]["frames"] == frames and len(tags["segments"]) == len(tags["recording"]["told"]) == 2
    scrub(page, 0.6)
    page.click("#keep-add")
    page.until(f"{DOC}.make === 'redo'")
    page.click("#generate")
    page.made(2)
    kept, source = page.eval(f"{DOC}.takes.map((name) => Array.from(studio.desk.get(name).root.subarray(9, 90)))")
    assert kept == source, "of a recording, too, something can stay"


def test_export(page: Browser, tmp_path: Path) -> None:
    page.click("#generate")
    page.made(1)
    page.do("fill", on="#name", value="happy walk")
    assert page.do("download", on="#download", to=str(tmp_path / "clip.zip")) == "happy walk.zip"
    with zipfile.ZipFile(io.BytesIO((tmp_path / "clip.zip").read_bytes())) as archive:
        assert archive.namelist() == ["happy walk.glb", "happy walk.glb.emotion.json"]
        tags = json.loads(archive.read("happy walk.glb.emotion.json"))
    assert tags["prompt"] == "a person walks forward" and tags["label"] == "joy"
    page.do("fill", on="#name", value="a/b")
    page.click("#download")
    page.until("document.getElementById('name').getAttribute('aria-invalid') === 'true'")


def test_work_outlives_the_page(page: Browser) -> None:
    page.do("fill", on="#text", value="a person sneaks")
    page.click("#generate")
    page.made(1)
    seed = page.eval(f"studio.desk.get({DOC}.chosen).header.made.seed")
    page.do("reload")
    page.ready()
    assert page.eval("document.getElementById('text').value") == "a person sneaks"
    page.until("studio.desk.chosen && studio.desk.figures.size === 1")
    assert page.eval("studio.desk.chosen.header.made.seed") == seed


def test_nothing_serious_stands_in_anybodys_way(page: Browser) -> None:
    page.do("media", colorScheme="dark", reducedMotion="reduce")
    page.click("#generate")
    page.made(1)
    assert not page.eval("studio.playing"), "who wants things to keep still starts them"
    page.click("#more summary")
    assert grave(page) == []
    page.do("media", colorScheme="light", reducedMotion="no-preference")
    assert grave(page) == []
    page.click("#help-open")
    assert grave(page) == []
    page.press("Escape")


def test_the_server_goes_away_and_comes_back(browser: Browser) -> None:
    with serving() as first:
        port = first.port
        with studio("--server", first.address) as (process, address):
            browser.open(address)
            browser.click("#generate")
            browser.made(1)
            first.process.kill()
            browser.until("!document.getElementById('banner').hidden")
            told = browser.eval("document.getElementById('banner-text').textContent")
            assert "emomotion serve" in told and "Nothing is lost" in told
            browser.do("fill", on="#text", value="a person jumps")
            assert browser.eval("document.getElementById('generate').getAttribute('aria-disabled')") == "true"
            browser.click("#play")
            browser.click("#download")
            browser.until("document.getElementById('said').textContent.startsWith('clip.zip was downloaded')")
            assert grave(browser) == []
            browser.click("#banner-retry")
            with serving(port=port):
                browser.until("document.getElementById('banner').hidden")
                assert browser.eval("document.getElementById('text').value") == "a person jumps"
                browser.click("#generate")
                browser.made(2)
                process.kill()
                browser.until("!document.getElementById('banner').hidden")
                assert "emomotion studio" in browser.eval("document.getElementById('banner-text').textContent")
