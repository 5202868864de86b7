"""One module per command of the `realesr` program."""
