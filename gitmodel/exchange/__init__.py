"""Come and go freely: models of GTO and MLflow become versions here; what is here can be had elsewhere."""
