"""The console: its pages over HTTP, in a real Chromium, and as an officer who signed in."""
