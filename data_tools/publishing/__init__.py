"""From a built data set to one on the Hub that others can load, check and cite."""
