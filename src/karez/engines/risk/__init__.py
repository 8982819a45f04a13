"""What a book may lose: distribution, contagion, stress, provisions, vintages, roll rates."""
