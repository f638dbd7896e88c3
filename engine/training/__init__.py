"""Iterative training: the loop, automatic differentiation and the optimiser."""
