"""What the lessons share: the one style of their figures, predictions, and exercises that answer."""
