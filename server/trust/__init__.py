"""Access control: client certificates, officer tokens, policy, allowances; all as files, reloaded without a restart."""

from __future__ import annotations

import warnings

from joserfc.errors import SecurityWarning

# RFC 9864 renames the algorithm; the key and the signature are the same, and issuers go on writing EdDSA for years.
warnings.filterwarnings("ignore", category=SecurityWarning, message="EdDSA is deprecated")
