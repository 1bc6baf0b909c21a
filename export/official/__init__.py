"""Importers of officially published checkpoints: MoMask and MDM as bundles that the runtime serves."""
