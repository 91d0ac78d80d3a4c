"""Questions and answers by SMS: an officer's texts read and answered in 160 septets."""
