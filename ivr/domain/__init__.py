"""What a call, a claim, a profile and a verdict are: values and transition tables, no I/O."""
