"""What is like these words: embeddings, keyword search, and the index that joins them."""
