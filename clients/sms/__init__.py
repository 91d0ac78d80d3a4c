"""Questions and answers by SMS: officers' texts, read and answered in 160 septets; `running.run` is the gateway."""
