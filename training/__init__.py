"""Training: data preparation, models, losses, recipes. PyTorch lives here and in `export`, nowhere else."""
