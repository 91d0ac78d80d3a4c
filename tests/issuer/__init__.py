"""The issuer, through its real process and real certificates."""
