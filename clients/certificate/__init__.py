"""A clearance certificate: asked for (`asking`), made and signed (`making`), checked by who gets one (`verifying`)."""
