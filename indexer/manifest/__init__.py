"""Manifests: one TOML file a register says all that Ronda knows of it (docs/manifests.md)."""
