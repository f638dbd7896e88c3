"""Training by steps: the loop, automatic differentiation, the optimiser."""
