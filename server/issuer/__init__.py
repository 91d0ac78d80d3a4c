"""An institution's own issuer (`ronda keys issuer`): who an officer is, where there is no identity provider."""
