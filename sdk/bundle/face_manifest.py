"""The face's own bundle: graphs that find a face and map it to a robot's controls, the control schema they were made
for, and `manifest.json`, which names every file with its hash.

It is refused when its manifest is not of this format, when a file is missing, and when one byte of it changed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sdk.bundle.manifest import MANIFEST, Graph
from sdk.errors import BundleError

FACE_FORMAT_VERSION = 1
FACE_BUNDLE = Path(__file__).parent / "face"


@dataclass(frozen=True, kw_only=True)
class FaceManifest:
    """The content of manifest.json.

    range_set: within which the mapper's values lie. schema_file: the control schema, a file of this folder, and its
    hash, which travels in stream headers. graphs: by role; the mapper's are `mapper` and `mapper_image`. mapper: what
    the mapper's runtime needs beside its graphs (see sdk.runtime.face_mapper). licences: terms of each file that is not
    the SDK's own. parity: largest differences between torch and ONNX. quality, provenance: as measured, and of what.
    """

    format_version: int
    name: str
    version: str
    licence: str
    licences: dict[str, str]
    range_set: str
    schema_file: str
    schema_sha256: str
    graphs: dict[str, Graph]
    mapper: dict[str, Any]
    files: dict[str, str]
    parity: dict[str, Any]
    quality: dict[str, Any]
    provenance: dict[str, Any]

    def to_json(self) -> str:
        """The manifest's text, keys sorted."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "FaceManifest":
        """Raises BundleError that names the missing, unknown or ill-typed key."""
        try:
            raw = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise BundleError(f"{MANIFEST} of the face is not JSON: {error}") from None
        version = raw.get("format_version") if isinstance(raw, dict) else None
        if version != FACE_FORMAT_VERSION or isinstance(version, bool):
            message = f"{MANIFEST} of the face has format_version {version!r}; this SDK reads {FACE_FORMAT_VERSION}"
            raise BundleError(message)
        wanted = {f.name: f.type for f in fields(cls)}
        if set(wanted) != set(raw):
            lacking, unknown = sorted(set(wanted) - set(raw)), sorted(set(raw) - set(wanted))
            raise BundleError(f"{MANIFEST} of the face lacks {lacking} and has unknown {unknown}")
        for name, kind in wanted.items():
            if name != "format_version" and not isinstance(raw[name], str if kind is str else dict):
                raise BundleError(f"{MANIFEST} of the face: {name} has the wrong type, {type(raw[name]).__name__}")
        try:
            raw["graphs"] = {name: _graph(graph) for name, graph in raw["graphs"].items()}
        except TypeError as error:
            raise BundleError(f"{MANIFEST} of the face: a graph is malformed: {error}") from None
        manifest = cls(**raw)
        manifest.check()
        return manifest

    def check(self) -> None:
        """Raises BundleError for parts that contradict each other."""
        for name in (self.schema_file, *(graph.file for graph in self.graphs.values())):
            if name not in self.files:
                raise BundleError(f"{MANIFEST} of the face has no hash for {name}")
        if self.files[self.schema_file] != self.schema_sha256:
            raise BundleError(f"{MANIFEST} of the face: schema_sha256 is not the hash of {self.schema_file}")


@dataclass(frozen=True, eq=False)
class FaceBundle:
    """A folder whose every file was checked against its manifest.

    sha256: hash of the manifest, which holds the hashes of all files: it names the bundle's exact content.
    contents: the bytes that were checked, by name, so that what is opened is what was checked.
    """

    path: Path
    manifest: FaceManifest
    sha256: str
    contents: Mapping[str, bytes]

    @classmethod
    def load(cls, path: Path | None = None) -> "FaceBundle":
        """Open and check a bundle, the one that ships with the package unless `path` is given. Raises BundleError."""
        path = FACE_BUNDLE if path is None else path
        if not path.is_dir():
            raise BundleError(f"face bundle {path} does not exist")
        try:
            text = (path / MANIFEST).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            raise BundleError(f"{path} is no face bundle: it has no readable {MANIFEST}") from None
        manifest = FaceManifest.from_json(text)
        contents = {name: _checked(path, name, digest) for name, digest in manifest.files.items()}
        return cls(path, manifest, hashlib.sha256(text.encode()).hexdigest(), contents)

    def graph(self, role: str) -> bytes:
        """The bytes of a graph. Raises BundleError, which lists the roles this bundle has."""
        if role not in self.manifest.graphs:
            known = ", ".join(self.manifest.graphs) or "none"
            raise BundleError(f"face bundle {self.manifest.name!r} has no graph {role!r}; it has {known}")
        return self.contents[self.manifest.graphs[role].file]

    def schema(self) -> bytes:
        """The bytes of the control schema; see `sdk.face.controls.parse_schema`."""
        return self.contents[self.manifest.schema_file]


def _checked(folder: Path, name: str, expected: str) -> bytes:
    """A file's bytes. Raises BundleError when it is missing or another than the manifest says."""
    if Path(name).name != name:
        raise BundleError(f"{MANIFEST} names the file {name!r}; files lie in the bundle's own folder")
    try:
        data = (folder / name).read_bytes()
    except (OSError, ValueError):  # ValueError: a name no file can have
        raise BundleError(f"face bundle {folder.name!r} lacks {name}; fetch or export it again") from None
    if hashlib.sha256(data).hexdigest() != expected:
        message = f"{name} of face bundle {folder.name!r} was altered or truncated: its hash differs"
        raise BundleError(f"{message} from the manifest's; fetch or export it again")
    return data


def _graph(raw: Any) -> Graph:
    graph = Graph(**raw)
    if not isinstance(graph.file, str) or not isinstance(graph.inputs, dict) or not isinstance(graph.outputs, dict):
        raise TypeError("file must be a name, inputs and outputs objects")
    return graph


def _no_constant(name: str) -> float:
    """JSON has no NaN; Python's reader takes one unless told otherwise."""
    raise ValueError(f"{name} is no number of JSON")
