"""What comes in as a file: read purely, judged place by place, and handed to `monitoring.recording` only when whole."""
