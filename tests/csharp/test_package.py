"""What Unity's package manager reads: manifest, assembly definitions, .meta files, samples, documents."""

import json
import re
from pathlib import Path

import pytest

from tests.csharp.assemblies import HERE, PACKAGE, sources
from tools.generate_unity_meta import assets, guid_of, meta_path, meta_text

FOREIGN = {"GUID:c3bc0afe4a069b54aa23296f3c18a871": "YetAnotherHttpHandler"}
"""Assemblies of other packages by GUID; those that are named are found by their name."""


def definitions() -> dict[str, dict[str, object]]:
    """Every assembly definition by its GUID."""
    return {guid_of(path): json.loads(path.read_text()) for path in PACKAGE.rglob("*.asmdef")}


def test_every_asset_has_its_meta_and_no_meta_is_alone() -> None:
    wanted = {meta_path(asset): meta_text(asset) for asset in assets()}
    found = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.meta")}
    assert found.keys() == wanted.keys(), "run: python -m tools.generate_unity_meta"
    assert found == wanted, "run: python -m tools.generate_unity_meta"
    assert len(found) > 80


def test_no_two_assets_share_a_guid() -> None:
    guids = [guid_of(asset) for asset in assets()]
    assert len(set(guids)) == len(guids)
    assert all(re.fullmatch("[0-9a-f]{32}", guid) for guid in guids)


def test_assemblies_refer_to_each_other_by_guid() -> None:
    known = definitions()
    for definition in known.values():
        for reference in definition["references"]:
            if reference.startswith("GUID:"):
                assert reference.removeprefix("GUID:") in known or reference in FOREIGN, (definition["name"], reference)
            else:
                assert reference.startswith(("Unity.", "UnityEngine.", "UnityEditor.")), (definition["name"], reference)


def test_the_core_knows_no_engine() -> None:
    core = next(d for d in definitions().values() if d["name"] == "EmoMotion.Core")
    assert core["noEngineReferences"] and not core["references"]
    for path in sources(PACKAGE / "Runtime" / "Core", PACKAGE / "Tests"):
        assert "UnityEngine" not in path.read_text(encoding="utf-8"), path.name


def test_the_manifest_is_complete() -> None:
    manifest = json.loads((PACKAGE / "package.json").read_text())
    assert manifest["name"] == PACKAGE.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert f"## {manifest['version']}" in (PACKAGE / "CHANGELOG.md").read_text()
    for sample in manifest["samples"]:
        assert list((PACKAGE / sample["path"]).glob("*.cs")), sample["displayName"]
    for name in ("README.md", "LICENSE.md", "Third Party Notices.md", "Documentation~/index.md"):
        assert (PACKAGE / name).stat().st_size > 200, name


def test_the_licence_is_that_of_the_repository(repo: Path) -> None:
    assert (PACKAGE / "LICENSE.md").read_text() == (repo / "LICENSE").read_text()


@pytest.mark.parametrize("folder", ["Runtime", "Editor", "Tests"])
def test_every_type_has_a_namespace(folder: str) -> None:
    for path in sources(PACKAGE / folder):
        if path.name != "AssemblyInfo.cs":
            assert re.search(r"^namespace EmoMotion\b", path.read_text(encoding="utf-8"), re.MULTILINE), path.name


def test_a_behaviour_has_the_name_of_its_file() -> None:
    """Unity finds a component by it."""
    for path in sources(PACKAGE / "Runtime", PACKAGE / "Editor", PACKAGE / "Samples~"):
        for name in re.findall(
            r"class (\w+) : (?:MonoBehaviour|ScriptableObject|PlayableAsset|TrackAsset)", path.read_text()
        ):
            assert name == path.stem, path.name


def test_files_can_be_read_in_one_sitting() -> None:
    written = [path for path in sources(PACKAGE, HERE) if path.parent.name != "Messages"]
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in written}
    assert [path.name for path, text in lines.items() if len(text) > 450] == []
    assert [f"{path.name}: {line[:60]}" for path, text in lines.items() for line in text if len(line) > 120] == []
