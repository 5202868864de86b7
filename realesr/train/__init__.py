"""Making models: the data, the two stages, the doctor."""
