"""From Asterisk's JSON to our dataclasses: msgspec's errors become ours here and nowhere else."""
