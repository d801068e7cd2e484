"""What was said: passphrases per locale, and whether one was spoken."""
