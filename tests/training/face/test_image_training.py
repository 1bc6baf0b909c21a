"""The picture network: what it is shown, its shape, that a run resumes to the bit, and tuning on the X2C layout."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from sdk.face.crop import crop_square, face_square  # noqa: E402
from sdk.face.rig import Camera, Identity, Rig  # noqa: E402
from training import checkpoint  # noqa: E402
from training.face.image import RECIPES, fit_image, load_image, predict  # noqa: E402
from training.face.nets import ImageConfig, ImageNet  # noqa: E402
from training.face.pictures import (  # noqa: E402
    CALM,
    CUT,
    STORED,
    PictureSet,
    augmented,
    centred,
    close_up,
    render_people,
)
from training.face.train import ameca_sampler  # noqa: E402

SAMPLER = ameca_sampler()
SCHEMA = SAMPLER.schema
REPO = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> PictureSet:
    return render_people(tmp_path_factory.mktemp("pictures"), SAMPLER, "mixed", people=3, each=3, seed=1)


def test_pictures_are_kept_and_each_person_has_calm_ones(pictures: PictureSet, tmp_path: Path) -> None:
    again = render_people(tmp_path, SAMPLER, "mixed", people=3, each=3, seed=1)
    np.testing.assert_array_equal(again.pixels, pictures.pixels)
    (path,) = tmp_path.iterdir()
    before = path.stat().st_mtime_ns
    render_people(tmp_path, SAMPLER, "mixed", people=3, each=3, seed=1)
    assert path.stat().st_mtime_ns == before
    assert pictures.pixels.shape == (3 * (CALM + 3), STORED, STORED, 3)
    for person, calm in enumerate(pictures.calm):
        assert (pictures.person[calm] == person).all()
        assert np.abs(SCHEMA.deviations(pictures.values[calm], "x2c")).max() < 0.06


def test_a_close_up_is_what_the_runtime_would_cut(tmp_path: Path) -> None:
    rig, who, camera = Rig(SCHEMA), Identity.mean(), Camera.frontal(512.0)
    points = camera.project(rig.points(SCHEMA.neutral, who))
    x, y, side = face_square(points)
    cut = crop_square(rig.render(SCHEMA.neutral, who, camera, 512), (x, y, side * STORED / CUT), STORED)
    close = rig.render(SCHEMA.neutral, who, close_up(camera, points), STORED)
    # The same face in the same place, but for its edges, which are drawn at another fineness, and for the backdrop.
    inside = (slice(28, 84), slice(28, 84))
    wrong = np.roll(close, 3, axis=1)
    apart, moved = (np.abs(cut[inside].astype(float) - one[inside]).mean() for one in (close, wrong))
    assert apart < 4 and moved > 1.5 * apart


def test_augmentation_belongs_to_the_room_and_repeats_with_its_seed(pictures: PictureSet) -> None:
    calm = pictures.calm[:2].ravel()

    def shown(seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        return augmented(pictures.pixels[calm], pictures.person[calm], CUT, np.random.default_rng(seed)).numpy()

    first, again, other = shown(1), shown(1), shown(2)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any() and first.min() >= 0 and first.max() <= 1
    colour = first.mean((2, 3)) - centred(pictures.pixels[calm], CUT).numpy().mean((2, 3))
    own, apart = colour[:CALM].std(0).mean(), np.abs(colour[:CALM].mean(0) - colour[CALM:].mean(0)).mean()
    assert own < 0.3 * apart


def test_the_network_has_resnet18s_shape_and_reads_differences() -> None:
    net = ImageNet(ImageConfig(controls=30, size=96, width=8)).eval()
    assert len(net.stages) == 4 and all(len(stage) == 2 for stage in net.stages)
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 1 + 16 + 3  # stem, two in each of eight blocks, three shortcuts
    torch.manual_seed(0)
    x = torch.rand(3, 3, 96, 96)
    with torch.no_grad():
        deviations, embedding = net(x, net.embedding(x).flip(0))
        folded, same = net.folded()(x, net.embedding(x).flip(0))
    assert deviations.shape == (3, 30) and embedding.shape == (3, net.width)
    torch.testing.assert_close(folded, deviations, atol=1e-5, rtol=1e-4)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in net.folded().modules())


def test_training_resumes_to_the_bit(pictures: PictureSet, tmp_path: Path) -> None:
    tiny = RECIPES["tiny"]
    scalars = fit_image(tiny, pictures, pictures, SCHEMA, tmp_path / "whole", seed=1)
    fit_image(tiny, pictures, pictures, SCHEMA, tmp_path / "parts", seed=1, stop_after=2)
    assert fit_image(tiny, pictures, pictures, SCHEMA, tmp_path / "parts", seed=1) == scalars
    whole, parts = (checkpoint.load(tmp_path / name / "image.pt")["model"] for name in ("whole", "parts"))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    model, _ = load_image(tmp_path / "whole")
    assert predict(model, pictures, SCHEMA, "x2c").shape == (len(pictures), 30)
    with pytest.raises(InvalidInput, match="does not fit this model"):
        fit_image(replace(tiny, width=6), pictures, pictures, SCHEMA, tmp_path / "other", seed=1,
                  init=tmp_path / "whole" / "image.pt")  # fmt: skip


def test_the_command_tunes_a_checkpoint_on_the_x2c_layout(pictures: PictureSet, tmp_path: Path) -> None:
    fit_image(RECIPES["tiny"], pictures, pictures, SCHEMA, tmp_path / "base", seed=1)
    root, lines = tmp_path / "x2c", []
    (root / "images0").mkdir(parents=True)
    for number in range(260):
        k = number % len(pictures)
        Image.fromarray(pictures.pixels[k]).save(root / "images0" / f"{number}.png")
        lines.append(json.dumps({"file_name": f"{number}.png", "ctrl_value": pictures.values[k].tolist()}))
    (root / "metadata.jsonl").write_text("\n".join([*lines, "{"]))
    command = [
        sys.executable, "-m", "training.face.image", str(tmp_path / "tuned"), "--recipe", "tiny", "--x2c", str(root),
        "--from", str(tmp_path / "base" / "image.pt"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "260 rows, rejected {'not JSON': 1}" in done.stdout and "split block: rows 260" in done.stdout
    _, saved = load_image(tmp_path / "tuned")
    assert saved["meta"]["init_sha256"] and saved["step"] == 4
    missing = subprocess.run([*command[:-1], str(root / "metadata.jsonl")], cwd=REPO, capture_output=True, text=True)
    assert missing.returncode == 2 and missing.stderr.strip().splitlines()[-1].startswith("error: ")
