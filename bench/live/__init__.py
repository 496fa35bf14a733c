"""What it costs a service to keep its predictions."""
