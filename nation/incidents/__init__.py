"""Ten years of incidents as institutions publish them, and the truth apart; Python calls `making.make_incidents`."""
