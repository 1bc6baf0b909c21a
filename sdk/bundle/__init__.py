"""The bundle: one folder of graphs, statistics and a manifest that a runtime can trust. See `manifest.py`."""

from sdk.bundle.manifest import DEFAULT_BUNDLE, Bundle, EmotionEvidence, GeneratorInfo, Graph, Manifest, Plan

__all__ = ["DEFAULT_BUNDLE", "Bundle", "EmotionEvidence", "GeneratorInfo", "Graph", "Manifest", "Plan"]
