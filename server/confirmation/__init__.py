"""Hits confirmed by the institution that issued them: asked, escalated by the clock, answered, shown in every check."""
