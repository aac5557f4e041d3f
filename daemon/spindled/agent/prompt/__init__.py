"""What the model is given around the conversation, and the user's input as it gets it."""
