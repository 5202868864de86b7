"""Running a model over a picture of any size."""
