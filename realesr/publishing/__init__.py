"""From a training run or a weights file to a model others trust: facts, card, plan, Space."""
