"""One connection: envelope, ids, ordering, cancellation, backpressure, the error boundary. Knows no domain."""
