"""What else happens to pictures, beyond the papers' recipe: one file for each place it happens.

Put a new operation here; ``docs/degradations.md`` shows how, from the formula to the figure.
"""
