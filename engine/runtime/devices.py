"""The names of compute devices, without torch."""

#: What a device can be called; torch knows more, such as ``cuda:1``.
DEVICES = ("auto", "cpu", "cuda", "mps")
