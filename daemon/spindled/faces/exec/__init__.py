"""`spindled exec`: one turn in this process, told as lines for people or for programs."""
