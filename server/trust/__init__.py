"""Who may ask: client certificates, officer tokens, policy, allowances; all as files, reloaded without a restart."""
