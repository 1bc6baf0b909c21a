"""Writing the mapper into the face's bundle: from tiny runs, all of it or nothing, beside the graphs of others."""

import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from export import face_mapper as exporter  # noqa: E402
from sdk.bundle.face_manifest import FACE_BUNDLE, FaceBundle  # noqa: E402
from sdk.errors import BundleError, InvalidInput  # noqa: E402
from sdk.face.expressions import SCHEMA_FILE, ameca_schema  # noqa: E402
from sdk.face.rig import Camera, Identity, Rig  # noqa: E402
from sdk.runtime.face_mapper import IMAGE, LANDMARKS, FaceMapper  # noqa: E402
from training.face import image, train  # noqa: E402
from training.face.pictures import PictureSet, render_people  # noqa: E402
from training.recipes import StageRecipe  # noqa: E402

SAMPLER = train.ameca_sampler()
ONE = {"nmae_neutral_guess": 0.7, "nmae": 0.5, "nmae_mouth": 0.4, "worst_control": {"name": "Jaw", "nmae": 0.9}}
QUALITY = {"landmarks": {"mixed": {**ONE, "least_gain": {"name": "Nose", "neutral_ratio": 0.95}}}}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> PictureSet:
    return render_people(tmp_path_factory.mktemp("pictures"), SAMPLER, "mixed", people=2, each=2, seed=1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, pictures: PictureSet) -> Path:
    """Runs `landmarks`, `half` (not finished) and `pictures`."""
    folder = tmp_path_factory.mktemp("runs")
    schedule = StageRecipe(steps=2, batch=64, rate=1e-3, warmup=1, validate_every=2, save_every=1)
    recipe = replace(train.RECIPES["ablation"], width=16, blocks=1, schedule=schedule)
    train.train_landmarks(recipe, folder / "landmarks", seed=1)
    train.train_landmarks(recipe, folder / "half", seed=1, stop_after=1)
    image.fit_image(image.RECIPES["tiny"], pictures, pictures, SAMPLER.schema, folder / "pictures", seed=1)
    return folder


@pytest.fixture
def few_pictures(monkeypatch: pytest.MonkeyPatch, pictures: PictureSet) -> None:
    monkeypatch.setattr(exporter, "render_people", lambda *_, **__: pictures)


@pytest.fixture(scope="module")
def written(runs: Path, pictures: PictureSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two finished runs as a bundle, in a folder that held the graph of others."""
    out = tmp_path_factory.mktemp("written") / "face"
    out.mkdir()
    (out / "face_detector.onnx").write_bytes((FACE_BUNDLE / "face_detector.onnx").read_bytes())
    with patch.object(exporter, "render_people", lambda *_, **__: pictures):
        exporter.write_mapper(runs / "landmarks", runs / "pictures", out, quality=QUALITY)
    return out


@pytest.mark.usefixtures("few_pictures")
def test_a_bundle_is_written_beside_the_graphs_of_others_and_opens(runs: Path, written: Path, tmp_path: Path) -> None:
    out = shutil.copytree(written, tmp_path / "face")
    bundle = FaceBundle.load(out)
    assert set(bundle.manifest.graphs) == {LANDMARKS, IMAGE, "face_detector"}
    assert bundle.schema() == SCHEMA_FILE.read_bytes()
    assert max(bundle.manifest.parity.values()) <= exporter.PARITY_GATE
    assert "0.7000 | 0.5000 | 0.4000 | Jaw 0.900 | Nose 0.95" in (out / "MODEL_CARD.md").read_text()
    mapper, schema = FaceMapper.open(out), ameca_schema()
    points = Camera.frontal(512.0).project(Rig(schema).points(schema.neutral, Identity.mean()))
    assert mapper.map(points).values.shape == (30,)
    # The graph and torch agree on more than the examples, and on any number of faces.
    net, _ = train.load_landmarks(runs / "landmarks")
    exporter.round_weights(net, int8=True)
    x = np.random.default_rng(0).normal(0, 0.1, (37, net.config.features)).astype(np.float32)
    values, distance = mapper.values_of(x)
    wanted, apart = net(torch.from_numpy(x))
    np.testing.assert_allclose(values, schema.values(wanted.double().numpy(), "x2c"), atol=1e-2)
    np.testing.assert_allclose(distance, apart.numpy(), rtol=1e-4)
    # The same runs give the same bundle, to the byte.
    assert exporter.write_mapper(runs / "landmarks", runs / "pictures", out, quality=QUALITY).sha256 == bundle.sha256


@pytest.mark.usefixtures("few_pictures")
def test_unfinished_runs_and_a_failed_export_leave_the_folder_as_it_was(
    runs: Path, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "face"
    with pytest.raises(InvalidInput, match="half is not finished: step 1 of 2"):
        exporter.write_mapper(runs / "half", runs / "pictures", out)
    assert not out.exists()
    before = FaceBundle.load(shutil.copytree(written, out)).sha256
    monkeypatch.setattr(exporter, "export_graph", lambda _, path: shutil.copy(written / path.name, path))
    monkeypatch.setattr(exporter, "measured_parity", lambda *_: 0.5)
    with pytest.raises(InvalidInput, match="differs from torch by 0.5"):
        exporter.write_mapper(runs / "landmarks", runs / "pictures", out)
    assert FaceBundle.load(out).sha256 == before
    assert [path.name for path in tmp_path.iterdir()] == ["face"]
    with pytest.raises(BundleError):
        FaceMapper.open(tmp_path)
