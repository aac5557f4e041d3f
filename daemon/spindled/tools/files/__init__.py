"""Files and pictures that tools read and write."""
