"""The dossier of one entity, made from its records."""
