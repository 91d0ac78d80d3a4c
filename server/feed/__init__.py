"""Changes of registers as their institutions send them: numbered, checked, kept in the ledger, watched for gaps."""
