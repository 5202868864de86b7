"""What happens to pictures: operations, recipes that draw them, traces that replay them."""
