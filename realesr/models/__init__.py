"""What repairs pictures: the networks, the catalogue of known weights, and loading."""
