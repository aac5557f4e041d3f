"""Skills: where they lie and what their files say."""
