"""What users and clients keep about threads, beside the rollouts: sections, projects, attachments, queues, goals."""
