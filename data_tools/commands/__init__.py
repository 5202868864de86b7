"""The commands of `realesr-data`, a file each; `wiring` puts them together."""
