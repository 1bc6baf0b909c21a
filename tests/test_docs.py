"""The site: built strictly, complete, and without anything that needs a network."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.docs.docstrings import convert
from tools.docs.pages import gather, public_modules

REPO = Path(__file__).resolve().parents[1]
needs_sphinx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("sphinx", "myst_parser", "furo")),
    reason="the extra `docs` is absent: pip install -e '.[docs]'",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--out", str(out)], cwd=REPO, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out


@pytest.mark.slow
@needs_sphinx
def test_the_site_is_complete_and_stands_alone(site: Path) -> None:
    reference = "".join(page.read_text() for page in (site / "reference").glob("*.html"))
    assert [name for name in public_modules(REPO) if f'id="module-{name}"' not in reference] == []
    protos = sorted(path.stem for path in (REPO / "protos" / "emomotion" / "v1").glob("*.proto"))
    assert [name for name in protos if not (site / "wire" / f"{name}.html").exists()] == []
    examples = sorted(path.stem for path in (REPO / "examples").glob("[0-9][0-9]_*.py"))
    assert [name for name in examples if not (site / "examples" / f"{name}.html").exists()] == []
    assert all((site / f"{page.stem}.html").exists() for page in (REPO / "docs").glob("*.md"))
    index = (site / "searchindex.js").read_text()  # the whole search: a file that the pages load
    assert "retarget" in index and "ComposeRequest".lower() in index.lower()
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img)[^>]+src="([^"]+)"|<link[^>]+href="([^"]+)"', page.read_text())
        assert [a or b for a, b in loaded if "://" in (a or b)] == [], page.name


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    for folder in ("docs/pictures", "examples", "sdk"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "README.md").write_text("## Train your own\n\nso\n")
    (tmp_path / "docs" / "index.md").write_text("# All\n\n[gone](gone.md)\n")
    with pytest.raises(ValueError, match=r"index\.md links to gone\.md, which is not there"):
        gather(tmp_path, tmp_path / "out")


def test_docstrings_keep_their_signs() -> None:
    lines = ["Of `a_b`, x_BND * 2 | y_ and:", "- one", "- `two`", "    code  here", "end"]
    convert(lines)
    text = "\n".join(lines)
    assert "``a_b``" in text and r"x\_BND \* 2 \| y\_" in text
    assert "\n\n- one" in text and "::\n\n    code  here\n\nend" in text
