"""The networks: RVQ-VAE, masked and residual transformer, EmotionEmbedder, and the passes that are exported."""
