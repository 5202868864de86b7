"""From a heap of pictures to a data set that others can judge, repeat and cite."""
