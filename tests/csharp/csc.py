"""The C# 9 compiler as a program: runs in the rig's own Python, reads jobs as JSON, prints what is wrong.

Input: {"roslyn", "dotnet", "platforms": {name: folder of DLLs}, "jobs": [{"out", "sources", "references", "defines",
"exe", "platform"}]}. Exits 1 when a job has an error or a warning; a job may refer to the output of one before it.
"""

import json
import sys
import tempfile
from pathlib import Path

from clr_loader import get_coreclr
from pythonnet import set_runtime

CONFIG = {
    "runtimeOptions": {"tfm": "netcoreapp3.1", "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"}}
}
IGNORED = ("CS1701", "CS1702", "CS0649")
"""Assembly versions that differ, and fields that only an inspector fills in."""


def start(dotnet: str) -> None:
    """Load CoreCLR into this process."""
    with tempfile.NamedTemporaryFile("w", suffix=".runtimeconfig.json") as config:
        json.dump(CONFIG, config)
        config.flush()
        set_runtime(get_coreclr(runtime_config=config.name, dotnet_root=dotnet))
        import clr  # noqa: F401


def main() -> int:
    spec = json.load(sys.stdin)
    start(spec["dotnet"])
    import clr

    for name in ("Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp"):
        clr.AddReference(f"{spec['roslyn']}/{name}")
    from Microsoft.CodeAnalysis import DiagnosticSeverity, MetadataReference, OptimizationLevel, OutputKind, SyntaxTree
    from Microsoft.CodeAnalysis.CSharp import (
        CSharpCompilation,
        CSharpCompilationOptions,
        CSharpParseOptions,
        CSharpSyntaxTree,
        LanguageVersion,
    )
    from Microsoft.CodeAnalysis.Text import SourceText
    from System import Array, String
    from System.Collections.Generic import List
    from System.IO import FileMode, FileStream
    from System.Text import Encoding

    platforms = {}
    for job in spec["jobs"]:
        folder = spec["platforms"][job["platform"]]
        if folder not in platforms:
            platforms[folder] = [
                MetadataReference.CreateFromFile(str(path))
                for path in sorted(Path(folder).glob("*.dll"))
                if managed(path)
            ]
        references = List[MetadataReference]()
        for reference in platforms[folder]:
            references.Add(reference)
        for path in job["references"]:
            references.Add(MetadataReference.CreateFromFile(path))
        parse = CSharpParseOptions(LanguageVersion.CSharp9).WithPreprocessorSymbols(Array[String](job["defines"]))
        trees = List[SyntaxTree]()
        for source in job["sources"]:
            text = SourceText.From(Path(source).read_text(encoding="utf-8"), Encoding.UTF8)
            trees.Add(CSharpSyntaxTree.ParseText(text, parse, source))
        kind = OutputKind.ConsoleApplication if job["exe"] else OutputKind.DynamicallyLinkedLibrary
        options = (
            CSharpCompilationOptions(kind).WithOptimizationLevel(OptimizationLevel.Release).WithDeterministic(True)
        )
        out = Path(job["out"])
        compilation = CSharpCompilation.Create(out.stem, trees, references, options)
        stream = FileStream(str(out), FileMode.Create)
        try:
            found = compilation.Emit(stream).Diagnostics
        finally:
            stream.Dispose()
        bad = False
        for diagnostic in found:
            if diagnostic.Severity >= DiagnosticSeverity.Warning and diagnostic.Id not in IGNORED:
                bad = True
                print(diagnostic.ToString())
        if bad:  # what refers to it would only add noise
            return 1
    return 0


def managed(path: Path) -> bool:
    """Native libraries lie beside the managed ones."""
    from System.Reflection import AssemblyName

    try:
        AssemblyName.GetAssemblyName(str(path))
    except Exception:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
