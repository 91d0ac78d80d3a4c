"""What institutions call: files judged, certificates, confirmations, feeds, figures."""
