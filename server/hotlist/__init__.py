"""The hot list of cars without a network: made beside the checks, signed, handed out, and its look-ups taken back."""
