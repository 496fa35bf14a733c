"""What is known of models while they serve: predictions, labels, live quality, and what follows from it."""
