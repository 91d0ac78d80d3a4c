"""Words about vehicles, without the GIL.

For Python: what tests ask.
"""

def vehicle_words(text: str, /) -> dict[str, object] | None:
    """Returns a free text's facts about a vehicle: plate ("P-12?*"), number, model_year, colours, kinds (bits), make,
    words.

    None when the text is refused.
    """
