"""The process that writes the ledger, with the manifests, by which rows are looked at before; entry is `writer`."""
