"""Prints, as a JSON list, the System types that an assembly uses and .NET Standard 2.1 does not have.

Runs in the rig's own Python. Input: {"dotnet", "framework", "assembly"}.
"""

import json
import sys

from csc import start


def main() -> None:
    spec = json.load(sys.stdin)
    start(spec["dotnet"])
    from System.IO import File
    from System.Reflection import Assembly

    Assembly.LoadFrom(f"{spec['framework']}/System.Reflection.Metadata.dll")
    import clr

    clr.AddReference("System.Reflection.Metadata")
    from System.Reflection.Metadata import HandleKind, PEReaderExtensions
    from System.Reflection.PortableExecutable import PEReader

    def reader(path: str) -> object:
        return PEReaderExtensions.GetMetadataReader(PEReader(File.OpenRead(path)))

    def names(metadata: object, handles: object, get: object) -> set[str]:
        found = set()
        for handle in handles:
            entry = get(handle)
            found.add(f"{metadata.GetString(entry.Namespace)}.{metadata.GetString(entry.Name)}")
        return found

    standard = reader(f"{spec['framework']}/netstandard.dll")
    ours = reader(spec["assembly"])
    known = names(standard, standard.ExportedTypes, standard.GetExportedType)
    used = set()
    for handle in ours.TypeReferences:
        entry = ours.GetTypeReference(handle)
        nested = entry.ResolutionScope.Kind == HandleKind.TypeReference
        if not nested:
            used.add(f"{ours.GetString(entry.Namespace)}.{ours.GetString(entry.Name)}")
    print(json.dumps(sorted(name for name in used - known if name.startswith("System."))))


if __name__ == "__main__":
    main()
