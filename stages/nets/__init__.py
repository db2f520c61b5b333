"""The modules behind the parts, one a file. Padding never changes a row's result: every module masks it.

Shapes: B rows in the batch, L positions in its longest row, K characters in the longest token, W numbers, E embedding width,
H width after encoding, C outputs.  `real` [B, L] is True off the padding.
"""

PADDING = 0
