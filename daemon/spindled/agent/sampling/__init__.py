"""One answer of the model: requests, streams, retries, and what followers see of it."""
