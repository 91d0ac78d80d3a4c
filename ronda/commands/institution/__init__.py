"""Commands of institutions: files judged, certificates, confirmations, feeds, figures."""
