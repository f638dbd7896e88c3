"""Item-based neighbourhood models and linear autoencoders."""
