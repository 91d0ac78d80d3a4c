"""Names of courts in one form (docs/manifests.md, "Courts")."""

def court_name(text: str) -> str:
    """A court's name folded, without particles, its words in one form, joined by one space; "" when none is left."""

def court_words() -> dict[str, str]:
    """A word and what stands for it; "" = it says nothing."""
