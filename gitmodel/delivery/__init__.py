"""Delivery: gates, promotion, and the rollout that ansible carries out on the hosts of an environment."""
