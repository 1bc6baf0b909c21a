"""Writes the .meta files of the Unity package: `python -m tools.generate_unity_meta`.

Unity ignores an asset of an installed package that has none, and knows assets by the GUID in it. Ours is made of the
asset's path, so that it never changes by itself and two machines make the same one. `tests/csharp/test_package.py`
fails when one is missing, has drifted, or has lost its asset.
"""

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "unity_bridge" / "com.emomotion.sdk"
TAIL = """  userData:
  assetBundleName:
  assetBundleVariant:
"""
PLAIN = f"  externalObjects: {{}}\n{TAIL}"
FOLDER = f"folderAsset: yes\nDefaultImporter:\n{PLAIN}"
SCRIPT = f"""MonoImporter:
  externalObjects: {{}}
  serializedVersion: 2
  defaultReferences: []
  executionOrder: 0
  icon: {{instanceID: 0}}
{TAIL}"""
BROWSER_PLUGIN = f"""PluginImporter:
  externalObjects: {{}}
  serializedVersion: 2
  iconMap: {{}}
  executionOrder: {{}}
  defineConstraints: []
  isPreloaded: 0
  isOverridable: 0
  isExplicitlyReferenced: 0
  validateReferences: 1
  platformData:
  - first:
      Any:
    second:
      enabled: 0
      settings: {{}}
  - first:
      Editor: Editor
    second:
      enabled: 0
      settings:
        DefaultValueInitialized: true
  - first:
      WebGL: WebGL
    second:
      enabled: 1
      settings: {{}}
{TAIL}"""
IMPORTERS = {
    ".cs": SCRIPT,
    ".asmdef": f"AssemblyDefinitionImporter:\n{PLAIN}",
    ".md": f"TextScriptImporter:\n{PLAIN}",
    ".json": f"PackageManifestImporter:\n{PLAIN}",
    ".jslib": BROWSER_PLUGIN,
}


def guid_of(asset: Path) -> str:
    """GUID of an asset, 32 hexadecimal digits."""
    name = f"com.emomotion.sdk/{asset.relative_to(PACKAGE).as_posix()}"
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def assets() -> list[Path]:
    """Everything that Unity imports: all but hidden files, .meta files, and folders whose name ends with ~."""
    found = []
    for path in sorted(PACKAGE.rglob("*")):
        parts = path.relative_to(PACKAGE).parts
        if path.suffix != ".meta" and not any(part.startswith(".") or part.endswith("~") for part in parts):
            found.append(path)
    return found


def meta_path(asset: Path) -> Path:
    return asset.with_name(asset.name + ".meta")


def meta_text(asset: Path) -> str:
    """Content of an asset's .meta. Raises KeyError for a kind of file that no rule is known for."""
    importer = FOLDER if asset.is_dir() else IMPORTERS[asset.suffix]
    return f"fileFormatVersion: 2\nguid: {guid_of(asset)}\n{importer}"


def main() -> None:
    wanted = {meta_path(asset): meta_text(asset) for asset in assets()}
    for old in PACKAGE.rglob("*.meta"):
        if old not in wanted:
            old.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(wanted)} .meta files")


if __name__ == "__main__":
    main()
