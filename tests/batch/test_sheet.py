"""The contact sheet: one page that needs nothing else, with every clip, its links, and keys."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from click.testing import Result

from sdk.batch.poses import FPS, STEP, TURN, figure_data, packed_poses
from sdk.motion.rotations import quat_angle
from sdk.motion.skeleton import BODY, NUM_JOINTS
from tests.synthetic import walking

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --virtual-time-budget=20000"
).split()
PROBE = """<script>
const say = [], press = key => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
const shown = () => [...document.querySelectorAll(".card")].filter(card => !card.hidden).length;
const painted = () => [...document.querySelectorAll("canvas")].filter(canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.filter((value, k) => k % 4 === 3 && value > 250).length > 500;
}).length;
function probe() {
  say.push(["painted", painted()], ["all", shown()]);
  document.querySelector('.filter[data-emotion="anger"]').click();
  say.push(["angry", shown()], ["count", document.getElementById("count").textContent]);
  document.querySelector('.filter[data-emotion="anger"]').click();
  press("/");
  say.push(["search", document.activeElement.id]);
  document.activeElement.value = "runs";
  document.activeElement.dispatchEvent(new Event("input"));
  say.push(["runs", shown()]);
  press("Escape");
  press("ArrowRight");
  press("ArrowRight");
  say.push(["focus", [...document.querySelectorAll(".stage")].indexOf(document.activeElement)]);
  const bar = document.activeElement.querySelector("b"), before = bar.style.width;
  press(".");
  until(() => bar.style.width !== before, () => {
    say.push(["stepped", bar.style.width !== before]);
    document.title = JSON.stringify(Object.fromEntries(say));
  });
}
function until(true_, then, tries = 50) {
  setTimeout(() => true_() || !tries ? then() : until(true_, then, tries - 1), 100);
}
until(() => painted() === 8, probe);
</script>"""


def test_the_page_needs_nothing_else_and_links_every_file(run: Callable[..., Result], tmp_path: Path) -> None:
    run()
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "@@" not in page and not re.search(r'(src|href)="(https?:)?//', page)
    links = [unquote(unescape(link)) for link in re.findall(r'href="([^"]+)"', page)]
    assert len(links) == 16 and all((tmp_path / "out" / link).exists() for link in links)
    assert page.count('class="card"') == 8 and page.count('aria-label="Play ') == 8


def test_words_of_prompts_are_only_words(run: Callable[..., Result], tmp_path: Path) -> None:
    words = '<img src=x onerror=alert(1)> & "läuft" </script>@@FIGURE@@'
    run(text=f"clips:\n- prompt: {json.dumps(words)}\n  name: 'a # b?'\n  seconds: 0.6\n")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<img" not in page and "&lt;img src=x" in page and page.count("</script>") == page.count("<script")
    assert 'href="a%20%23%20b-.glb"' in page and (tmp_path / "out" / "a # b-.glb").exists()


def test_poses_come_back_from_the_page(tmp_path: Path) -> None:

    walk = walking(2.0)
    values = np.frombuffer(base64.b64decode(packed_poses(walk)), "<i2").reshape(-1, 4 * NUM_JOINTS + 3)
    clip = walk.resampled(FPS)
    turns = values[:, :-3].reshape(len(values), NUM_JOINTS, 4) / TURN
    assert len(values) == len(clip) == 25 and quat_angle(turns, clip.rotations).max() < 1e-3
    assert np.abs(values[:, -3:] / STEP - clip.root).max() < 0.002
    data = figure_data(BODY)
    corners = len(base64.b64decode(data["positions"])) // 12
    triangles = np.frombuffer(base64.b64decode(data["triangles"]), "<u2")
    assert triangles.max() == corners - 1 and len(base64.b64decode(data["joints"])) == corners


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_in_a_browser_clips_are_drawn_filtered_and_stepped_by_keys(run: Callable[..., Result], tmp_path: Path) -> None:
    run()
    page = tmp_path / "out" / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", PROBE + "</body>"), encoding="utf-8")
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,900", "--dump-dom"]
    found = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=90, check=False)
    title = re.search(r"<title>(.*?)</title>", found.stdout)
    assert title is not None and title[1].startswith("{"), found.stderr[-2000:]
    assert json.loads(unescape(title[1])) == {
        "painted": 8, "all": 8, "angry": 4, "count": "4 of 8 clips", "search": "words", "runs": 4, "focus": 1,
        "stepped": True,
    }  # fmt: skip
