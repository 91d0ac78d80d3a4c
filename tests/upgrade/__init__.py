"""An earlier release and this one over one data directory, forward and back (docs/operations.md, "Upgrade")."""
